"""Names and their addresses in, the text of a container's /etc/hosts out."""

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path

from argolane.errors import ArgolaneError

FILE = "/etc/hosts"
_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?")


def text(hosts: Mapping[str, str], *, container: str, machines: str | None = None) -> str:
    """The machine's lines without these names, and a line for each address with its names."""
    named: dict[str, list[str]] = {}
    for name, address in hosts.items():
        if not _NAME.fullmatch(name):
            raise ArgolaneError(f"Container {container!r}: {name!r} is no name of a host.")
        try:
            ipaddress.ip_address(address)
        except ValueError:
            raise ArgolaneError(
                f"Container {container!r}: the address of host {name!r} is {address!r}; expected an IP "
                "address."
            ) from None
        named.setdefault(address, []).append(name)
    if machines is None:
        path = Path(FILE)
        machines = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    ours = {name.lower() for name in hosts}
    kept = [line for line in (_without(ours, line) for line in machines.splitlines()) if line is not None]
    return "".join(f"{line}\n" for line in [*kept, *(f"{a}\t{' '.join(n)}" for a, n in named.items())])


def _without(names: set[str], line: str) -> str | None:
    address, *others = line.partition("#")[0].split() or [""]
    kept = [name for name in others if name.lower() not in names]
    if len(kept) == len(others):
        return line
    return f"{address}\t{' '.join(kept)}" if kept else None
