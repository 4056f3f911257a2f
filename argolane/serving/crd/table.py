"""The CRD of SeldonDeployments in, a table of its fields out: `python -m argolane.serving.crd.table CRD`.

The CRD itself (half a megabyte, mostly prose) is Seldon's and stays out of this project. The table
(fields.json.gz) says what each object may hold, as `workflow/lint/fields.json.gz` does for Argo.
"""

import gzip
import json
import sys
from pathlib import Path
from typing import Any

Table = dict[str, dict[str, str]]

TABLE = Path(__file__).with_name("fields.json.gz")
ROOT, GRAPH, METADATA = "SeldonDeployment", "Graph", "ObjectMeta"
# The schema writes the levels of a graph out, each like the one above; the last alone has no children.
LEVELS = 11
_NUMBERS = {"int32": "int32", "int64": "int64"}


def load() -> Table:
    """Type -> field -> kind: `[]X` a list, `{}X` a map, a capital another type, `!` behind it: required."""
    table: Table = json.loads(gzip.decompress(TABLE.read_bytes()))
    return table


def build(crd: dict[str, Any]) -> Table:
    """The table of the one version that the CRD stores."""
    (version,) = (v for v in crd["spec"]["versions"] if v["storage"])
    schema = version["schema"]["openAPIV3Schema"]
    spec = schema["properties"]["spec"]
    component = spec["properties"]["predictors"]["items"]["properties"]["componentSpecs"]["items"]
    made = _Types()
    # The object's own metadata is the API server's matter, and no part of the schema; a pod's is.
    made.kind(component["properties"]["metadata"], METADATA)
    made.table[METADATA] |= {"managedFields": "any"}
    made.table[ROOT] = {
        "apiVersion": "string!",
        "kind": "string!",
        "metadata": f"{METADATA}!",
        "spec": made.kind(spec, "Spec"),
        "status": "any",
    }
    return made.table


class _Types:
    """Objects by their schema: equal ones are one type, named after the field where it was met first."""

    def __init__(self) -> None:
        self.table: Table = {}
        self._names: dict[str, str] = {}

    def kind(self, schema: dict[str, Any], name: str) -> str:
        if schema.get("x-kubernetes-int-or-string"):
            return "quantity" if "pattern" in schema else "intOrString"
        match schema.get("type"):
            case "array":
                return "[]" + self.kind(schema["items"], _one(name))
            case "object" if "properties" in schema:
                return self._object(schema, name)
            case "object":
                return "{}" + self.kind(schema.get("additionalProperties") or {}, _one(name))
            case "integer":
                return _NUMBERS[schema["format"]]
            case None:
                return "any"
            case other:
                return str(other)

    def _object(self, schema: dict[str, Any], name: str) -> str:
        if "children" in schema["properties"] and name == GRAPH:
            schema = {**schema, "properties": {**schema["properties"], "children": {}}}
        key = json.dumps(_bare(schema), sort_keys=True)
        if key in self._names:
            return self._names[key]
        if name in self.table:
            name = next(f"{name}{n}" for n in range(2, 1000) if f"{name}{n}" not in self.table)
        self._names[key] = name
        fields = self.table[name] = {}
        required = schema.get("required") or ()
        for field, below in sorted(schema["properties"].items()):
            kind = self.kind(below, field[0].upper() + field[1:])
            fields[field] = kind + ("!" if field in required else "")
        if name == GRAPH:
            fields["children"] = f"[]{GRAPH}"
        return name


def _one(name: str) -> str:
    return name.removesuffix("s") if not name.endswith("ss") else name


def _bare(schema: Any) -> Any:
    """The schema without its prose."""
    if isinstance(schema, dict):
        return {k: _bare(v) for k, v in schema.items() if k != "description" or not isinstance(v, str)}
    return [_bare(part) for part in schema] if isinstance(schema, list) else schema


if __name__ == "__main__":
    import yaml

    given = Path(sys.argv[1]).read_bytes()
    found = yaml.safe_load(gzip.decompress(given) if given.startswith(b"\x1f\x8b") else given)
    text = json.dumps(build(found), sort_keys=True, separators=(",", ":"))
    TABLE.write_bytes(gzip.compress(text.encode(), mtime=0))
