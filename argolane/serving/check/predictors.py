"""A SeldonDeployment in, what Seldon's webhook refuses of it as a whole out: protocols, traffic, shadows."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from argolane.errors import unknown
from argolane.serving.check.finding import Finding, error, warning
from argolane.serving.crd import API_VERSIONS, KIND, is_tag
from argolane.serving.graph import GRPC_LARGEST, REST_TIMEOUT, milliseconds, whole
from argolane.serving.graph_nodes import Node

_CLOSED = {
    "protocol": ("seldon", "tensorflow", "v2", "kfserving"),
    "transport": ("rest", "grpc"),
    "serverType": ("rpc", "kafka"),
}
_KAFKA = ("KAFKA_BROKER", "KAFKA_INPUT_TOPIC", "KAFKA_OUTPUT_TOPIC")


def check(deployment: dict[str, Any]) -> Iterator[Finding]:
    version = deployment.get("apiVersion")
    if version is not None and version not in API_VERSIONS:
        yield error("apiVersion", unknown("version", version, API_VERSIONS))
    if deployment.get("kind", KIND) != KIND:
        yield error("kind", f"is {deployment['kind']!r}; expected {KIND}.")
    spec = deployment.get("spec") or {}
    for field, allowed in _CLOSED.items():
        value = spec.get(field)
        if value and not is_tag(value) and value not in allowed:
            yield error(f"spec.{field}", f"is {value!r}; expected one of {', '.join(allowed)}.")
    for field in ("oauth_key", "oauth_secret"):
        if spec.get(field):
            yield warning(f"spec.{field}", "has no effect: nothing in Seldon Core 1.17 reads it.")
    predictors = spec.get("predictors") or []
    if not predictors and (not deployment.get("spec") or "predictors" in spec):
        yield error("spec.predictors", "is empty; expected at least one.")
    for twice, count in Counter(p.get("name") for p in predictors).items():
        if count > 1 and twice:
            yield error("spec.predictors", f"{count} are named {twice!r}; names are unique.")
    yield from _traffic(predictors)
    yield from _annotations(spec.get("annotations") or {}, "spec")
    for index, predictor in enumerate(predictors):
        yield from _predictor(spec, predictor, f"spec.predictors[{index}]")


def _traffic(predictors: list[dict[str, Any]]) -> Iterator[Finding]:
    shadows = [p for p in predictors if p.get("shadow") is True]
    live = [p for p in predictors if not p.get("shadow")]
    if len(shadows) > 1:
        yield error("spec.predictors", f"{len(shadows)} are shadows; expected at most one.")
    if shadows and len(shadows) == len(predictors):
        yield error("spec.predictors", "all are shadows; one has to answer.")
    for index, predictor in enumerate(predictors):
        share = predictor.get("traffic", 0)
        if isinstance(share, int) and not 0 <= share <= 100:
            yield error(f"spec.predictors[{index}].traffic", f"is {share}; expected 0 to 100.")
    shares = [p.get("traffic", 0) for p in live]
    if any(not isinstance(share, int) for share in shares):
        return
    if len(predictors) == 1 and shares and 0 < shares[0] < 100:
        at = "spec.predictors[0].traffic"
        yield error(at, f"is {shares[0]}; expected 0 or 100, for nobody else gets the rest.")
    if len(live) > 1 and sum(shares) != 100:
        yield error("spec.predictors", f"their traffic sums to {sum(shares)}; expected 100.")


def _predictor(spec: dict[str, Any], predictor: dict[str, Any], at: str) -> Iterator[Finding]:
    annotations = predictor.get("annotations") or {}
    yield from _annotations(annotations, at)
    if predictor.get("engineResources"):
        yield warning(f"{at}.engineResources", "has no effect. Use svcOrchSpec.resources.")
    graph = Node.of(predictor.get("graph") or {}, f"{at}.graph")
    if "seldon.io/no-engine" in annotations and graph.children:
        yield error(f"{at}.annotations", "seldon.io/no-engine is for graphs of one node only.")
    if spec.get("serverType") == "kafka":
        given = {v.get("name") for v in (predictor.get("svcOrchSpec") or {}).get("env") or ()}
        if missing := [name for name in _KAFKA if name not in given]:
            yield error(f"{at}.svcOrchSpec.env", f"lacks {', '.join(missing)}, which serverType kafka needs.")


def _annotations(annotations: dict[str, str], at: str) -> Iterator[Finding]:
    """The executor does not start on a timeout of REST, or a size of gRPC, that it cannot read."""
    given = annotations.get(REST_TIMEOUT, "")
    try:
        milliseconds("" if is_tag(given) else given)
    except ValueError:
        expected = "expected milliseconds, a whole number such as '5000'."
        yield error(f"{at}.annotations", f"{REST_TIMEOUT} is {given!r}; {expected}")
    size = annotations.get(GRPC_LARGEST, "")
    if size and not is_tag(size) and whole(size) is None:
        expected = "expected bytes, a whole number such as '4194304'."
        yield error(f"{at}.annotations", f"{GRPC_LARGEST} is {size!r}; {expected}")
