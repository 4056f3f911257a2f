"""The way a scikit-learn model is usually served: pickled, and loaded by a class of its own.

`python -m bench.stock_model FILE` fits the model of models/sk_mnist and pickles it; under the wrapper, Model
loads $MODEL_FILE. Both run in the environment of bench/stock.lock.
"""

import os
import pickle
import sys
from pathlib import Path
from types import SimpleNamespace


class Model:
    def load(self) -> None:
        self.model = pickle.loads(Path(os.environ["MODEL_FILE"]).read_bytes())  # noqa: S301 - our own

    def predict(self, rows, names, meta=None):
        return self.model.predict_proba(rows)


def main() -> None:
    from models.contract.spec import MODELS, read
    from models.data import mnist
    from models.sk_mnist.train import build, train

    params = SimpleNamespace(**{name: p.value for name, p in read(MODELS / "sk_mnist").params.items()})
    data = mnist.load("auto", cache=Path(os.environ["DATA_DIR"]))
    model = build(params)
    train(model, data, epochs=params.epochs)
    Path(sys.argv[1]).write_bytes(pickle.dumps(model))


if __name__ == "__main__":
    main()
