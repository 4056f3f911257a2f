"""A SeldonDeployment in, everything that is wrong with it out: the one checker of the project.

`argolane lint`, `run`, an apply and the rendered manifests ask here. `crd` looks at the fields; then `names`,
`predictors`, `nodes` (the graph), `pods` and `locally` each ask one kind of question of what fits. Of a
Deployment or Service `workloads` says it.
"""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

from argolane.errors import ManifestError, NotSupportedLocally
from argolane.serving import crd
from argolane.serving.check import locally, names, nodes, pods, predictors, workloads
from argolane.serving.check.finding import Finding, Level

if TYPE_CHECKING:
    from argolane.serving.spec import SeldonDeployment

__all__ = ["KINDS", "Finding", "Level", "findings", "images", "named", "read", "warnings"]

KINDS = (crd.KIND, *workloads.KINDS)
"""What is checked here."""

_ALL = (names.check, predictors.check, nodes.check, pods.check, locally.check)


def findings(manifest: Any, *, tags: bool = False, partial: bool = False) -> list[Finding]:
    """Every finding, each place and sentence once.

    `tags`: values that hold one of Argo's tags are not known yet, and not looked at. `partial`: the manifest
    is a patch, of which only the fields can be looked at.
    """
    if isinstance(manifest, Mapping) and manifest.get("kind") in workloads.KINDS:
        return workloads.findings(manifest, tags=tags, partial=partial)
    found = crd.fit(manifest, tags=tags, partial=partial)
    fields = (Finding(misfit.at or "it", "error", misfit.reason) for misfit in found.misfits)
    meaning: Iterator[Finding] = iter(())
    if found.known and not partial and isinstance(found.value, dict):
        meaning = chain.from_iterable(check(found.value) for check in _ALL)
    return list(dict.fromkeys(chain(fields, meaning)))


def read(manifest: Mapping[str, Any], *, where: str = "") -> "SeldonDeployment":
    """The manifest, checked; ManifestError with every fault, NotSupportedLocally if it is only that."""
    # Only here: the graph server asks about its graph, and is to be up soon.
    from argolane.serving.spec import SeldonDeployment

    found = findings(manifest)
    where = where or named(manifest)
    for level, refusal in (("error", ManifestError), ("local", NotSupportedLocally)):
        if faults := [f"{where}: {finding}" for finding in found if finding.level == level]:
            raise refusal(faults)
    return SeldonDeployment.model_validate(crd.fit(manifest).value)


def images(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The image of each container, with its place."""
    if manifest.get("kind") in workloads.KINDS:
        yield from workloads.images(manifest)
        return
    spec = crd.fit(manifest, tags=True).value.get("spec") or {}
    for index, predictor in enumerate(spec.get("predictors") or ()):
        for number, component in enumerate(predictor.get("componentSpecs") or ()):
            at = f"spec.predictors[{index}].componentSpecs[{number}].spec.containers"
            for i, container in enumerate((component.get("spec") or {}).get("containers") or ()):
                yield f"{at}[{i}].image", container.get("image") or ""


def warnings(manifest: Mapping[str, Any]) -> list[str]:
    """What runs, but hardly as meant; one sentence each."""
    return [f"{named(manifest)}: {f}" for f in findings(manifest) if f.level == "warning"]


def named(manifest: Any) -> str:
    """`SeldonDeployment 'x'`: how a message begins that is about no file."""
    metadata = manifest.get("metadata") if isinstance(manifest, Mapping) else None
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    kind = manifest.get("kind") if isinstance(manifest, Mapping) else None
    return f"{kind if kind in KINDS else crd.KIND} {name!r}"
