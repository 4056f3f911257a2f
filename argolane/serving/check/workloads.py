"""A Deployment or Service in, what the API server refuses of it, in its words, and what this machine has not.

What only says where and with how much a pod runs (nodeSelector, resources, securityContext, ...) is taken and
not looked into; what would behave otherwise than it says is refused by its name.
"""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from argolane.kubernetes.label_selector import not_a_selector
from argolane.kubernetes.names import not_a_label_key, not_a_label_value
from argolane.serving import crd
from argolane.serving.check import locally, pods
from argolane.serving.check.finding import Finding, error, local, warning
from argolane.serving.check.locally import NEEDS_CLUSTER
from argolane.serving.crd import is_tag

_DNS_1035 = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_SERVICE_NAME = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
    "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for "
    f"validation is '{_DNS_1035.pattern}')"
)
_PERCENT = re.compile(r"[0-9]+%")
_PERCENT_RULE = (
    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex "
    f"used for validation is '{_PERCENT.pattern}')"
)
_NOT_NEGATIVE = "must be greater than or equal to 0"
KINDS = ("Deployment", "Service")
_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")

Tree = Mapping[str, Any]


def findings(manifest: Any, *, tags: bool = False, partial: bool = False) -> list[Finding]:
    """Every finding of a Deployment or Service; `tags` and `partial` as for a SeldonDeployment."""
    kind = str(manifest.get("kind"))
    found = crd.fit(manifest, kind, tags=tags, partial=partial)
    fields = (Finding(misfit.at or "it", "error", misfit.reason) for misfit in found.misfits)
    meaning: Iterator[Finding] = iter(())
    if found.known and not partial and not found.misfits:
        meaning = of_service(found.value) if kind == "Service" else of_deployment(found.value)
    return list(dict.fromkeys(chain(fields, _labels(found.value.get("metadata") or {}, "metadata"), meaning)))


def images(manifest: Tree) -> Iterator[tuple[str, str]]:
    """The image of each container, with its place."""
    fitting = crd.fit(manifest, str(manifest["kind"]), tags=True).value
    pod = ((fitting.get("spec") or {}).get("template") or {}).get("spec") or {}
    for kind in ("initContainers", "containers"):
        for index, container in enumerate(pod.get(kind) or ()):
            yield f"spec.template.spec.{kind}[{index}].image", container.get("image") or ""


def of_deployment(deployment: Tree) -> Iterator[Finding]:
    spec = deployment["spec"]
    for field in ("replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"):
        value = spec.get(field)
        if isinstance(value, int) and value < 0:
            yield error(f"spec.{field}", f"Invalid value: {value}: {_NOT_NEGATIVE}")
    yield from _selector(spec)
    yield from _strategy(spec.get("strategy") or {})
    deadline, ready = spec.get("progressDeadlineSeconds"), spec.get("minReadySeconds") or 0
    if isinstance(deadline, int) and isinstance(ready, int) and 0 <= deadline <= ready:
        at = "spec.progressDeadlineSeconds"
        yield error(at, f"Invalid value: {deadline}: must be greater than minReadySeconds")
    if spec.get("paused"):
        yield local("spec.paused", NEEDS_CLUSTER)
    pod, at = spec["template"]["spec"], "spec.template.spec"
    yield from _named(pod, at)
    yield from (f for f in pods.of_pod(pod, at, set()) if not f.at.endswith(".image"))
    yield from locally.of_pod(pod, at)
    for index, container in enumerate(pod.get("containers") or ()):
        for hook in ("postStart", "preStop"):
            if (container.get("lifecycle") or {}).get(hook):
                place = f"{at}.containers[{index}].lifecycle.{hook}"
                if hook == "postStart":
                    yield local(place, NEEDS_CLUSTER)
                else:
                    yield warning(place, "is not run here: requests are waited for before a pod ends.")


def _named(pod: Tree, at: str) -> Iterator[Finding]:
    """Images, and names that stand for one thing only."""
    containers: set[str] = set()
    ports: set[str] = set()
    for kind in ("containers", "initContainers"):
        for index, container in enumerate(pod.get(kind) or ()):
            place, name = f"{at}.{kind}[{index}]", str(container.get("name"))
            if not container.get("image"):
                yield error(f"{place}.image", "Required value")
            if name in containers:
                yield error(f"{place}.name", f"Duplicate value: {_go(name)}")
            containers.add(name)
            ports = set()
            for number, port in enumerate(container.get("ports") or ()):
                if port.get("name") and port["name"] in ports:
                    yield error(f"{place}.ports[{number}].name", f"Duplicate value: {_go(port['name'])}")
                ports.add(port.get("name") or "")


