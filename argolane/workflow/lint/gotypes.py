"""A field and its kind in, what Go's JSON reader calls them out: its complaints are Argo's, word for word.

Kinds are those of the table in fields.py. Go names a path by the structs that lie embedded in others, and a
type by its package.
"""

from collections.abc import Container

_CONTAINER_OF = "Container"
_NAME_OF = "LocalObjectReference"
# A struct that holds another whole, and the fields that are its own.
_EMBEDDED = {
    "ScriptTemplate": (_CONTAINER_OF, {"source"}),
    "UserContainer": (_CONTAINER_OF, {"mirrorVolumeMounts"}),
    "ContainerNode": (_CONTAINER_OF, {"dependencies"}),
    "Artifact": ("ArtifactLocation", {
        "archive", "artifactGC", "deleted", "from", "fromExpression", "globalName", "mode", "name",
        "optional", "path", "recurseMode", "subPath",
    }),
    "Volume": ("VolumeSource", {"name"}),
    "Probe": ("ProbeHandler", {
        "failureThreshold", "initialDelaySeconds", "periodSeconds", "successThreshold",
        "terminationGracePeriodSeconds", "timeoutSeconds",
    }),
    "ConfigMapKeySelector": (_NAME_OF, {"key", "optional"}),
    "SecretKeySelector": (_NAME_OF, {"key", "optional"}),
    "ConfigMapEnvSource": (_NAME_OF, {"optional"}),
    "SecretEnvSource": (_NAME_OF, {"optional"}),
    "ConfigMapVolumeSource": (_NAME_OF, {"defaultMode", "items", "optional"}),
}  # fmt: skip
_TYPES = {
    "string": "string",
    "boolean": "bool",
    "number": "float64",
    "intOrString": "int32",
    "any": "v1alpha1.Item",
    "anyText": "v1alpha1.AnyString",
    # Lists and maps that have a name.
    "[]Artifact": "v1alpha1.Artifacts",
    "{}LifecycleHook": "v1alpha1.LifecycleHooks",
    "{}quantity": "v1.ResourceList",
    # Groups of steps have a reader of their own.
    "[][]WorkflowStep": "[]v1alpha1.ParallelSteps",
    "[]WorkflowStep": "[]map[string]interface {}",
    "WorkflowStep": "map[string]interface {}",
}
_LONG = {
    "activeDeadlineSeconds", "deletionGracePeriodSeconds", "expirationSeconds", "fsGroup", "generation",
    "parallelism", "runAsGroup", "runAsUser", "seconds", "startingDeadlineSeconds", "supplementalGroups",
    "terminationGracePeriodSeconds", "tolerationSeconds",
}  # fmt: skip


def embedded(kind: str, field: str) -> str:
    """The step in a path to a field that belongs to a struct within the kind's; '' for the kind's own."""
    struct, own = _EMBEDDED.get(kind, ("", {field}))
    return "" if field in own else f"{struct}."


def type_of(kind: str, field: str, kubernetes: Container[str]) -> str:
    """What the reader wanted; `kubernetes` are the kinds that are not Argo's own."""
    if kind in _TYPES:
        return _TYPES[kind]
    if kind == "integer":
        return "int64" if field in _LONG else "int32"
    if kind.startswith("[]"):
        return f"[]{type_of(kind[2:], field, kubernetes)}"
    if kind.startswith("{}"):
        return f"map[string]{type_of(kind[2:], field, kubernetes)}"
    return f"v1.{kind}" if kind in kubernetes else f"v1alpha1.{kind}"
