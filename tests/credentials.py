"""Text or the layer of an image in, what in it would let somebody in out."""

import re
import tarfile
from collections.abc import Iterable
from typing import IO

SECRETS = re.compile(
    r"AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY|service_account\.json|\"private_key\""
    r"|(?i:secret_access_key|password|access_key_id|auth_token)[\"']?\s*[:=]\s*[\"']?[A-Za-z0-9/+_-]{8,}"
    r"|://[^/\s:@]+:[^/\s:@{}]+@"
)
# Other people's packages, whose documentation has made-up ones: there only known ones are looked for.
THEIRS = re.compile(r"venv/|usr/|var/lib/dpkg/|etc/ssl/|(.*/)?site-packages/")


def in_text(text: str, known: Iterable[str] = ()) -> str:
    """The first one, cut short; '' where there is none."""
    hit = next((one for one in known if one in text), "")
    match = SECRETS.search(text)
    return (hit or (match[0] if match else ""))[:40]


def in_layer(file: IO[bytes], known: Iterable[str] = ()) -> dict[str, str]:
    """By the path in the image."""
    known, found = tuple(known), {}
    with tarfile.open(fileobj=file, mode="r|*") as layer:
        for member in layer:
            content = layer.extractfile(member) if member.isfile() else None
            if content is None:
                continue
            inside = content.read()
            hit = next((one for one in known if one.encode() in inside), "")
            if not hit and not THEIRS.match(member.name.removeprefix("./")):
                hit = in_text(inside.decode(errors="replace"))
            if hit:
                found[member.name] = hit
    return found
