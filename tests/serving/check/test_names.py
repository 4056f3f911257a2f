"""Names: those in the manifest, and those that the operator makes of them."""

import pytest

from tests.serving.check.conftest import Change, goes_wrong_silently, is_refused, pod

# What the API server or the operator refuses, or gets stuck on.
ERRORS: dict[str, tuple[Change, str]] = {
    "name": (lambda d, p, g: d["metadata"].update(name="Demo_1"), "metadata.name: is 'Demo_1'; expected"),
    "no name": (lambda d, p, g: d["metadata"].clear(), "metadata.name: is required."),
    "no metadata": (lambda d, p, g: d.pop("metadata"), "metadata: is required."),
    "a name that no Service can have": (
        lambda d, p, g: d["metadata"].update(name="2nd"),
        "metadata.name: is '2nd'; expected lower-case letters, digits and '-', a letter first",
    ),
    "a dot in the name": (lambda d, p, g: d["metadata"].update(name="a.b"), "is 'a.b'; expected lower-case"),
    "predictor name": (lambda d, p, g: p.update(name="Main"), "spec.predictors[0].name: is 'Main'; expected"),
    "no predictor name": (lambda d, p, g: p.pop("name"), "spec.predictors[0].name: is required."),
    "label": (
        lambda d, p, g: p.update(labels={"a": "b c"}),
        "predictors[0].labels.a: is 'b c'; a valid",
    ),
    "label key": (lambda d, p, g: d["metadata"].update(labels={"a b": "c"}), "metadata.labels: 'a b': name"),
}

# What is taken, and does something else than it says.
WARNINGS: dict[str, tuple[Change, str]] = {
    "service name": (lambda d, p, g: d["metadata"].update(name="d" * 60), "the Service would be 'dddd"),
    "deployment name": (
        lambda d, p, g: p["componentSpecs"][0].update(metadata={"name": "x" * 50}),
        "the Deployment would be 'demo-default-0-xxxx",
    ),
    "hashed by its containers": (
        lambda d, p, g: (
            [n.update(name=n["name"] * 25) for n in g["children"]],
            [c.update(name=c["name"] * 25) for c in pod(p)["containers"]],
        ),
        "the Deployment would be 'demo-default-0-aaa",
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
