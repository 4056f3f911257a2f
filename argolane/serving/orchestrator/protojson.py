"""JSON text in, a checked Seldon message out: strict as the executor's reader of protobuf JSON is.

The executor reads only two things, a router's answer and the routing of a feedback, and takes neither if
anything in the whole body is not as in the protobuf schema: an unknown field, a 1.5 for an int32.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

Reader = Callable[[Any], Any]
_NUMBER = re.compile(r"-?\d+")
_INT32_END = 2**31
_FLOAT32_MOST = (2 - 2**-23) * 2.0**127


class Mismatch(ValueError):
    """The JSON is no such message."""


class OutOfRange(Mismatch):
    """A number that its field cannot hold."""


class Whole(int):
    """A number that stood without point and exponent."""


def feedback(body: bytes) -> dict[str, Any]:
    """seldon.protos.Feedback; raises ValueError."""
    return _message(_FEEDBACK)(_load(body))  # type: ignore[no-any-return]


def seldon_message(body: bytes) -> dict[str, Any]:
    """seldon.protos.SeldonMessage; raises ValueError."""
    return _message(_SELDON_MESSAGE)(_load(body))  # type: ignore[no-any-return]


def _load(body: bytes) -> Any:
    text = body.decode("utf-8", "replace").lstrip(" \t\r\n")
    try:
        return json.JSONDecoder(parse_int=Whole, parse_constant=_refuse).raw_decode(text)[0]
    except RecursionError as error:
        raise Mismatch("nested too deep") from error


def _refuse(name: str) -> NoReturn:
    raise Mismatch(f"{name} is not JSON")


def _message(fields: Mapping[str, Reader]) -> Reader:
    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Mismatch(f"{value!r} is no object")
        found: dict[str, Any] = {}
        for key, item in value.items():
            name: str = _CAMEL.get(key, key)
            if name not in fields:
                raise Mismatch(f"unknown field {key!r}")
            if item is not None:
                found[name] = fields[name](item)
        return found

    return read


def _list(item: Reader) -> Reader:
    def read(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise Mismatch(f"{value!r} is no list")
        return [item(each) for each in value]

    return read


def _map(item: Reader) -> Reader:
    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Mismatch(f"{value!r} is no object")
        return {key: item(each) for key, each in value.items()}

    return read


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Mismatch(f"{value!r} is no text")
    return value


def _int32(value: Any) -> int:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = Whole(value)
    if not isinstance(value, Whole):
        raise Mismatch(f"{value!r} is no int32")
    if not -_INT32_END <= value < _INT32_END:
        raise OutOfRange(f"{int(value)} is no int32")
    return int(value)


def _float(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Mismatch(f"{value!r} is no number")
    return float(value)


def _reward(value: Any) -> float:
    number = _float(value)
    if abs(number) > _FLOAT32_MOST:
        raise OutOfRange(f"{value!r} is no 32-bit number")
    return number


def _enum(*names: str) -> Reader:
    def read(value: Any) -> Any:
        if value in names or isinstance(value, Whole):
            return value
        raise Mismatch(f"{value!r} is none of {', '.join(names)}")

    return read


def _any(value: Any) -> Any:
    return value


_STATUS: Mapping[str, Reader] = {
    "code": _int32, "info": _text, "reason": _text, "status": _enum("SUCCESS", "FAILURE"),
}  # fmt: skip
_METRIC: Mapping[str, Reader] = {
    "key": _text, "type": _enum("COUNTER", "GAUGE", "TIMER"), "value": _float, "tags": _map(_text),
}  # fmt: skip
_META: Mapping[str, Reader] = {
    "puid": _text, "tags": _map(_any), "routing": _map(_int32), "requestPath": _map(_text),
    "metrics": _list(_message(_METRIC)),
}  # fmt: skip
_TENSOR: Mapping[str, Reader] = {"shape": _list(_int32), "values": _list(_float)}
_DATA: Mapping[str, Reader] = {
    "names": _list(_text), "tensor": _message(_TENSOR), "ndarray": _list(_any), "tftensor": _map(_any),
}  # fmt: skip
_SELDON_MESSAGE: Mapping[str, Reader] = {
    "status": _message(_STATUS), "meta": _message(_META), "data": _message(_DATA), "binData": _text,
    "strData": _text, "jsonData": _any, "customData": _map(_any),
}  # fmt: skip
_FEEDBACK: Mapping[str, Reader] = {
    "request": _message(_SELDON_MESSAGE), "response": _message(_SELDON_MESSAGE), "reward": _reward,
    "truth": _message(_SELDON_MESSAGE),
}  # fmt: skip
# The reader takes the fields' names of the .proto file, too.
_CAMEL: Mapping[str, str] = {
    "request_path": "requestPath", "bin_data": "binData", "str_data": "strData", "json_data": "jsonData",
    "custom_data": "customData",
}  # fmt: skip
