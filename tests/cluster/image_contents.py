"""An image in a registry in, its configuration and its layers out: by the registry's own API."""

import json
import ssl
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from typing import IO, Any

ACCEPTED = ", ".join(
    f"application/vnd.{kind}+json"
    for kind in ("oci.image.manifest.v1", "docker.distribution.manifest.v2", "oci.image.index.v1",
                 "docker.distribution.manifest.list.v2")
)  # fmt: skip


def configuration_and_layers(
    reference: str, authority: str, headers: Mapping[str, str] = {}
) -> Iterator[tuple[str, IO[bytes]]]:
    """(name, content): first the configuration, with environment and history, then each layer as a file.

    reference: `host:port/path@sha256:...`; authority: file of the certificate that it is trusted by.
    """
    host, _, named = reference.partition("/")
    name, _, digest = named.partition("@")
    context = ssl.create_default_context(cafile=authority)

    def fetch(what: str) -> IO[bytes]:
        asked = urllib.request.Request(
            f"https://{host}/v2/{name}/{what}", headers={"Accept": ACCEPTED, **headers}
        )
        file = tempfile.TemporaryFile()  # noqa: SIM115  given to who asks
        with urllib.request.urlopen(asked, context=context, timeout=120) as answer:
            while chunk := answer.read(1 << 20):
                file.write(chunk)
        file.seek(0)
        return file

    def told(digest: str) -> dict[str, Any]:
        with fetch(f"manifests/{digest}") as file:
            found: dict[str, Any] = json.load(file)
        return found

    manifest = told(digest)
    while "manifests" in manifest:
        image = next(m for m in manifest["manifests"] if m.get("platform", {}).get("os") != "unknown")
        manifest = told(image["digest"])
    yield "configuration", fetch(f"blobs/{manifest['config']['digest']}")
    for layer in manifest["layers"]:
        yield layer["digest"], fetch(f"blobs/{layer['digest']}")
