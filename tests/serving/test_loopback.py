"""What a Python in a deployment's container listens at, whatever it asks for."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from argolane.serving import loopback

LISTEN = """
import socket, sys
host, family, dual = sys.argv[1], getattr(socket, sys.argv[2]), sys.argv[3] == "dual"
with socket.create_server((host, 0), family=family, dualstack_ipv6=dual) as server:
    found, port = server.getsockname()[:2]
    socket.create_connection(("127.0.0.1" if dual else found, port)).close()
    print(found)
"""


def python(code: str, *arguments: str, **env: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=loopback.environment({**os.environ, **env}), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return ran.stdout.strip()


@pytest.mark.parametrize(
    ("asked", "family", "stack", "found"),
    [
        ("0.0.0.0", "AF_INET", "one", "127.0.0.1"),
        ("", "AF_INET", "one", "127.0.0.1"),
        ("127.0.0.1", "AF_INET", "one", "127.0.0.1"),
        ("::", "AF_INET6", "one", "::1"),
        ("::", "AF_INET6", "dual", "::ffff:127.0.0.1"),
    ],
)
def test_all_addresses_are_this_machines_own(asked: str, family: str, stack: str, found: str) -> None:
    """A server that asks for every address listens on loopback, and is reached there."""
    try:
        assert python(LISTEN, asked, family, stack) == found
    except subprocess.CalledProcessError as error:
        if "AF_INET6" in family and "Address family not supported" in error.stderr:
            pytest.skip("this machine has no IPv6")
        raise AssertionError(error.stderr) from None


def test_datagrams_may_go_out() -> None:
    """A UDP socket serves no model: one that asks for any address, as a look-up of names does, has it."""
    code = "import socket as s; u = s.socket(type=s.SOCK_DGRAM); u.bind(('', 0)); print(u.getsockname()[0])"
    assert python(code) == "0.0.0.0"


def test_an_images_own_start_up_is_kept(tmp_path: Path) -> None:
    """A sitecustomize of the image's is imported as well, and its PYTHONPATH stays."""
    (tmp_path / "sitecustomize.py").write_text("seen = 'the image'")
    assert python("import sitecustomize; print(sitecustomize.seen)", PYTHONPATH=str(tmp_path)) == "the image"
