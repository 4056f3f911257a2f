"""A unit with `search:` in, its workflow `sweep-<unit>` out: build -> study -> trials -> best."""

from hera.workflows import DAG, Task, WorkflowTemplate

from k8s_serving.deployment import image_name
from models.contract.spec import Unit, read_all
from workflows.parts import parameters as p
from workflows.parts.guard import guard
from workflows.parts.image import BUILDING, image, of_units
from workflows.parts.pods import pair, workflow_template
from workflows.parts.sweep import search, sweep


def build(unit: Unit) -> WorkflowTemplate:
    own = {parameter.name: parameter.tag for parameter in p.dataset([unit])}
    own |= {name: parameter.tag for name, parameter in p.of_unit(unit).items()}
    inputs = [*search(unit), *p.dataset([unit]), *p.of_unit(unit).values(), *p.SOURCE]
    with workflow_template(
        f"sweep-{unit.kebab}",
        title=f"Search params of {unit.title}",
        description=f"{unit.description} Tries params out on its training rows, and says which did best.",
        parameters=inputs,
    ) as workflow:
        check = guard(inputs, images=[image_name(unit, "trainer")])
        make, looked = image(of_units([unit])), sweep(unit)
        with DAG(name="main"):
            checked = Task(name="guard", template=check)
            built = Task(name="build", template=make, when=BUILDING, arguments={"target": "trainer"})
            made, _, _ = looked.tasks(own)
            checked >> built
            built >> made
    return workflow


def manifests() -> dict[str, object]:
    units = [unit for unit in read_all() if unit.space]
    return {name: file for unit in units for name, file in pair(build(unit)).items()}
