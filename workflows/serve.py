"""A model folder in, its workflow `serve-<model>` out: check -> find it -> build -> deploy -> verify."""

from hera.workflows import DAG, Task, WorkflowTemplate

from k8s_serving.single import single
from models.spec import Spec, read_all
from workflows.parts import parameters as p
from workflows.parts.deploy import DEPLOYING, ORIGIN, deploy, tagged
from workflows.parts.gate import gate
from workflows.parts.guard import guard
from workflows.parts.image import BUILDING, image, reference
from workflows.parts.pods import pair, workflow_template
from workflows.parts.rollback import rollback
from workflows.parts.verify import verify


def build(model: Spec) -> WorkflowTemplate:
    inputs = [*p.SOURCE, *p.ROLLOUT, p.min_accuracy(model.min_accuracy)]
    name = model.kebab
    with workflow_template(
        f"serve-{name}",
        title=f"Serve {model.title}",
        description=f"Deploys a trained version of {model.title} and proves that it answers.",
        parameters=inputs,
    ) as workflow:
        check = guard(inputs, models=[model], targets=["runtime"])
        find = gate()
        make = image([model])
        deployment = single(tagged(model))
        apply = deploy(deployment)
        probe = verify(deployment, [model])
        rollback(workflow, name)

        with DAG(name="main"):
            checked = Task(name="guard", template=check)
            found = Task(name="gate", template=find, arguments={"model": model.name})
            built = Task(name="build", template=make, when=BUILDING, arguments={"target": "runtime"})
            given = {
                f"{name}-image": reference(model, "runtime"),
                **{f"{name}-{what}": found.get_parameter(what) for what in ORIGIN},
            }
            deployed = Task(name="deploy", template=apply, when=DEPLOYING, arguments=given)
            Task(name="verify", template=probe, when=DEPLOYING, depends="deploy.Succeeded", arguments={
                **given,
                "url": deployed.get_parameter("url"),
            })  # fmt: skip
            checked >> found
            found >> built
            built >> deployed
    return workflow


def manifests() -> dict[str, object]:
    return {name: file for model in read_all() for name, file in pair(build(model)).items()}
