"""Bytes of a message in, the answer's bytes out: a class called as by the wrapper, for tables of numbers.

`rpc_messages` reads and writes them. All else is the wrapper's own functions'.
"""

import marshal
from functools import lru_cache
from typing import Any

from google.protobuf import json_format
from seldon_core import utils
from seldon_core.proto import prediction_pb2

from models.runtimes.server.messages import column_names, told
from models.runtimes.server.methods import TAGS, Methods, not_implemented, whole
from models.runtimes.server.rpc_messages import Table, read, writable, written

_PLAIN = {str, int, float, bool, type(None)}
_ROLES = {"Predict": "predict", "TransformInput": "transform_input", "TransformOutput": "transform_output"}


class RpcMethods:
    """What a class answers to tables of numbers."""

    def __init__(self, model: Any, metrics: Any) -> None:
        self._model = model
        self._methods = Methods(model, lambda: metrics, keeps_text=False)
        self.roles = {method: role for method, role in _ROLES.items() if not whole(model, role)}
        """By the name of a gRPC method: those that it answers."""

    def answer(self, role: str, body: bytes) -> bytes:
        """Raises Unread before the class is called, later on what the class raises."""
        table = read(body)
        data, metrics, tags = self._methods.called(role, table.parts)
        counted = self._methods.counted(TAGS.get(role, role), metrics)
        values = writable(data, table.form)
        if values is None:
            return self._otherwise(body, table, data, counted, tags)
        meta = told(self._model, table.parts.meta, table.parts.meta.get("puid"),
                    metrics=counted, tags=tags, absent=not_implemented())  # fmt: skip
        names = column_names(self._model, values, not_implemented())
        return written(values, table.form, names=names, meta=_meta(meta))

    def _otherwise(self, body: bytes, table: Table, data: Any, counted: Any, tags: Any) -> bytes:
        request = prediction_pb2.SeldonMessage.FromString(body)
        answer = utils.construct_response(self._model, False, request, data, table.parts.meta, counted, tags)
        return bytes(answer.SerializeToString())


def _meta(said: dict[str, Any]) -> bytes:
    # Types and all, as 1 and True are the same to a dict but not to protobuf.
    return _known(marshal.dumps(said, 2)) if _plain(said) else _bytes(said)


def _plain(said: Any) -> bool:
    """Whether marshal reads what it wrote: of a number of numpy's it makes bytes."""
    kind = type(said)
    if kind is dict:
        return all(type(name) is str and _plain(value) for name, value in said.items())
    return all(map(_plain, said)) if kind is list else kind in _PLAIN


@lru_cache(maxsize=64)  # most requests have the same: the version, the node
def _known(dumped: bytes) -> bytes:
    return _bytes(marshal.loads(dumped))  # noqa: S302 - written two lines above


def _bytes(said: dict[str, Any]) -> bytes:
    return bytes(json_format.ParseDict(said, prediction_pb2.Meta()).SerializeToString())
