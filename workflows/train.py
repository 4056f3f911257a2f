"""A unit in, its workflow `train-<unit>` out: check -> build the image -> train -> gate."""

from hera.workflows import DAG, Task, WorkflowTemplate

from k8s_serving.deployment import image_name
from models.contract.spec import Unit, read_all
from workflows.parts import parameters as p
from workflows.parts.gate import gate
from workflows.parts.guard import guard
from workflows.parts.image import BUILDING, image, of_units
from workflows.parts.pods import pair, workflow_template
from workflows.parts.train import train, training


def build(unit: Unit) -> WorkflowTemplate:
    own = {parameter.name: parameter for parameter in p.dataset([unit])} | p.of_unit(unit)
    inputs = [*p.SOURCE, p.OVERWRITE, p.accept([unit]), *p.dataset([unit]), *p.of_unit(unit).values()]
    with workflow_template(
        f"train-{unit.kebab}",
        title=f"Train {unit.title}",
        description=f"{unit.description} Trains it into the model store; fails if it is worse than accept.",
        parameters=inputs,
    ) as workflow:
        check = guard(inputs, images=[image_name(unit, "trainer")])
        make, learn, judge = image(of_units([unit])), train(unit), gate([unit])

        with DAG(name="main"):
            checked = Task(name="guard", template=check)
            built = Task(name="build", template=make, when=BUILDING, arguments={"target": "trainer"})
            trained = Task(name="train", template=learn, arguments=training(unit, own))
            good = Task(name="gate", template=judge, arguments={"unit": unit.name, "version": p.VERSION.tag})
            checked >> built
            built >> trained
            trained >> good
    return workflow


def manifests() -> dict[str, object]:
    units = [unit for unit in read_all() if unit.train is not None]
    return {name: file for unit in units for name, file in pair(build(unit)).items()}
