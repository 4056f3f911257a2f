"""A model folder in, its workflow `train-<model>` out: check -> build the image -> train -> gate."""

from hera.workflows import DAG, Task, WorkflowTemplate

from models.spec import Spec, read_all
from workflows.parts import parameters as p
from workflows.parts.gate import gate
from workflows.parts.guard import guard
from workflows.parts.image import BUILDING, commit, image, reference
from workflows.parts.pods import pair, workflow_template
from workflows.parts.train import train


def build(model: Spec) -> WorkflowTemplate:
    params = p.of_model(model)
    inputs = [*p.SOURCE, p.DATASET, p.OVERWRITE, p.min_accuracy(model.min_accuracy), *params.values()]
    with workflow_template(
        f"train-{model.kebab}",
        title=f"Train {model.title}",
        description=f"{model.description} Trains it into the model store; fails below min-accuracy.",
        parameters=inputs,
    ) as workflow:
        check = guard(inputs, models=[model], targets=["trainer"])
        make = image([model])
        learn = train(model)
        judge = gate()

        with DAG(name="main"):
            checked = Task(name="guard", template=check)
            built = Task(name="build", template=make, when=BUILDING, arguments={"target": "trainer"})
            trained = Task(name="train", template=learn, arguments={
                "image": reference(model, "trainer"),
                "commit": commit(),
                "dataset": p.DATASET.tag,
                **{param: parameter.tag for param, parameter in params.items()},
            })  # fmt: skip
            good = Task(name="gate", template=judge, arguments={"model": model.name})
            checked >> built
            built >> trained
            trained >> good
    return workflow


def manifests() -> dict[str, object]:
    return {name: file for model in read_all() for name, file in pair(build(model)).items()}
