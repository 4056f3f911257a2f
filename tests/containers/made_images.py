"""Images made here, without Docker: layers of given entries, and a registry that serves them over HTTP."""

import base64
import contextlib
import gzip
import hashlib
import http.server
import io
import json
import platform
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backports import zstd

_OCI = "application/vnd.oci.image"
MACHINE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


def entry(name: str, content: bytes | str = b"", **fields: Any) -> tuple[tarfile.TarInfo, bytes]:
    """A file; with `type` and `linkname` whatever tar knows."""
    data = content.encode() if isinstance(content, str) else content
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = len(data), 0o644, 1_700_000_000
    for key, value in fields.items():
        setattr(info, key, value)
    return info, data


def folder(name: str, **fields: Any) -> tuple[tarfile.TarInfo, bytes]:
    return entry(name, type=tarfile.DIRTYPE, **{"mode": 0o755, **fields})


def link(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    return entry(name, type=tarfile.SYMTYPE, linkname=target)


def hard_link(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    return entry(name, type=tarfile.LNKTYPE, linkname=target)


def tar(entries: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info, data in entries:
            archive.addfile(info, io.BytesIO(data))
    return made.getvalue()


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def programs(*names: str) -> list[tuple[tarfile.TarInfo, bytes]]:
    """Programs of this machine, with their libraries, as the entries of a layer: bin/NAME."""
    found: dict[str, bytes] = {}
    for name in names:
        path = shutil.which(name)
        assert path, f"no {name} on this machine"
        found[f"bin/{name}"] = Path(path).read_bytes()
        said = subprocess.run(["ldd", path], capture_output=True, text=True, check=False).stdout
        for word in said.split():
            if word.startswith("/"):
                found[word.lstrip("/")] = Path(word).read_bytes()
    return [entry(place, content, mode=0o755) for place, content in found.items()]


@dataclass
class Made:
    """An image's parts by digest; `manifest` is the digest of what its tag is."""

    manifest: str
    blobs: dict[str, bytes] = field(default_factory=dict)


def image(
    *layers: bytes, compression: str = "gzip", index: bool = False, architecture: str = MACHINE, **config: Any
) -> Made:
    """`layers` are tars; `config` is what Docker calls Config."""
    made = Made("")

    def add(content: bytes, kind: str) -> dict[str, Any]:
        made.blobs[digest(content)] = content
        return {"mediaType": kind, "digest": digest(content), "size": len(content)}

    pack = {"gzip": lambda data: gzip.compress(data, 1), "zstd": zstd.compress, "none": bytes}[compression]
    suffix = "" if compression == "none" else f"+{compression}"
    stored = [add(pack(layer), f"{_OCI}.layer.v1.tar{suffix}") for layer in layers]
    document = {
        "architecture": architecture,
        "os": "linux",
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": [digest(layer) for layer in layers]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{_OCI}.manifest.v1+json",
        "config": add(json.dumps(document).encode(), f"{_OCI}.config.v1+json"),
        "layers": stored,
    }
    whole = add(json.dumps(manifest).encode(), f"{_OCI}.manifest.v1+json")
    if index:
        other = {**whole, "digest": digest(b""), "platform": {"os": "linux", "architecture": "s390x"}}
        own = {**whole, "platform": {"os": "linux", "architecture": architecture}}
        document = {"schemaVersion": 2, "mediaType": f"{_OCI}.index.v1+json", "manifests": [other, own]}
        whole = add(json.dumps(document).encode(), f"{_OCI}.index.v1+json")
    made.manifest = whole["digest"]
    return made


class Registry(http.server.ThreadingHTTPServer):
    """Serves the images of `tags`, repository:tag; `login` asks for a token, which that user can get."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.tags: dict[str, str] = {}
        self.blobs: dict[str, bytes] = {}
        self.login: tuple[str, str] | None = None
        self.scheme = "Bearer"
        self.asked: list[str] = []
        self.damaged = ""
        self.busy = 0
        self.elsewhere = ""

    @property
    def name(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    def add(self, repository: str, tag: str, made: Made) -> str:
        """The reference to pull it by."""
        self.blobs |= made.blobs
        self.tags[f"{repository}:{tag}"] = made.manifest
        return f"{self.name}/{repository}:{tag}"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Registry
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        registry = self.server
        registry.asked.append(self.path)
        given = self.headers.get("Authorization", "")
        basic = ""
        if registry.login:
            basic = f"Basic {base64.b64encode(':'.join(registry.login).encode()).decode()}"
        if self.path.startswith("/token"):
            ok = given == basic
            self._answer(200 if ok else 401, json.dumps({"token": "secret"} if ok else {}).encode())
            return
        if registry.busy:
            registry.busy -= 1
            self._answer(503, b"")
            return
        if registry.login and given != (basic if registry.scheme == "Basic" else "Bearer secret"):
            challenge = 'Basic realm="lab"'
            if registry.scheme == "Bearer":
                challenge = f'Bearer realm="http://{registry.name}/token",service="lab",scope="pull"'
            self._answer(401, b"", {"WWW-Authenticate": challenge})
            return
        repository, _, rest = self.path.removeprefix("/v2/").rpartition("/manifests/")
        if repository:
            wanted = rest if rest in registry.blobs else registry.tags.get(f"{repository}:{rest}", "")
        else:
            wanted = self.path.rpartition("/blobs/")[2]
        content = registry.blobs.get(wanted)
        if content is None:
            self._answer(404, b"{}")
            return
        kind = "application/octet-stream"
        if content.startswith(b"{"):
            kind = json.loads(content).get("mediaType", kind)
        if registry.elsewhere and "/blobs/" in self.path:
            self._answer(307, b"", {"Location": f"{registry.elsewhere}/{wanted}"})
            return
        if wanted == registry.damaged:
            content = content[:-1] + bytes([content[-1] ^ 1])
        self._answer(200, content, {"Content-Type": kind})

    def _answer(self, code: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(code)
        for name, value in {**(headers or {}), "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def registry() -> Iterator[Registry]:
    """On a free port of this machine, stopped at the end."""
    server = Registry()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
