"""A Git address in, its files in a folder of the pod out: Argo's git artifact, cloned before main.

The only template that uses it is `image`, so a run that builds nothing never looks at the repository.
"""

from hera.workflows import GitArtifact
from hera.workflows import models as m

from workflows.parts import parameters

PATH = "/src"


def source(*, secret: str | None = None) -> GitArtifact:
    """`repo` at `revision`; `secret` names a Secret with the keys username and password of a private one."""
    return GitArtifact(
        name="source",
        path=PATH,
        repo=parameters.REPO.tag,
        revision=parameters.REVISION.tag,
        username_secret=_key(secret, "username"),
        password_secret=_key(secret, "password"),
    )


def _key(secret: str | None, key: str) -> m.SecretKeySelector | None:
    return m.SecretKeySelector(name=secret, key=key) if secret else None
