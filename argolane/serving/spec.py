"""The fields of a SeldonDeployment manifest in, typed objects out: what `check.py` reads manifests with.

Every field is one of three: used on this machine; without a meaning on one machine (resources, scheduling,
timing of probes), so accepted and not looked into; or refused by name, with the cure.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

API_VERSION = "machinelearning.seldon.io/v1"
KIND = "SeldonDeployment"


def _refuse(why: str) -> BeforeValidator:
    def check(value: object) -> None:
        # false, 0 and {} ask for nothing.
        if value:
            raise PydanticCustomError("refused", "{why}", {"why": why})

    return BeforeValidator(check)


NEEDS_INGRESS = (
    "needs an ingress (Istio or Ambassador), which a laptop has not. Split inside the graph: RANDOM_ABTEST"
)
NEEDS_CLUSTER = "needs a cluster. Leave it out, or use --on argo"
NEEDS_SCALING = "needs a cluster that scales. Set replicas, or use --on argo"

Port = Annotated[int, Field(ge=1, le=65535)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", max_length=63)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, alias_generator=to_camel)

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, value: Any) -> Any:
        """As the API server reads it: `env:` with nothing behind it is no fault."""
        return {k: v for k, v in value.items() if v is not None} if isinstance(value, dict) else value


class _Key(_Strict):
    name: str
    key: str
    optional: bool = False


class _Field(_Strict):
    field_path: str
    api_version: str = "v1"


class ValueFrom(_Strict):
    config_map_key_ref: _Key | None = None
    secret_key_ref: _Key | None = None
    field_ref: _Field | None = None
    resource_field_ref: Annotated[None, _refuse(NEEDS_CLUSTER)] = None


class EnvVar(_Strict):
    name: str
    value: str = ""
    value_from: ValueFrom | None = None


class _Source(_Strict):
    name: str
    optional: bool = False


class EnvFrom(_Strict):
    prefix: str = ""
    config_map_ref: _Source | None = None
    secret_ref: _Source | None = None


class VolumeMount(_Strict):
    name: str
    mount_path: str
    read_only: bool = False
    sub_path: str = ""
    mount_propagation: Any = None
    sub_path_expr: Annotated[None, _refuse(NEEDS_CLUSTER)] = None


class ContainerPort(_Strict):
    name: str = ""
    container_port: Port
    protocol: str = "TCP"
    host_port: Annotated[None, _refuse(NEEDS_CLUSTER)] = None


class Container(_Strict):
    name: Name
    image: str = Field(min_length=1)
    command: list[str] = []
    args: list[str] = []
    env: list[EnvVar] = []
    env_from: list[EnvFrom] = []
    working_dir: str = ""
    volume_mounts: list[VolumeMount] = []
    ports: list[ContainerPort] = []
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"
    volume_devices: Annotated[None, _refuse(NEEDS_CLUSTER)] = None
    # One machine, one user: readiness is a TCP dial and an HTTP answer here, a dead process is started again.
    resources: Any = None
    readiness_probe: Any = None
    liveness_probe: Any = None
    startup_probe: Any = None
    lifecycle: Any = None
    security_context: Any = None
    termination_message_path: Any = None
    termination_message_policy: Any = None
    stdin: Any = None
    stdin_once: Any = None
    tty: Any = None


class _Claim(_Strict):
    claim_name: str
    read_only: bool = False


class _EmptyDir(_Strict):
    medium: Any = None
    size_limit: Any = None


class KeyToPath(_Strict):
    key: str
    path: str
    mode: Any = None


class _ConfigMapVolume(_Strict):
    name: str
    items: list[KeyToPath] = []
    optional: bool = False
    default_mode: Any = None


class _SecretVolume(_Strict):
    secret_name: str
    items: list[KeyToPath] = []
    optional: bool = False
    default_mode: Any = None


class Volume(_Strict):
    name: Name
    persistent_volume_claim: _Claim | None = None
    empty_dir: _EmptyDir | None = None
    config_map: _ConfigMapVolume | None = None
    secret: _SecretVolume | None = None


class PodSpec(_Strict):
    containers: list[Container] = Field(min_length=1)
    volumes: list[Volume] = []
    termination_grace_period_seconds: Annotated[int, Field(ge=0)] | None = None
    restart_policy: Literal["Always"] = "Always"
    init_containers: Annotated[None, _refuse(NEEDS_CLUSTER)] = None
    ephemeral_containers: Annotated[None, _refuse(NEEDS_CLUSTER)] = None
    active_deadline_seconds: Annotated[None, _refuse(NEEDS_CLUSTER)] = None
    # Where and as whom a pod runs: a laptop is one node and one user.
    service_account_name: Any = None
    service_account: Any = None
    automount_service_account_token: Any = None
    image_pull_secrets: Any = None
    security_context: Any = None
    node_selector: Any = None
    node_name: Any = None
    affinity: Any = None
    tolerations: Any = None
    topology_spread_constraints: Any = None
    priority_class_name: Any = None
    priority: Any = None
    preemption_policy: Any = None
    runtime_class_name: Any = None
    scheduler_name: Any = None
    dns_policy: Any = None
    enable_service_links: Any = None


class TemplateMetadata(_Strict):
    name: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    creation_timestamp: Any = None


class Component(_Strict):
    spec: PodSpec
    metadata: TemplateMetadata = TemplateMetadata()
    replicas: Annotated[int, Field(ge=0)] | None = None
    hpa_spec: Annotated[None, _refuse(NEEDS_SCALING)] = None
    keda_spec: Annotated[None, _refuse(NEEDS_SCALING)] = None
    pdb_spec: Any = None


class SvcOrch(_Strict):
    env: list[EnvVar] = []
    resources: Any = None
    # The graph server is one process here, however many there would be on a cluster.
    replicas: Any = None


class Predictor(_Strict):
    name: Name
    graph: dict[str, Any]
    component_specs: list[Component] = []
    replicas: Annotated[int, Field(ge=0)] | None = None
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    svc_orch_spec: SvcOrch = SvcOrch()
    traffic: Literal[0, 100] | None = None
    progress_deadline_seconds: Any = None
    engine_resources: Any = None
    shadow: Annotated[None, _refuse(NEEDS_INGRESS)] = None
    explainer: Annotated[None, _refuse(NEEDS_CLUSTER)] = None
    ssl: Annotated[None, _refuse(NEEDS_CLUSTER)] = None


class Spec(_Strict):
    predictors: list[Predictor] = Field(min_length=1)
    name: str = ""
    annotations: dict[str, str] = {}
    replicas: Annotated[int, Field(ge=0)] | None = None
    protocol: Literal["seldon"] = "seldon"
    transport: Literal["rest"] = "rest"
    server_type: Literal["rpc"] = "rpc"


class Metadata(_Strict):
    name: Name
    namespace: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    # Set by the server; a manifest that was read back holds them.
    uid: Any = None
    generation: Any = None
    resource_version: Any = None
    creation_timestamp: Any = None
    deletion_timestamp: Any = None
    generate_name: Any = None
    finalizers: Any = None
    managed_fields: Any = None
    owner_references: Any = None
    self_link: Any = None


class SeldonDeployment(_Strict):
    api_version: Literal["machinelearning.seldon.io/v1"]
    kind: Literal["SeldonDeployment"]
    metadata: Metadata
    spec: Spec
    status: Any = None

    @property
    def predictor(self) -> Predictor:
        return self.spec.predictors[0]
