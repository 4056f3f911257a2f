"""A private site for the cluster: a registry, a package index and a Git server that all ask for a login.

They listen on the address of the lab's own registry, for pods must reach them, and end with the test. Nothing
is theirs: the index passes on what pip's own index has, the Git server serves what `lab publish` published.
"""

import base64
import re
import ssl
import subprocess
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import create_server

from lab import Lab

USER, PASSWORD = "builder", "s3cret"
LOGIN = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
# What `htpasswd -nbB` makes of the two.
HASHED = "builder:$2b$05$Ba.Ojb0RJ2I7B7E3L/GkQehrqmfUdDe3jxcFfpr5LUzvH/prV8nQm"


@dataclass
class Site:
    """Addresses for parameters, and how often each server was asked for with the login."""

    host: str
    registry: str = ""
    index: str = ""
    git: str = ""
    asked: dict[str, int] = field(default_factory=lambda: {"index": 0, "git": 0})


@contextmanager
def site(lab: Lab, folder: Path) -> Iterator[Site]:
    home, host = Path(lab.environment["KUBECONFIG"]).parent, lab.environment["LAB_REGISTRY"].split(":")[0]
    made = Site(host)
    certificate, key = home / "pki/registry.crt", home / "pki/registry.key"
    with ExitStack() as stack:
        address = stack.enter_context(registry(folder, host, certificate, key, home / "etc/certs.d"))
        made.registry = f"{address}/argolane"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        port = stack.enter_context(server(host, "index", pass_on, made, context))
        made.index = f"https://{USER}:{PASSWORD}@{host}:{port}/simple"
        port = stack.enter_context(server(host, "git", lambda ask: backend(ask, home / "data/git"), made))
        made.git = f"http://{host}:{port}"
        yield made


@contextmanager
def registry(folder: Path, host: str, certificate: Path, key: Path, trusted: Path) -> Iterator[str]:
    """Docker's registry with a password file; the node's runtime is told to trust its certificate."""
    with create_server((host, 0)) as free:
        address = f"{host}:{free.getsockname()[1]}"
    (folder / "htpasswd").write_text(HASHED + "\n")
    (folder / "registry.yaml").write_text(
        f"version: 0.1\n"
        f"log: {{level: warn}}\n"
        f"storage: {{filesystem: {{rootdirectory: {folder}/images}}}}\n"
        f"http: {{addr: '{address}', tls: {{certificate: {certificate}, key: {key}}}}}\n"
        f"auth: {{htpasswd: {{realm: site, path: {folder}/htpasswd}}}}\n"
    )
    trust = trusted / address / "hosts.toml"
    trust.parent.mkdir()
    authority = certificate.with_name("ca.crt")
    trust.write_text(
        f'[host."https://{address}"]\n  capabilities = ["pull", "resolve"]\n  ca = "{authority}"\n'
    )
    with (folder / "registry.log").open("w") as log:
        command = ["docker-registry", "serve", str(folder / "registry.yaml")]
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            yield address
        finally:
            process.terminate()
            process.wait(10)
            trust.unlink()
            trust.parent.rmdir()


@contextmanager
def server(
    host: str,
    name: str,
    answer: Callable[[BaseHTTPRequestHandler], None],
    made: Site,
    context: ssl.SSLContext | None = None,
) -> Iterator[int]:
    """The port of a server that asks for the login, counts who has it, and then answers."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"  # an answer ends with its connection

        def do_GET(self) -> None:
            if self.headers.get("Authorization") != LOGIN:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="site"')
                self.end_headers()
                return
            made.asked[name] += 1
            answer(self)

        do_POST = do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Not into the test's output."""

    listening = ThreadingHTTPServer((host, 0), Handler)
    if context:
        listening.socket = context.wrap_socket(
            listening.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    try:
        yield listening.server_address[1]
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


def upstream() -> str:
    """The address of pip's own index."""
    from pip._internal.models.index import PyPI

    return str(PyPI.simple_url)


def pass_on(ask: BaseHTTPRequestHandler) -> None:
    """A page of the index with its links turned to this server, or a file that such a link names."""
    if ask.path.startswith("/files/"):
        file = urllib.request.Request("https://" + ask.path.removeprefix("/files/"), method=ask.command)
        with urllib.request.urlopen(file) as response:
            ask.send_response(200)
            ask.send_header("Content-Length", response.headers["Content-Length"])
            ask.end_headers()
            while block := response.read(1 << 20):
                ask.wfile.write(block)
        return
    with urllib.request.urlopen(upstream() + ask.path.removeprefix("/simple")) as response:
        page = re.sub(rb'href="https://', b'href="/files/', response.read())
    ask.send_response(200)
    ask.send_header("Content-Type", "text/html")
    ask.send_header("Content-Length", str(len(page)))
    ask.end_headers()
    ask.wfile.write(page)


def backend(ask: BaseHTTPRequestHandler, repositories: Path) -> None:
    """Git's own server program."""
    path, _, query = ask.path.partition("?")
    body = ask.rfile.read(int(ask.headers.get("Content-Length") or 0))
    environment = {
        "GIT_PROJECT_ROOT": str(repositories),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "REQUEST_METHOD": ask.command,
        "CONTENT_TYPE": ask.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_CONTENT_ENCODING": ask.headers.get("Content-Encoding", ""),
        "GIT_PROTOCOL": ask.headers.get("Git-Protocol", ""),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
    }
    done = subprocess.run(
        ["git", "http-backend"], input=body, capture_output=True, check=True, env=environment
    )
    head, _, content = done.stdout.partition(b"\r\n\r\n")
    fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
    ask.send_response(int(fields.pop("Status", "200").split()[0]))
    for name, value in fields.items():
        ask.send_header(name, value)
    ask.end_headers()
    ask.wfile.write(content)
