"""A message of JSON in, what a class is called with out; what it gave in, the answer's message out.

As the wrapper's own functions read and write them (seldon_core.utils), for the forms of data that are a
request's bread and butter. What is none of these is Unread: the wrapper reads it, or says what is wrong.
"""

import base64
import contextlib
import os
from collections.abc import Iterable
from types import MethodType
from typing import Any, NamedTuple

import numpy as np

from models.runtimes.seldon import any_text


class Unread(Exception):
    """A message that only the wrapper reads."""


class Parts(NamedTuple):
    """What a message holds, as the wrapper tells a class of it."""

    features: Any
    names: Any
    meta: Any


def read(message: Any, *, keeps_text: bool) -> Parts:
    """`keeps_text`: rows with text in them stay as they were sent. Raises Unread."""
    if type(message) is not dict:
        raise Unread
    names: Any = []
    try:
        if "data" in message:
            data = message["data"]
            features = _array(data, keeps_text=keeps_text)
            names = data.get("names", names)
        elif "jsonData" in message:
            features = message["jsonData"]
        elif "strData" in message:
            features = message["strData"]
        else:
            features = base64.b64decode(message["binData"])
    except Exception as error:
        raise Unread from error
    return Parts(features, names, message.get("meta"))


def _array(data: Any, *, keeps_text: bool) -> np.ndarray:
    if ("tensor" in data) == ("ndarray" in data):
        raise Unread
    if "tensor" in data:
        tensor = data["tensor"]
        return _rows(tensor["values"]).reshape(tensor["shape"])
    return _rows(data["ndarray"], keeps_text=keeps_text)


def _rows(rows: Any, *, keeps_text: bool = False) -> np.ndarray:
    if type(rows) is not list:
        raise Unread
    try:
        found = np.array(rows)
        if not keeps_text or found.dtype.kind in "fiub":
            return found
    except ValueError:  # of different lengths
        if not keeps_text:
            raise
    return np.array(rows, dtype=object) if any_text(rows) else np.array(rows)


def written(
    model: Any, request: dict[str, Any], given: Any, meta: Any, *, metrics: Iterable[Any], tags: Any,
    absent: Any,
) -> dict[str, Any]:  # fmt: skip
    """The answer to `request`. `absent`: what methods raise that are not there. Raises as the class does."""
    answer: dict[str, Any] = {}
    if isinstance(given, dict):
        answer["jsonData"] = given
    elif isinstance(given, bytes | bytearray):
        answer["binData"] = base64.b64encode(given).decode()
    elif isinstance(given, str):
        answer["strData"] = given
    else:
        answer["data"] = _data(model, request, given, absent)
    puid = request.get("meta", {}).get("puid")
    answer["meta"] = told(model, meta, puid, metrics=metrics, tags=tags, absent=absent)
    return answer


def told(
    model: Any, meta: Any, puid: Any, *, metrics: Iterable[Any], tags: Any, absent: Any
) -> dict[str, Any]:
    """An answer's meta: that of its request, and what class and container say of themselves."""
    before = meta or {}
    own_tags, own_metrics = before.get("tags", {}), before.get("metrics", [])
    path = {**node(), **before.get("requestPath", {})}
    for more in (optional(model, "tags", absent), tags):
        if more:
            own_tags.update(more)
    if metrics:
        own_metrics.extend(metrics)
    found = {"tags": own_tags, "metrics": own_metrics, "puid": puid, "requestPath": path}
    return {name: value for name, value in found.items() if value}


def node() -> dict[str, str]:
    """What `meta.requestPath` says of this container; nothing outside of a graph."""
    name = os.environ.get("PREDICTIVE_UNIT_ID")
    absent = "NOT_IMPLEMENTED"
    if name in (None, absent):
        return {}
    return {str(name): os.environ.get("PREDICTIVE_UNIT_IMAGE", f"{absent}:{absent}")}


def _data(model: Any, request: dict[str, Any], given: Any, absent: Any) -> dict[str, Any]:
    if not isinstance(given, np.ndarray | list):
        from seldon_core.flask_utils import SeldonMicroserviceException

        raise SeldonMicroserviceException(
            "Unknown data type returned as payload (must be list or np array):" + str(given)
        )
    values = given if isinstance(given, np.ndarray) else np.array(given)
    numeric = np.issubdtype(values.dtype, np.number)
    if numeric and ("data" not in request or "tensor" in request["data"]):
        data: dict[str, Any] = {"tensor": {"values": values.ravel().tolist(), "shape": values.shape}}
    else:
        data = {"ndarray": given if isinstance(given, list) else given.tolist()}
    data["names"] = column_names(model, values, absent)
    return data


def column_names(model: Any, values: np.ndarray, absent: Any) -> Any:
    """Of the columns: what the class calls them."""
    if values.ndim < 2:
        return []
    if hasattr(model, "class_names"):
        if not isinstance(model.class_names, MethodType):
            return model.class_names  # a plain list is taken as well, as it once was the only way
        with contextlib.suppress(absent):
            return model.class_names()
    return [f"t:{column}" for column in range(values.shape[1])]


def optional(model: Any, name: str, absent: Any) -> Any:
    """What a method gives that a class need not have; None without it."""
    if not hasattr(model, name):
        return None
    try:
        return getattr(model, name)()
    except absent:
        return None