def of_service(service: Tree) -> Iterator[Finding]:
    name, spec = str(service["metadata"].get("name") or ""), service["spec"]
    if name and not is_tag(name) and not (_DNS_1035.fullmatch(name) and len(name) <= 63):
        long = len(name) > 63
        reason = "must be no more than 63 characters" if long else _SERVICE_NAME
        yield error("metadata.name", f'Invalid value: "{name}": {reason}')
    kind = spec.get("type") or "ClusterIP"
    if kind not in _TYPES and not is_tag(kind):
        yield error("spec.type", _unsupported(kind, _TYPES))
    if kind == "ExternalName":
        yield local("spec.type", f"ExternalName {NEEDS_CLUSTER}")
        return
    if kind in ("LoadBalancer", "NodePort"):
        yield warning("spec.type", f"is {kind}: here it is a ClusterIP, published on 127.0.0.1.")
    if spec.get("clusterIP") == "None":
        yield warning("spec.clusterIP", "is None: here its name leads to one pod after another all the same.")
    if not spec.get("selector"):
        yield local("spec.selector", f"is missing: a Service of Endpoints made by hand {NEEDS_CLUSTER}")
    for field in ("externalIPs", "publishNotReadyAddresses"):
        if spec.get(field):
            yield local(f"spec.{field}", NEEDS_CLUSTER)
    if spec.get("sessionAffinity") == "ClientIP":
        yield local("spec.sessionAffinity", f"ClientIP {NEEDS_CLUSTER}")
    yield from _ports(spec.get("ports") or [])


def _ports(ports: list[Tree]) -> Iterator[Finding]:
    if not ports:
        yield error("spec.ports", "Required value")
    seen: set[tuple[str, object]] = set()
    for index, port in enumerate(ports):
        at, name = f"spec.ports[{index}]", port.get("name")
        if len(ports) > 1 and not name:
            yield error(f"{at}.name", "Required value")
        for field in ("port", "targetPort"):
            number = port.get(field, port.get("port", 1))
            if isinstance(number, int) and not 1 <= number <= 65535:
                yield error(
                    f"{at}.{field}", f"Invalid value: {number}: must be between 1 and 65535, inclusive"
                )
        for key in (("name", name), ("port", port.get("port"))):
            if key[1] and key in seen:
                yield error(at if key[0] == "port" else f"{at}.name", f"Duplicate value: {_go(key[1])}")
            seen.add(key)
        protocol = port.get("protocol") or "TCP"
        if protocol in ("UDP", "SCTP"):
            yield local(f"{at}.protocol", f"{protocol} {NEEDS_CLUSTER}")
        elif protocol != "TCP" and not is_tag(protocol):
            yield error(f"{at}.protocol", _unsupported(protocol, ("SCTP", "TCP", "UDP")))


def _selector(spec: Tree) -> Iterator[Finding]:
    selector = spec.get("selector") or {}
    labels = (spec["template"].get("metadata") or {}).get("labels") or {}
    yield from _labels(spec["template"].get("metadata") or {}, "spec.template.metadata")
    given = selector.get("matchLabels") or {}
    if not given and not selector.get("matchExpressions"):
        yield error(
            "spec.selector", f"Invalid value: {shown(selector)}: empty selector is invalid for deployment"
        )
    elif reason := not_a_selector(selector):
        yield error("spec.selector", f"Invalid value: {reason}")
    elif not selected(selector, labels):
        at = "spec.template.metadata.labels"
        yield error(at, f"Invalid value: {_go_map(labels)}: `selector` does not match template `labels`")


