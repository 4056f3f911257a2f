"""An image reference in, where it is pulled from out: registry, repository, tag or digest."""

from dataclasses import dataclass

from argolane.containers import reference
from argolane.errors import ArgolaneError

DOCKER_HUB = "docker.io"


@dataclass(frozen=True)
class Name:
    """`tag` is never empty unless there is a digest."""

    registry: str
    repository: str
    tag: str
    digest: str

    @property
    def full(self) -> str:
        """The one text for all ways to write it: docker.io/library/busybox:1.37."""
        text = f"{self.registry}/{self.repository}"
        return f"{text}@{self.digest}" if self.digest else f"{text}:{self.tag}"

    @property
    def wanted(self) -> str:
        """What a registry is asked for."""
        return self.digest or self.tag


def of(text: str) -> Name:
    """ArgolaneError when `text` is no image reference, or its digest is not a sha256."""
    parts = reference.parse(text)
    if parts is None:
        raise ArgolaneError(f"{text!r} is not an image reference; expected [registry/]name[:tag][@digest].")
    if parts.digest and not is_digest(parts.digest):
        raise ArgolaneError(f"{text!r}: the digest is not a sha256; expected @sha256: and 64 digits.")
    registry = parts.registry or DOCKER_HUB
    if registry in ("index.docker.io", "registry-1.docker.io"):
        registry = DOCKER_HUB
    repository = parts.path if registry != DOCKER_HUB or "/" in parts.path else f"library/{parts.path}"
    return Name(registry, repository, parts.tag or ("" if parts.digest else "latest"), parts.digest)


def is_digest(text: object) -> bool:
    """Whether it is `sha256:` and 64 hexadecimal digits: safe as the name of a file."""
    if not isinstance(text, str) or not text.startswith("sha256:"):
        return False
    digits = text.removeprefix("sha256:")
    return len(digits) == 64 and not set(digits) - set("0123456789abcdef")
