"""A checked SeldonDeployment in, typed objects out: what pods and graph servers of this machine are made of.

`check` has looked at every field before; here stand those that are used on this machine. The others are kept
as they are: a pod is another pod when they change.
"""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, InstanceOf
from pydantic.alias_generators import to_camel

from argolane.serving.graph_nodes import Node


class _Typed(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True, alias_generator=to_camel)


class _Key(_Typed):
    name: str = ""
    key: str
    optional: bool = False


class _Field(_Typed):
    field_path: str
    api_version: str = "v1"


class ValueFrom(_Typed):
    config_map_key_ref: _Key | None = None
    secret_key_ref: _Key | None = None
    field_ref: _Field | None = None


class EnvVar(_Typed):
    name: str
    value: str = ""
    value_from: ValueFrom | None = None


class _Source(_Typed):
    name: str = ""
    optional: bool = False


class EnvFrom(_Typed):
    prefix: str = ""
    config_map_ref: _Source | None = None
    secret_ref: _Source | None = None


class VolumeMount(_Typed):
    name: str
    mount_path: str
    read_only: bool = False
    sub_path: str = ""


class Container(_Typed):
    name: str
    image: str = ""
    """Of a prepackaged server it may be missing: servers.py fills it in."""
    command: list[str] = []
    args: list[str] = []
    env: list[EnvVar] = []
    env_from: list[EnvFrom] = []
    working_dir: str = ""
    volume_mounts: list[VolumeMount] = []
    ports: list[dict[str, Any]] = []
    image_pull_policy: str = ""
    readiness_probe: dict[str, Any] | None = None
    liveness_probe: dict[str, Any] | None = None
    startup_probe: dict[str, Any] | None = None


class _Claim(_Typed):
    claim_name: str
    read_only: bool = False


class KeyToPath(_Typed):
    key: str
    path: str


class _ConfigMapVolume(_Typed):
    name: str = ""
    items: list[KeyToPath] = []
    optional: bool = False


class _SecretVolume(_Typed):
    secret_name: str = ""
    items: list[KeyToPath] = []
    optional: bool = False


class Volume(_Typed):
    """An emptyDir when it is nothing else."""

    name: str
    persistent_volume_claim: _Claim | None = None
    config_map: _ConfigMapVolume | None = None
    secret: _SecretVolume | None = None


class PodSpec(_Typed):
    containers: list[Container]
    init_containers: list[Container] = []
    volumes: list[Volume] = []
    termination_grace_period_seconds: int | None = None


class TemplateMetadata(_Typed):
    name: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class Component(_Typed):
    spec: PodSpec = PodSpec(containers=[])
    metadata: TemplateMetadata = TemplateMetadata()
    replicas: int | None = None


class SvcOrch(_Typed):
    env: list[EnvVar] = []


class Predictor(_Typed):
    name: str
    graph: Annotated[InstanceOf[Node], BeforeValidator(Node.of)]
    component_specs: list[Component] = []
    replicas: int | None = None
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    svc_orch_spec: SvcOrch = SvcOrch()


class Spec(_Typed):
    predictors: list[Predictor]
    annotations: dict[str, str] = {}
    replicas: int | None = None
    transport: str = "rest"


class Metadata(_Typed):
    name: str
    namespace: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class SeldonDeployment(_Typed):
    api_version: str
    kind: str
    metadata: Metadata
    spec: Spec

    @property
    def predictor(self) -> Predictor:
        """The one there is on this machine."""
        return self.spec.predictors[0]
