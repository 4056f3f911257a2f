"""A wildcard address to listen at in, loopback out: what each Python in a container imports first of all.

The same for gRPC's servers, which are none of Python's own.

And a form's field of any size, in Seldon's wrapper: it was made for a Werkzeug without a bound, and is run
with one that has a bound of 500 kB where its dependencies are newer than itself.

Seldon's wrapper listens at 0.0.0.0, and neither a flag nor a variable says otherwise. That is right in a pod;
on a laptop it would open the models and their metrics to every network that the laptop is in.
"""

import importlib.machinery
import importlib.util
import socket
import sys
from pathlib import Path
from typing import Any

_bind = socket.socket.bind


def bind(self, address):  # type: ignore[no-untyped-def]
    """As `socket.bind`, but a TCP server that asks for all addresses gets this machine's own alone."""
    if self.type == socket.SOCK_STREAM and self.family == socket.AF_INET and address[0] in ("", "0.0.0.0"):  # noqa: S104
        address = ("127.0.0.1", *address[1:])
    elif self.type == socket.SOCK_STREAM and self.family == socket.AF_INET6 and address[0] in ("", "::"):
        alone = self.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
        # One that speaks IPv4 as well is asked by that.
        address = ("::1" if alone else "::ffff:127.0.0.1", *address[1:])
    return _bind(self, address)


def _unbound(module):  # type: ignore[no-untyped-def]
    """Flask's bound of a form's field is set aside."""
    flask: Any = getattr(module, "Flask", None)
    known: Any = getattr(flask, "default_config", {})
    if "MAX_FORM_MEMORY_SIZE" in known:
        flask.default_config = type(known)({**known, "MAX_FORM_MEMORY_SIZE": None})


def _loopback(server: str):  # type: ignore[no-untyped-def]
    """What makes a gRPC server listen at this machine's own address alone, where it asks for all."""

    def mend(module):  # type: ignore[no-untyped-def]
        kind = getattr(module, server, None)
        add = getattr(kind, "add_insecure_port", None)
        if kind is None or add is None:
            return

        def add_insecure_port(self, address):  # type: ignore[no-untyped-def]
            host, _, port = str(address).rpartition(":")
            return add(self, f"127.0.0.1:{port}" if host in ("", "0.0.0.0", "[::]") else address)  # noqa: S104

        kind.add_insecure_port = add_insecure_port

    return mend


class _Mend:
    """Finds a module like others, and mends it once it has been imported."""

    def __init__(self, name, mend):  # type: ignore[no-untyped-def]
        self.name, self.mend = name, mend

    def find_spec(self, name, path=None, target=None):  # type: ignore[no-untyped-def]
        if name != self.name:
            return None
        sys.meta_path.remove(self)
        found = importlib.machinery.PathFinder.find_spec(name, path, target)
        if found is not None and found.loader is not None:
            execute = found.loader.exec_module

            def exec_module(module):  # type: ignore[no-untyped-def]
                execute(module)
                self.mend(module)

            found.loader.exec_module = exec_module  # type: ignore[method-assign]
        return found


def _hand_on():  # type: ignore[no-untyped-def]
    """The module of this name that would have been imported if this one were not in front of it."""
    here = Path(__file__).resolve().parent
    others = [folder for folder in sys.path if Path(folder).resolve() != here]
    found = importlib.machinery.PathFinder.find_spec(__name__, others)
    if found is not None and found.loader is not None:
        module = importlib.util.module_from_spec(found)
        sys.modules[__name__] = module
        found.loader.exec_module(module)


for _name, _cure in (
    ("seldon_core.wrapper", _unbound),
    ("grpc._server", _loopback("_Server")),
    ("grpc.aio._server", _loopback("Server")),
):
    sys.meta_path.insert(0, _Mend(_name, _cure))  # type: ignore[no-untyped-call]
socket.socket.bind = bind  # type: ignore[method-assign]
_hand_on()  # type: ignore[no-untyped-call]
