"""A version of wine in, two folders for MLFLOW_SERVER out: `onnx` as it is, `sklearn` without the graph.

`python -m bench.wine_models STORE` in the trainer's environment; STORE has the version `wine/bench`.
"""

import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

from models.contract.version import load
from models.data import wine
from models.wine.estimators import build
from models.wine.flavours import ONNX, write
from models.wine.report import frame


def main(store: Path) -> None:
    folder = store / "wine" / "bench"
    version, data = load(folder), wine.load(cache=store / ".data")
    model = build(SimpleNamespace(**version.params)).fit(frame(data.x_train), data.y_train)
    about = {"artifact_path": "model", "metadata": {}}
    write(store / "onnx", about, model=model, version=version, folder=folder, data=data)
    shutil.copytree(store / "onnx", store / "sklearn")
    (store / "sklearn" / ONNX).unlink()
    # The numpy that it was written with is newer than the server's; of a forest it reads both.
    (store / "sklearn" / "requirements.txt").write_text("")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
