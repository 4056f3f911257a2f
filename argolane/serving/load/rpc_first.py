"""A request in, nothing out if a deployment answers it over gRPC: `first`, in a process of its own.

A process that has used gRPC cannot fork, and the client's are forks of this one.
"""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from argolane.errors import ArgolaneError
from argolane.serving import rpc_client
from argolane.serving.load.address import Address


def check_first(address: Address, body: dict[str, Any], *, timeout: float) -> None:
    """ArgolaneError, with the deployment's own words, unless the call is answered."""
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as apart:
        why = apart.submit(_asked, address.url, body, timeout).result()
    if why:
        raise ArgolaneError(f"{why.rstrip('.')}. No load was sent.")


def _asked(url: str, body: dict[str, Any], timeout: float) -> str:
    try:
        rpc_client.predict(url, body, timeout=timeout)
    except ArgolaneError as error:
        return str(error)
    return ""
