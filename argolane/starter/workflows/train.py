"""A model in, its workflow `train-<model>` out: train it, hold it against its bound, deploy it."""

from pathlib import Path

import yaml
from hera.workflows import DAG, Container, Parameter, Resource, Script, Task, Workflow
from hera.workflows import models as m

from models.unit import Unit, read_all

REGISTRY = "registry.example.com/@project@"
STORE = "/mnt/model-store"
GATE = Path(__file__).with_name("steps") / "gate.py"
VERSION = "{{workflow.parameters.version}}"
VOLUME = m.Volume(
    name="model-store",
    persistent_volume_claim=m.PersistentVolumeClaimVolumeSource(claim_name="model-store"),
)


def train(unit: Unit) -> Container:
    """Template `train`; its output is the metric."""
    flags = {name: f"{{{{workflow.parameters.{name}}}}}" for name in ("version", *unit.params)}
    return Container(
        name="train",
        image=f"{REGISTRY}/{kebab(unit)}-model:0.1",
        command=["python", "-m", f"models.{unit.name}.train"],
        args=[*(f"--{name}={value}" for name, value in flags.items()), "--metric-file=/tmp/outputs/metric"],
        env=[m.EnvVar(name="MODEL_STORE", value=STORE)],
        volume_mounts=[m.VolumeMount(name=VOLUME.name, mount_path=STORE)],
        outputs=[Parameter(name="metric", value_from=m.ValueFrom(path="/tmp/outputs/metric"))],
    )


def gate(unit: Unit) -> Script:
    """Template `gate`, which fails where its input `metric` is not good enough."""
    values = {
        "METRIC": "{{inputs.parameters.metric}}",
        "ACCEPT": "{{workflow.parameters.accept}}",
        "BETTER": unit.better,
    }
    return Script(
        name="gate",
        image="python:3.11-slim",
        command=["python"],
        source=GATE.read_text(encoding="utf-8"),
        env=[m.EnvVar(name=name, value=value) for name, value in values.items()],
        inputs=[Parameter(name="metric")],
    )


def deploy(unit: Unit) -> Resource:
    """Template `deploy`: over when the SeldonDeployment is available."""
    container = {
        "name": kebab(unit),
        "image": f"{REGISTRY}/{kebab(unit)}-model:0.1",
        "env": [{"name": "MODEL_DIR", "value": f"{STORE}/{unit.name}/{VERSION}"}],
        "volumeMounts": [{"name": VOLUME.name, "mountPath": STORE, "readOnly": True}],
    }
    volume = {"name": VOLUME.name, "persistentVolumeClaim": {"claimName": "model-store"}}
    predictor = {
        "name": "default",
        "replicas": 1,
        "graph": {"name": kebab(unit), "type": "MODEL"},
        "componentSpecs": [{"spec": {"containers": [container], "volumes": [volume]}}],
    }
    manifest = {
        "apiVersion": "machinelearning.seldon.io/v1",
        "kind": "SeldonDeployment",
        "metadata": {"name": kebab(unit)},
        "spec": {"predictors": [predictor]},
    }
    return Resource(
        name="deploy",
        action="apply",
        manifest=yaml.safe_dump(manifest, sort_keys=False),
        success_condition="status.state == Available",
        active_deadline_seconds=600,
    )


def build(unit: Unit) -> Workflow:
    own = {"version": "0.1", "accept": unit.accept}
    if taken := sorted(unit.params.keys() & {*own, "deploy"}):
        raise ValueError(f"models/{unit.name}/model.yaml: params.{taken[0]} is a parameter of the workflow.")
    given = own | dict(unit.params)
    words = {
        "version": "Name of the version in the model store.",
        "accept": f"How good its {unit.metric} has to be; {unit.better} is better.",
    }
    arguments = [
        Parameter(name=name, value=str(value), description=words.get(name, f"Param {name} of the training."))
        for name, value in given.items()
    ]
    deploying = Parameter(
        name="deploy", value="true", enum=["true", "false"], description="Whether it is deployed."
    )
    with Workflow(
        generate_name=f"train-{kebab(unit)}-",
        annotations={"workflows.argoproj.io/description": f"Trains {unit.title}, and deploys it."},
        entrypoint="main",
        arguments=[*arguments, deploying],
        volumes=[VOLUME],
    ) as workflow:
        learn, judge, serve = train(unit), gate(unit), deploy(unit)
        with DAG(name="main"):
            trained = Task(name="train", template=learn)
            good = Task(name="gate", template=judge, arguments=trained.get_parameter("metric"))
            served = Task(name="deploy", template=serve, when="'{{workflow.parameters.deploy}}' == 'true'")
            trained >> good >> served
    return workflow


def kebab(unit: Unit) -> str:
    return unit.name.replace("_", "-")


def manifests() -> dict[str, object]:
    """What `argolane render` writes: a file for each model."""
    return {f"train-{kebab(unit)}": build(unit) for unit in read_all()}
