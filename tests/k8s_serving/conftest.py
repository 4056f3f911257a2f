"""What the tests of the serving manifests share."""

from typing import Any

import custom_resource
import pytest


def closed(schema: Any) -> Any:
    """The schema with every unknown key refused, as Kubernetes would otherwise cut them off in silence."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: closed(value) for key, value in schema.items()}
    if "properties" in made and not made.get("x-kubernetes-preserve-unknown-fields"):
        made.setdefault("additionalProperties", False)
    if made.pop("x-kubernetes-int-or-string", False):
        made.pop("type", None)
        made["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    return made


@pytest.fixture(scope="session")
def strict_schema() -> Any:
    """The schema of Seldon's CRD, which is not ours to ship: found in the folder ARGOLANE_SHARED."""
    schema = custom_resource.definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema["properties"]["metadata"] = {"type": "object"}
    return closed(schema)