def shown(selector: Tree) -> str:
    """A LabelSelector as the API server prints it."""
    expressions = selector.get("matchExpressions") or ()
    listed = ", ".join(
        f"v1.LabelSelectorRequirement{{Key:{_go(e.get('key', ''))}, Operator:{_go(e.get('operator', ''))}, "
        f"Values:[]string{{{', '.join(map(_go, e.get('values') or ()))}}}}}"
        for e in expressions
    )
    found = f"{{{listed}}}" if expressions else "(nil)"
    labels = _go_map(selector.get("matchLabels") or {})
    return f"v1.LabelSelector{{MatchLabels:{labels}, MatchExpressions:[]v1.LabelSelectorRequirement{found}}}"


def _go(text: object) -> str:
    return json.dumps(text, ensure_ascii=False)


def _go_map(labels: Mapping[str, str]) -> str:
    inner = ", ".join(f"{_go(key)}:{_go(labels[key])}" for key in sorted(labels))
    return f"map[string]string{{{inner}}}" if labels else "map[string]string(nil)"


def _go_number(value: object) -> str:
    """An IntOrString."""
    if isinstance(value, str):
        return f"intstr.IntOrString{{Type:1, IntVal:0, StrVal:{_go(value)}}}"
    return f'intstr.IntOrString{{Type:0, IntVal:{value}, StrVal:""}}'


def selected(selector: Tree, labels: Mapping[str, str]) -> bool:
    """Whether a LabelSelector takes these labels."""
    for entry in selector.get("matchExpressions") or ():
        key, values = entry.get("key"), entry.get("values") or ()
        match entry.get("operator"):
            case "In":
                holds = key in labels and labels[key] in values
            case "NotIn":
                holds = key not in labels or labels[key] not in values
            case "Exists":
                holds = key in labels
            case _:
                holds = key not in labels
        if not holds:
            return False
    return all(labels.get(key) == value for key, value in (selector.get("matchLabels") or {}).items())


def _strategy(strategy: Tree) -> Iterator[Finding]:
    kind, at = strategy.get("type") or "RollingUpdate", "spec.strategy"
    if kind not in ("Recreate", "RollingUpdate") and not is_tag(kind):
        found_so = (
            f"apps.DeploymentStrategy{{Type:{_go(kind)}, RollingUpdate:(*apps.RollingUpdateDeployment)(nil)}}"
        )
        yield error(at, f'Unsupported value: {found_so}: supported values: "Recreate", "RollingUpdate"')
        return
    rolling = strategy.get("rollingUpdate")
    if rolling is not None and kind == "Recreate":
        why = "Forbidden: may not be specified when strategy `type` is 'Recreate'"
        yield error(f"{at}.rollingUpdate", why)
        return
    found = {}
    for field in ("maxSurge", "maxUnavailable"):
        value = (rolling or {}).get(field, "25%")
        place = f"{at}.rollingUpdate.{field}"
        if isinstance(value, str) and not _PERCENT.fullmatch(value) and not is_tag(value):
            yield error(place, f"Invalid value: {_go_number(value)}: {_PERCENT_RULE}")
        elif isinstance(value, int) and value < 0:
            yield error(place, f"Invalid value: {_go_number(value)}: {_NOT_NEGATIVE}")
        elif field == "maxUnavailable" and isinstance(value, str) and not is_tag(value) and _over(value):
            yield error(place, f"Invalid value: {_go_number(value)}: must not be greater than 100%")
        found[field] = value
    if all(str(value).rstrip("%") == "0" for value in found.values()):
        value = _go_number(found["maxUnavailable"])
        place = f"{at}.rollingUpdate.maxUnavailable"
        yield error(place, f"Invalid value: {value}: may not be 0 when `maxSurge` is 0")


def _over(percent: str) -> bool:
    return int(percent[:-1]) > 100


def _labels(metadata: Tree, at: str) -> Iterator[Finding]:
    for kind in ("labels", "annotations"):
        for key, value in (metadata.get(kind) or {}).items():
            if is_tag(key) or is_tag(value):
                continue
            for why in not_a_label_key(key):
                yield error(f"{at}.{kind}", f'Invalid value: "{key}": {why}')
            for why in not_a_label_value(value) if kind == "labels" else ():
                yield error(f"{at}.{kind}", f'Invalid value: "{value}": {why}')


def _unsupported(value: object, allowed: tuple[str, ...]) -> str:
    choices = ", ".join(f'"{choice}"' for choice in allowed)
    return f'Unsupported value: "{value}": supported values: {choices}'
