"""What Seldon's webhook looks at: versions, protocols, traffic and shadows."""

import pytest

from tests.serving.check.conftest import Change, goes_wrong_silently, is_refused, other

# What the API server or the operator refuses, or gets stuck on.
ERRORS: dict[str, tuple[Change, str]] = {
    "version": (
        lambda d, p, g: d.update(apiVersion="machinelearning.seldon.io/v2"),
        "apiVersion: No",
    ),
    "no predictors": (lambda d, p, g: d["spec"].pop("predictors"), "spec.predictors: is required."),
    "empty predictors": (lambda d, p, g: d["spec"].update(predictors=[]), "spec.predictors: is empty"),
    "no spec": (lambda d, p, g: d.pop("spec"), "spec.predictors: is empty"),
    "same predictor": (
        lambda d, p, g: d["spec"].update(predictors=[other(p, traffic=50), other(p, traffic=50)]),
        "spec.predictors: 2 are named 'default'",
    ),
    "protocol": (
        lambda d, p, g: d["spec"].update(protocol="v3"),
        "spec.protocol: is 'v3'; expected one of seldon, tensorflow, v2, kfserving.",
    ),
    "transport": (lambda d, p, g: d["spec"].update(transport="http"), "spec.transport: is 'http'; expected"),
    "server type": (lambda d, p, g: d["spec"].update(serverType="amqp"), "spec.serverType: is 'amqp'"),
    "kafka without topics": (
        lambda d, p, g: d["spec"].update(serverType="kafka"),
        "spec.predictors[0].svcOrchSpec.env: lacks KAFKA_BROKER, KAFKA_INPUT_TOPIC, KAFKA_OUTPUT_TOPIC",
    ),
    "traffic of one": (
        lambda d, p, g: p.update(traffic=50),
        "traffic: is 50; expected 0 or 100",
    ),
    "traffic over 100": (
        lambda d, p, g: p.update(traffic=200),
        "traffic: is 200; expected 0 to",
    ),
    "traffic of two": (
        lambda d, p, g: d["spec"].update(predictors=[other(p, traffic=50), other(p, name="b", traffic=40)]),
        "spec.predictors: their traffic sums to 90; expected 100",
    ),
    "no traffic of two": (
        lambda d, p, g: d["spec"].update(predictors=[p, other(p, name="b")]),
        "their traffic sums to 0; expected 100",
    ),
    "two shadows": (
        lambda d, p, g: d["spec"].update(
            predictors=[p, other(p, name="b", shadow=True), other(p, name="c", shadow=True)]
        ),
        "2 are shadows; expected at most one",
    ),
    "only a shadow": (lambda d, p, g: p.update(shadow=True), "all are shadows; one has to answer"),
    "no engine": (
        lambda d, p, g: p.update(annotations={"seldon.io/no-engine": "true"}),
        "seldon.io/no-engine is for graphs of one node only",
    ),
    "timeout": (
        lambda d, p, g: p.update(annotations={"seldon.io/rest-timeout": "5s"}),
        "seldon.io/rest-timeout is '5s'; expected milliseconds",
    ),
    "size": (
        lambda d, p, g: p.update(annotations={"seldon.io/grpc-max-message-size": "4Mi"}),
        "seldon.io/grpc-max-message-size is '4Mi'; expected bytes",
    ),
}

# What is taken, and does something else than it says.
WARNINGS: dict[str, tuple[Change, str]] = {
    "oauth": (lambda d, p, g: d["spec"].update(oauth_key="k"), "spec.oauth_key: has no effect"),
    "resources of an engine of old": (
        lambda d, p, g: p.update(engineResources={"requests": {"cpu": "1"}}),
        "engineResources: has no effect. Use svcOrchSpec.resources",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_what_is_refused_is_an_error(case: str) -> None:
    """Each is named with its place, what was found and what is allowed."""
    is_refused(ERRORS[case])


@pytest.mark.parametrize("case", WARNINGS)
def test_what_goes_wrong_silently_is_a_warning(case: str) -> None:
    """The API server, the webhook and the operator all take it, so it is no error."""
    goes_wrong_silently(WARNINGS[case])
