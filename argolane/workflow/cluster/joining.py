"""Labels and modules of ours on stdin in, what became of the labels out: the program of the pod of `labels`.

Standard library only. One line of JSON comes, and one goes: what `late.join` has found, or an error.
"""

import json
import sys
import tempfile
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HEADERS = {"Content-Type": "application/json"}


def main(asked: Mapping[str, Any]) -> dict[str, Any]:
    folder = Path(tempfile.mkdtemp())
    for name, text in asked["modules"].items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    sys.path.insert(0, str(folder))
    from argolane.errors import ArgolaneError
    from argolane.serving.late import join

    labels = folder / asked["name"]
    labels.write_text(asked["labels"], encoding="utf-8")
    # An address inside the cluster is never a proxy's business.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def send(feedback: Mapping[str, Any]) -> None:
        body = json.dumps(feedback).encode()
        request = urllib.request.Request(asked["url"], body, HEADERS)  # noqa: S310  of status.address.url
        try:
            opener.open(request, timeout=20).close()
        except OSError as error:  # urllib's are, too
            raise ArgolaneError(
                f"{asked['url']}: {error}. Give the labels again: what was told stays so."
            ) from None

    found = Path(asked["volume"]).glob(f".observations/{asked['deployment']}/*.sqlite")
    files = sorted(found, key=lambda file: file.stat().st_mtime)
    if not files:
        return {"none": True}
    try:
        told = join(labels, files, send)
    except ArgolaneError as error:
        return {"error": str(error)}
    return {"joined": {"counted": told.counted, "known": told.known, "refused": told.refused}}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(json.loads(sys.stdin.readline()))) + "\n")
