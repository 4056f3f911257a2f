"""The scoring service in, workflow `score` out: check -> build its image -> roll it out as a Deployment."""

from hera.workflows import DAG, Task, WorkflowTemplate

from k8s_serving import score
from k8s_serving.deployment import image_name
from k8s_serving.web import service
from models.contract.spec import MODELS
from workflows.parts import parameters as p
from workflows.parts.guard import guard
from workflows.parts.image import BUILDING, commit, image, of_units, reference
from workflows.parts.pods import pair, workflow_template
from workflows.parts.rollout import DEPLOYING, rollout
from workflows.parts.targets import web


def build() -> WorkflowTemplate:
    unit = score.unit()
    inputs = [*p.SOURCE, *p.ROLLOUT]
    with workflow_template(
        "score",
        title="A score as a web service",
        description="Deploys the scoring service, and proves that the new version answers.",
        parameters=inputs,
    ) as workflow:
        check = guard(inputs, images=[image_name(unit, "app")])
        make = image(of_units([unit]), targets=["app", "runtime"])
        request = (MODELS / unit.folder / "score.json").read_text(encoding="utf-8").strip()
        target = web(score.app, service(score.NAME), path="/score", request=request, answer="score")
        roll = rollout(target)

        with DAG(name="main"):
            checked = Task(name="guard", template=check)
            built = Task(name="build", template=make, when=BUILDING, arguments={"target": "app"})
            given = {"image": reference(unit, "app"), "commit": commit()}
            checked >> built
            built >> Task(name="rollout", template=roll, when=DEPLOYING, arguments=given)
    return workflow


def manifests() -> dict[str, object]:
    return dict(pair(build()))
