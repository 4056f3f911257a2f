"""What the stock wrapper answers over gRPC, into recorded-grpc/: one file a class, as record.py has it of REST.

    PYTHONPATH=.:tests/conformance/wrapper python tests/conformance/wrapper/record_rpc.py "$PYTHON" [CLASS...]

PYTHON is that of a unit's runtime environment. Each class is asked twice, by a new server: what is kept is said
every time.
"""

import json
import sys
import tempfile
from pathlib import Path

from wrapper_rpc_cases import CALLS
from wrapper_rpc_wire import RECORDED, ask, difference, request, serving

STOCK = "seldon_core.microservice"


def main() -> None:
    python, names = Path(sys.argv[1]), sys.argv[2:] or CALLS
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            twice = []
            for _ in range(2):
                with serving(python, STOCK, name, Path(folder) / "log") as ports:
                    twice.append([ask(each, ports) for each in CALLS[name]])
            for call, first, second in zip(CALLS[name], *twice, strict=True):
                if other := difference(first, second):
                    raise SystemExit(f"{name}, {call.name}: {other}, at another time")
            kept = [
                {"name": call.name, "request": request(call), "answer": answer}
                for call, answer in zip(CALLS[name], twice[0], strict=True)
            ]
            (RECORDED / f"{name}.json").write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
            print(f"{name}: {len(kept)} answers")


if __name__ == "__main__":
    main()
