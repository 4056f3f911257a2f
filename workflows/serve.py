"""A unit in, its workflow `serve-<unit>` out: check -> find it -> build -> roll it out."""

from hera.workflows import DAG, Task, WorkflowTemplate

from k8s_serving.deployment import image_name
from models.contract.spec import Unit, read_all
from workflows.parts import parameters as p
from workflows.parts.gate import gate
from workflows.parts.guard import guard
from workflows.parts.image import BUILDING, image, of_units, reference
from workflows.parts.pods import pair, workflow_template
from workflows.parts.rollout import DEPLOYING, rollout
from workflows.parts.targets import origin, seldon, tagged


def build(unit: Unit) -> WorkflowTemplate:
    inputs = [*p.SOURCE, *p.ROLLOUT, p.accept([unit])]
    with workflow_template(
        f"serve-{unit.kebab}",
        title=f"Serve {unit.title}",
        description=f"Deploys a trained version of {unit.title} and proves that it answers.",
        parameters=inputs,
    ) as workflow:
        check = guard(inputs, images=[image_name(unit, "runtime")])
        find, make = gate([unit]), image(of_units([unit]))
        roll = rollout(seldon(unit.kebab, tagged(unit)))

        with DAG(name="main"):
            checked = Task(name="guard", template=check)
            found = Task(name="gate", template=find, arguments={"unit": unit.loads, "version": p.VERSION.tag})
            built = Task(name="build", template=make, when=BUILDING, arguments={"target": "runtime"})
            rolled = Task(name="rollout", template=roll, when=DEPLOYING, arguments={
                f"{unit.kebab}-image": reference(unit, "runtime"),
                **origin(unit.kebab, found),
            })  # fmt: skip
            checked >> found
            found >> built
            built >> rolled
    return workflow


def manifests() -> dict[str, object]:
    units = [unit for unit in read_all() if unit.serve and unit.metric]
    return {name: file for unit in units for name, file in pair(build(unit)).items()}
