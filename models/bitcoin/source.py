"""A data set's name or an address in, its days out: a raw CSV, or the shards that `transform` has written."""

import io
import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TextIO

from models.bitcoin import storage
from models.contract.errors import ModelError
from models.data import bitcoin
from models.data.bitcoin import BadRow, Day, Prices


def load(dataset: str, *, url: str = "", digest: str = "", cache: Path, say: TextIO | None = None) -> Prices:
    """The days, in their order. A `url` that ends in `/` is a folder of shards. Raises ModelError."""
    if url.endswith("/"):
        return shards(url)
    name, content = bitcoin.raw(dataset, cache=cache, url=url, digest=digest)
    found = bitcoin.read(content, name)
    for line in found.bad:
        print(f"left out: {line}", file=say, flush=True)
    return found


def shards(folder: str) -> Prices:
    """All days of all shards: they interleave days, so what they say is put in order here."""
    there = storage.names(folder)
    names = [name for name in there if name.endswith(tuple(_READERS)) and name[:1] not in "._"]
    if not names or storage.DONE not in there:
        raise ModelError(
            f"{folder} has no {' or '.join(_READERS)} with a {storage.DONE}."
            " Has transform been run, to its end?"
        )
    days: list[Day] = []
    for name in sorted(names):
        read = _READERS[name[name.rfind(".") :]]
        days += read(storage.read(folder + name), folder + name)
    days.sort()
    for one, other in pairwise(days):
        if one.date == other.date:
            raise ModelError(f"{folder}: {one.date} is there twice; the shards are not of one transform.")
    expected = json.loads(storage.read(folder + storage.DONE))["rows"]
    if len(days) != expected:
        raise ModelError(f"{folder}: {len(days)} days; expected the {expected} that transform has written.")
    return Prices(names[0].rsplit("-", 3)[0], tuple(days))


def _csv(content: bytes, where: str) -> list[Day]:
    found = bitcoin.read(content, where)
    if found.bad:
        raise ModelError(f"{where}: {found.bad[0]} It is not what transform writes.")
    return list(found.days)


def _parquet(content: bytes, where: str) -> list[Day]:
    from pyarrow import ArrowInvalid, parquet

    try:
        table = parquet.read_table(io.BytesIO(content), columns=list(bitcoin.COLUMNS)).to_pylist()
        return [bitcoin.day({name: str(value) for name, value in row.items()}) for row in table]
    except (ArrowInvalid, KeyError, BadRow) as error:
        raise ModelError(f"{where}: not what transform writes ({error}).") from None


_READERS: dict[str, Callable[[bytes, str], list[Day]]] = {".csv": _csv, ".parquet": _parquet}
