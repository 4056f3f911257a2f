"""Bytes of a SeldonMessage in, what a class is called with out; an array in, an answer's bytes out.

As the wrapper's own functions read and write them (seldon_core.utils), for tables of numbers. Its protobuf is
the one in pure Python: it makes an object of each number, where an array can be had of all at once. What is
no table of numbers is Unread: the wrapper reads it, or says what is wrong.
"""

import math
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from google.protobuf import json_format
from seldon_core.proto import prediction_pb2

from models.runtimes.server.messages import Parts, Unread

TENSOR, NDARRAY = 2, 3  # the fields of DefaultData
_META, _DATA = 2, 3  # those of SeldonMessage
_SIZED = 2  # the type of a field that says its size first
_MOST_BITS = 28  # of a size
# A Value that is a number, in a list: its own tag and size, the number's tag, the number.
_CELL = np.dtype([("head", "<u2"), ("tag", "u1"), ("number", "<f8")])
_HEAD, _TAG = 0x090A, 0x11
_FIRST = b"\x0a\x09\x11"  # the three bytes of these
_LIST = b"\x32"  # the tag of a Value that is a list


class Table(NamedTuple):
    """A request's data: which field of DefaultData they came in, and what a class is told of them."""

    form: int
    parts: Parts


def read(body: bytes) -> Table:
    """Raises Unread."""
    try:
        return _read(memoryview(body))
    except (IndexError, KeyError, ValueError, json_format.Error) as error:
        raise Unread from error


def _read(body: memoryview) -> Table:
    message = _once(body, (_META, _DATA))
    names: list[str] = []
    forms: dict[int, memoryview] = {}
    for number, content in _fields(message[_DATA]):
        if number == 1:
            names.append(str(content, "utf-8"))
        elif forms or number not in (TENSOR, NDARRAY):
            raise Unread
        else:
            forms[number] = content
    ((form, content),) = forms.items()
    features = _tensor(content) if form == TENSOR else _rows(content)
    return Table(form, Parts(features, names, _meta(message.get(_META))))


def _meta(content: memoryview | None) -> Any:
    if not content:
        return {}
    try:
        return json_format.MessageToDict(prediction_pb2.Meta.FromString(bytes(content)))
    except Exception as error:
        raise Unread from error


def _tensor(content: memoryview) -> np.ndarray:
    tensor = _once(content, (1, 2))
    shape, at = [], 0
    while at < len(tensor[1]):
        size, at = _number(tensor[1], at)
        shape.append(size)
    count = math.prod(shape)
    if not shape or not count or len(tensor[2]) != count * 8:
        raise Unread
    # Of bytes of its own, as nobody can write to the wrapper's either.
    return np.frombuffer(bytes(tensor[2]), np.float64).reshape(shape)


def _rows(content: memoryview) -> np.ndarray:
    if content[: len(_FIRST)] == _FIRST:
        return _numbers(content, 0, 1, len(content))[0]
    size, at = _number(content, 1)
    end = at + size
    if content[0] != _FIRST[0] or content[at] != _LIST[0]:
        raise Unread
    length, at = _number(content, at + 1)
    if at + length != end:
        raise Unread
    table = np.frombuffer(content, np.uint8).reshape(
        -1, end
    )  # each row is of this size, or none is read here
    if (table[:, :at] != table[0, :at]).any():
        raise Unread
    return _numbers(content, at, *table.shape)


def _numbers(content: memoryview, at: int, rows: int, size: int) -> np.ndarray:
    """Of so many rows of so many bytes, which begin with `at` others."""
    columns, more = divmod(size - at, _CELL.itemsize)
    if more or not columns:
        raise Unread
    cells: Any = np.ndarray((rows, columns), _CELL, content, at, (size, _CELL.itemsize))
    if (cells["head"] != _HEAD).any() or (cells["tag"] != _TAG).any():
        raise Unread
    found = np.array(cells["number"], np.float64, order="C")
    if not np.isfinite(found).all():  # which JSON has words for, and the wrapper reads as such
        raise Unread
    return found


def writable(given: Any, form: int) -> np.ndarray | None:
    """The array of what a class gave; None where the wrapper has to write it."""
    if not isinstance(given, np.ndarray | list):
        return None
    try:
        found = np.asarray(given)
    except ValueError:
        return None
    plain = found.dtype.kind in "iuf" and found.dtype.itemsize <= 8 and found.size
    if not plain or not 1 <= found.ndim <= (2 if form == NDARRAY else 32):
        return None
    return np.ascontiguousarray(found, np.float64)


def written(values: np.ndarray, form: int, *, names: Iterable[str], meta: bytes) -> bytes:
    """A SeldonMessage. `meta`: bytes of a Meta."""
    if form == TENSOR:
        shape = b"".join(map(_said, values.shape))
        content = _field(1, shape) + _field(2, values.tobytes())
    else:
        content = _listed(values)
    return _field(_META, meta) + _field(_DATA, _named(names) + _field(form, content))


def _named(names: Iterable[str]) -> bytes:
    if isinstance(names, list | tuple) and all(type(name) is str for name in names):
        return _known(tuple(names))
    return bytes(prediction_pb2.DefaultData(names=names).SerializeToString())


@lru_cache(maxsize=64)  # a class calls its columns the same each time
def _known(names: tuple[str, ...]) -> bytes:
    return bytes(prediction_pb2.DefaultData(names=names).SerializeToString())


def _listed(values: np.ndarray) -> bytes:
    cells = np.empty(values.shape, _CELL)
    cells["head"], cells["tag"], cells["number"] = _HEAD, _TAG, values
    if values.ndim == 1:
        return bytes(cells)
    length = values.shape[1] * _CELL.itemsize
    inner = _LIST + _said(length)
    head = _FIRST[:1] + _said(len(inner) + length) + inner
    return b"".join(part for row in cells for part in (head, row.tobytes()))


def _once(body: memoryview, numbers: tuple[int, ...]) -> dict[int, memoryview]:
    """Fields of these numbers, none of them twice, and no others."""
    found: dict[int, memoryview] = {}
    for number, content in _fields(body):
        if number in found or number not in numbers:
            raise Unread
        found[number] = content
    return found


def _fields(body: memoryview) -> Iterator[tuple[int, memoryview]]:
    at = 0
    while at < len(body):
        tag, at = _number(body, at)
        size, at = _number(body, at)
        if tag & 7 != _SIZED or at + size > len(body):
            raise Unread
        yield tag >> 3, body[at : at + size]
        at += size


def _number(body: memoryview, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, and where the next thing stands."""
    found = shift = 0
    while shift <= _MOST_BITS:
        byte = body[at]
        at += 1
        found |= (byte & 0x7F) << shift
        if byte < 0x80:
            return found, at
        shift += 7
    raise Unread


def _said(number: int) -> bytes:
    found = bytearray()
    while number >= 0x80:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def _field(number: int, content: bytes) -> bytes:
    return _said(number << 3 | _SIZED) + _said(len(content)) + content
