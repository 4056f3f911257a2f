"""An image reference in, all that a container of it needs out: its root folder, its config, its user."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from argolane.containers.oci import pull, roots, users
from argolane.containers.oci.documents import Config
from argolane.containers.oci.store import Store
from argolane.containers.oci.users import User
from argolane.disk import said
from argolane.errors import ArgolaneError
from argolane.project import Project
from argolane.settings import RegistrySettings


@dataclass(frozen=True)
class Prepared:
    """`folder` stays while this process lives; nobody may write to it."""

    folder: Path
    config: Config
    user: User


def store(project: Project) -> Store:
    """Where real images are kept, for all projects of this user."""
    return Store(project.cache / "images")


def get(
    kept: Store,
    reference: str,
    registries: Sequence[RegistrySettings],
    *,
    say: Callable[[str], None],
    told: pull.Told | None = None,
) -> Prepared:
    """Pulled and unpacked where it is not here. ArgolaneError when it cannot be had, is refused, or does not
    fit the disk."""
    try:
        known = pull.ensure(kept, reference, registries, say=say, told=told)
        with kept.adding():
            manifest = kept.manifest(known.manifest, reference)
            config = kept.config(manifest, reference)
            folder = roots.ensure(kept, manifest, config, reference, say=say)
    except OSError as error:
        raise ArgolaneError(f"Image {reference!r} cannot be kept: {said(error, kept.folder)}.") from None
    return Prepared(folder, config, users.find(folder, config.user, f"Image {reference!r}"))
