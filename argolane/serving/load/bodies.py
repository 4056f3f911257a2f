"""A file in, the requests that a load test sends in turn out; or that of a deployment's own unit."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from argolane.containers.images import folder_of
from argolane.errors import ArgolaneError
from argolane.project import Project
from argolane.serving import client, rpc_client
from argolane.serving.batch.csv_table import csv_table
from argolane.serving.graph_nodes import Node
from argolane.serving.lineage import describe

MOST, MOST_BYTES = 10_000, 1 << 26
REQUEST = "request.json"
_HAND_ON = ("ROUTER", "COMBINER")


def requests(path: Path) -> list[dict[str, Any]]:
    """Of a .json file its request, of a .jsonl file that of each line, of a .csv file one of each row.

    ArgolaneError with the place of what is wrong, and where they are too many to be kept at hand.
    """
    if path.suffix == ".csv":
        table = csv_table(path)
        asked: Iterator[dict[str, Any]] = (
            {"data": {"names": table.names, "ndarray": [row]}} for _, row in table.read()
        )
    elif path.suffix == ".jsonl":
        asked = _lines(path)
    else:
        return [client.read_request(path)]
    found, size = [], 0
    for one in asked:
        found.append(one)
        size += len(json.dumps(one))
        if len(found) > MOST or size > MOST_BYTES:
            raise ArgolaneError(
                f"{path}: a load test sends at most {MOST:,} requests, and {MOST_BYTES >> 20} MB of them, in "
                "turn. Take a part of the file."
            )
    return found


def messages(path: Path, asked: Sequence[dict[str, Any]]) -> list[bytes]:
    """The requests of a file as gRPC sends them; ArgolaneError with the place of one that is no message."""
    counted = {".csv": "row", ".jsonl": "line"}.get(path.suffix)
    found = []
    for number, body in enumerate(asked, 1):
        try:
            found.append(rpc_client.written(body))
        except ArgolaneError as error:
            raise ArgolaneError(f"{path}: {f'{counted} {number}: ' if counted else ''}{error}") from None
    return found


def own_request(project: Project, deployment: dict[str, Any]) -> Path:
    """The request.json beside the code of a node of its graph, the first that has one; ArgolaneError without.

    Routers and combiners have none: they hand on what others take.
    """
    images = describe(deployment)["images"]
    graph = deployment["spec"]["predictors"][0]["graph"]
    for node in Node.of(graph).walk():
        image = images.get(node.name, "") if node.type not in _HAND_ON else ""
        folder = folder_of(project, image) if image else None
        if folder and (folder / REQUEST).is_file():
            return folder / REQUEST
    raise ArgolaneError(
        f"Deployment {deployment['metadata']['name']!r}: no image of its graph is of a folder with "
        f"{REQUEST}. Say what to ask with --request FILE."
    )


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with path.open(encoding="utf-8") as file:
            number = 0
            for number, line in enumerate(file, 1):
                where = f"{path}: line {number}: "
                try:
                    body = json.loads(line)
                except ValueError as error:
                    raise ArgolaneError(f"{where}not JSON: {error}.") from None
                client.check(body, where=where)
                yield body
    except OSError as error:
        raise ArgolaneError(f"{path}: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise ArgolaneError(f"{path}: not UTF-8 text.") from None
    if not number:
        raise ArgolaneError(f"{path}: there is no request in it.")
