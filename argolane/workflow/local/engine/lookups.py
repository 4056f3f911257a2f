"""ConfigMaps and Secrets of the project in, single values of them out, with Argo's complaints."""

from argolane.kubernetes.objects import Objects
from argolane.workflow.local.reconciler.errors import OperationError
from argolane.workflow.local.reconciler.template.inputs import NotFound

_LABEL, _WANTED = "workflows.argoproj.io/configmap-type", "Parameter"


class Lookups:
    """What parameters, semaphores and artifacts read."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def parameter(self, name: str, key: str) -> str:
        """A parameter's value; Argo reads it only from ConfigMaps that say they hold some."""
        body = self._objects.get("ConfigMap", name)
        labels = ((body or {}).get("metadata") or {}).get("labels") or {}
        if labels.get(_LABEL) != _WANTED:
            raise NotFound(
                f"ConfigMap '{name}' does not exist. Please make sure it has the label {_LABEL}: {_WANTED} "
                "to be detectable by the controller"
            )
        data = self._objects.data("ConfigMap", name) or {}
        if key not in data:
            raise NotFound(f"ConfigMap '{name}' does not have the key '{key}'")
        return data[key].decode("utf-8", "replace")

    def limit(self, name: str, key: str) -> int:
        """A semaphore's size; 0 when nobody says it."""
        data = self._objects.data("ConfigMap", name) or {}
        try:
            return int(data.get(key, b"0"))
        except ValueError:
            return 0

    def secret(self, name: str, key: str) -> str:
        data = self._objects.data("Secret", name)
        if data is None or key not in data:
            raise OperationError(self._objects.missing("Secret", name))
        return data[key].decode("utf-8", "replace")
