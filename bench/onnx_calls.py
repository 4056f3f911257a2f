"""ONNX Runtime asked in its own process, with nothing before it: the most that a server can reach.

`python -m bench.onnx_calls REQUEST SECONDS`, in the environment of the runtime, prints calls a second and the
latencies as JSON. The rows are made once; the model is loaded as the runtime loads it, from $MODEL_DIR.
"""

import json
import statistics
import sys
import time
from pathlib import Path


def main() -> None:
    import numpy as np

    from models.sk_mnist.predict import Model

    model = Model()
    model.load()
    rows = np.asarray(json.loads(Path(sys.argv[1]).read_text())["data"]["ndarray"], np.float32)
    taken = []
    end = time.perf_counter() + float(sys.argv[2])
    while (start := time.perf_counter()) < end:
        model._session.run([model._output], {model._input: rows})
        taken.append(time.perf_counter() - start)
    cuts = statistics.quantiles(taken, n=100)
    print(json.dumps({"rate": len(taken) / sum(taken), "p50": cuts[49] * 1e3, "p99": cuts[98] * 1e3}))


if __name__ == "__main__":
    main()
