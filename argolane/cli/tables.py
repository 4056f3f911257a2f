"""Objects in, the table out that kubectl would show of them, and the URL where each answers."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

from rich.console import Group, RenderableType

from argolane.cli.show import table_of
from argolane.kubernetes.kinds import KINDS
from argolane.project import Project
from argolane.workflow.run.tree import first_line

Object = Mapping[str, Any]
Row = tuple[str, ...]


def of(
    project: Project, kind: str, found: Sequence[Object], *, wide: bool = False, prefixed: bool = False
) -> RenderableType:
    """A line for each; `prefixed` names the kind in front, where there are several tables."""
    columns, row, more, row_more = _TABLES[kind]
    table = table_of(*columns, *(more if wide else ()))
    for each in found:
        name = str(each["metadata"]["name"])
        first = KINDS[kind].shown(name) if prefixed else name
        table.add_row(first, *row(project, each), *(row_more(each) if wide else ()))
    return table


def several(tables: Iterable[RenderableType]) -> RenderableType:
    """With an empty line between them."""
    parts: list[RenderableType] = []
    for each in tables:
        parts += ["", each] if parts else [each]
    return Group(*parts)


def _deployment(project: Project, body: Object) -> Row:
    status, wanted = body.get("status") or {}, (body.get("spec") or {}).get("replicas", 1)
    return (
        f"{status.get('readyReplicas') or 0}/{wanted}",
        str(status.get("updatedReplicas") or 0),
        str(status.get("availableReplicas") or 0),
        _age(body),
        _url_of_deployment(project, body),
    )


def _deployment_more(body: Object) -> Row:
    containers = _pod(body).get("containers") or ()
    selector = ((body.get("spec") or {}).get("selector") or {}).get("matchLabels") or {}
    return (
        ",".join(str(each.get("name")) for each in containers),
        ",".join(str(each.get("image")) for each in containers),
        _labels(selector),
    )


def _url_of_deployment(project: Project, body: Object) -> str:
    """That of the first Service that selects its pods."""
    from argolane.serving.apiserver import KINDS as KEPT
    from argolane.serving.apiserver import ApiServer

    if "Service" not in KEPT:
        return ""
    labels = (((body.get("spec") or {}).get("template") or {}).get("metadata") or {}).get("labels") or {}
    for service in ApiServer(project).list("Service", namespace=body["metadata"].get("namespace")):
        selector = (service.get("spec") or {}).get("selector") or {}
        if selector and all(labels.get(key) == value for key, value in selector.items()):
            return _url(service)
    return ""


def _url(service: Object) -> str:
    ports = (service.get("spec") or {}).get("ports") or ()
    return f"http://127.0.0.1:{ports[0]['port']}" if ports else ""


def _service(_: Project, body: Object) -> Row:
    spec = body.get("spec") or {}
    ports = ",".join(f"{each.get('port')}/{each.get('protocol', 'TCP')}" for each in spec.get("ports") or ())
    return spec.get("type", "ClusterIP"), spec.get("clusterIP") or "127.0.0.1", ports, _age(body), _url(body)


def _service_more(body: Object) -> Row:
    return (_labels((body.get("spec") or {}).get("selector") or {}),)


def _secret(_: Project, body: Object) -> Row:
    return str(body.get("type") or "Opaque"), str(len(body.get("data") or {})), _age(body)


def _config_map(_: Project, body: Object) -> Row:
    return str(len(body.get("data") or {}) + len(body.get("binaryData") or {})), _age(body)


def _claim(project: Project, body: Object) -> Row:
    from argolane.disk import shown
    from argolane.kubernetes.objects import claims

    spec, metadata = body.get("spec") or {}, body["metadata"]
    capacity = ((spec.get("resources") or {}).get("requests") or {}).get("storage", "")
    short = {
        "ReadWriteOnce": "RWO",
        "ReadWriteMany": "RWX",
        "ReadOnlyMany": "ROX",
        "ReadWriteOncePod": "RWOP",
    }
    modes = ",".join(short.get(str(mode), str(mode)) for mode in spec.get("accessModes") or ())
    folder = claims(project, str(metadata.get("namespace") or "")) / str(metadata["name"])
    return str((body.get("status") or {}).get("phase", "")), str(capacity), modes, _age(body), shown(folder)


def _namespace(_: Project, body: Object) -> Row:
    return str((body.get("status") or {}).get("phase", "Active")), _age(body)


def _seldon(_: Project, body: Object) -> Row:
    from argolane.serving.status import grpc_address

    status = body.get("status") or {}
    url = (status.get("address") or {}).get("url", "")
    address = grpc_address(body)
    # Not in a column of its own, which would be empty for most.
    url = f"{url}\n{address} (gRPC)" if address else url
    return str(status.get("state", "")), str(url), first_line(str(status.get("description") or ""))


def _seldon_more(body: Object) -> Row:
    from argolane.serving import metrics

    url = str(((body.get("status") or {}).get("address") or {}).get("url", ""))
    return _age(body), urljoin(url, metrics.PATH) if url else ""


def _none(_: Object) -> Row:
    return ()


_TABLES: dict[str, tuple[Row, Callable[[Project, Object], Row], Row, Callable[[Object], Row]]] = {
    "Deployment": (
        ("NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE", "URL"),
        _deployment,
        ("CONTAINERS", "IMAGES", "SELECTOR"),
        _deployment_more,
    ),
    "Service": (
        ("NAME", "TYPE", "CLUSTER-IP", "PORT(S)", "AGE", "URL"), _service, ("SELECTOR",), _service_more
    ),
    "Secret": (("NAME", "TYPE", "DATA", "AGE"), _secret, (), _none),
    "ConfigMap": (("NAME", "DATA", "AGE"), _config_map, (), _none),
    "PersistentVolumeClaim": (
        ("NAME", "STATUS", "CAPACITY", "ACCESS MODES", "AGE", "FOLDER"), _claim, (), _none
    ),
    "Namespace": (("NAME", "STATUS", "AGE"), _namespace, (), _none),
    "SeldonDeployment": (("NAME", "STATE", "URL", "DESCRIPTION"), _seldon, ("AGE", "METRICS"), _seldon_more),
}  # fmt: skip


def _pod(body: Object) -> Mapping[str, Any]:
    return ((body.get("spec") or {}).get("template") or {}).get("spec") or {}


def _labels(labels: Mapping[str, Any]) -> str:
    return ",".join(f"{key}={value}" for key, value in labels.items()) or "<none>"


def _age(body: Object) -> str:
    """As kubectl says it: 45s, 12m, 3h, 2d."""
    made = body["metadata"].get("creationTimestamp")
    if not made:
        return ""
    seconds = int((datetime.now(UTC) - datetime.fromisoformat(str(made))).total_seconds())
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length}{unit}"
    return f"{max(seconds, 0)}s"
