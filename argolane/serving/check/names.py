"""A SeldonDeployment in, the names that Kubernetes would not take, or would replace by a hash, out.

The operator makes Services and Deployments whose names are put together from those in the manifest: a name
that is good for one object can be none for the other, and then the operator gets stuck.
"""

import re
from collections.abc import Iterator
from typing import Any

from argolane.kubernetes import names as allowed
from argolane.serving.check.finding import Finding, error, warning
from argolane.serving.crd import is_tag

_LONGEST = 63
# Of a Service: a DNS-1035 label.
_SERVICE = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_RULE = "expected lower-case letters, digits and '-', a letter first"


def check(deployment: dict[str, Any]) -> Iterator[Finding]:
    metadata = deployment.get("metadata") or {}
    name = metadata.get("name") or ""
    if not name and not metadata.get("generateName"):
        yield error("metadata.name", "is required.")
    elif name and not is_tag(name) and any(allowed.not_a_subdomain(name)):
        yield error("metadata.name", f"is {name!r}; {_RULE}.")
    elif not is_tag(name) and name and not _SERVICE.fullmatch(name):
        yield error("metadata.name", f"is {name!r}; {_RULE}, or the operator cannot make its Services.")
    yield from _labels(metadata, "metadata")
    for index, predictor in enumerate((deployment.get("spec") or {}).get("predictors") or ()):
        at = f"spec.predictors[{index}]"
        given = predictor.get("name")
        # It follows the deployment's name and a dash, so that it may begin with a digit.
        if given is not None and not is_tag(given) and not allowed.LABEL.fullmatch(given):
            yield error(f"{at}.name", f"is {given!r}; expected lower-case letters, digits and '-'.")
        yield from _labels(predictor, at)
        for number, component in enumerate(predictor.get("componentSpecs") or ()):
            yield from _labels(component.get("metadata") or {}, f"{at}.componentSpecs[{number}].metadata")
        if name:
            yield from _hashed(name, predictor, at)


def _labels(holder: dict[str, Any], at: str) -> Iterator[Finding]:
    for kind in ("labels", "annotations"):
        for key, value in (holder.get(kind) or {}).items():
            if is_tag(key):
                continue
            yield from (error(f"{at}.{kind}", f"{key!r}: {why}.") for why in allowed.not_a_label_key(key))
            if kind == "labels" and not is_tag(value):
                found = allowed.not_a_label_value(value)
                yield from (error(f"{at}.{kind}.{key}", f"is {value!r}; {why}.") for why in found)


def _hashed(deployment: str, predictor: dict[str, Any], at: str) -> Iterator[Finding]:
    """Names that are too long for Kubernetes: nobody finds what the operator makes of them."""
    front = f"{deployment}-{predictor.get('name', '')}"
    own = (predictor.get("annotations") or {}).get("seldon.io/svc-name")
    made = [("Service", f"{at}.name", own or front)]
    for number, component in enumerate(predictor.get("componentSpecs") or ()):
        place = f"{at}.componentSpecs[{number}]"
        containers = [c.get("name", "") for c in (component.get("spec") or {}).get("containers") or ()]
        made += [("Service", f"{place}.spec.containers[{i}].name", f"{front}-{c}")
                 for i, c in enumerate(containers)]  # fmt: skip
        last = (component.get("metadata") or {}).get("name") or "-".join(containers)
        made.append(("Deployment", f"{place}.metadata.name", f"{front}-{number}-{last}"))
    for kind, place, name in made:
        if len(name) > _LONGEST and not is_tag(name):
            why = f"the {kind} would be {name!r}, {len(name)} characters; with more than {_LONGEST} "
            yield warning(place, why + "it is called 'seldon-' and a hash.")
