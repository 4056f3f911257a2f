"""A resource template in, what is wrong with what it keeps up out, before a run starts.

The checker knows the manifest; this machine knows which images it has.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from argolane.containers import images
from argolane.project import Project
from argolane.serving import check, servers
from argolane.serving.crd import is_tag
from argolane.workflow.lint import seldon


def findings(project: Project, resource: Mapping[str, Any]) -> Iterator[tuple[check.Level, str]]:
    """One sentence each, with its level; tags that are left in the manifest are values not known yet."""
    manifest = seldon.applied_by(resource)
    if manifest is None:
        return
    name = check.named(manifest)
    for finding in seldon.of_applied(manifest, resource):
        yield finding.level, f"{name}: {finding}"
    for at, image in check.images(manifest):
        reason = None if is_tag(image) or not image else images.recognise(project, image)
        if reason:
            yield "local", f"{name}: {at}: {reason}"
    for reason in servers.unserved(manifest, project.settings.server):
        yield "local", f"{name}: {reason}"
