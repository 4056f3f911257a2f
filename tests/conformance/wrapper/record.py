"""What the stock wrapper answers, into recorded/: one file a class, requests and answers in the order they were sent.

    PYTHONPATH=. PYTHON=<a unit's runtime environment>/bin/python; python tests/conformance/wrapper/record.py "$PYTHON"

Only a new release of the wrapper, or a new case, is a reason to record again; the difference is to be looked at.
"""

import json
import sys
import tempfile
from pathlib import Path

from wrapper_cases import CASES
from wrapper_wire import RECORDED, ask, request, serving


def main() -> None:
    command = [str(Path(sys.argv[1]).with_name("seldon-core-microservice"))]
    count = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in sys.argv[2:] or CASES:
            with serving(command, name, Path(folder) / "log") as ports:
                kept = [
                    {"name": each.name, "request": request(each), "answer": ask(each, ports)}
                    for each in CASES[name]
                ]
            (RECORDED / f"{name}.json").write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
            count += len(kept)
    print(f"{count} answers in {RECORDED}")


if __name__ == "__main__":
    main()
