"""Units in, workflow `mnist` out: train two side by side, build, roll them out as an A/B test.

`mnist-3` does it with three.
"""

from typing import Any

from hera.workflows import DAG, Task, WorkflowTemplate

from k8s_serving.ab_test import ab_test, questions
from k8s_serving.deployment import image_name
from workflows.parts import parameters as p
from workflows.parts.gate import gate
from workflows.parts.guard import guard
from workflows.parts.image import BUILDING, image, of_units, reference
from workflows.parts.pods import pair, workflow_template
from workflows.parts.rollout import DEPLOYING, rollout
from workflows.parts.targets import origin, seldon, tagged
from workflows.parts.train import train, training

SIZES = (2, 3)
# Shares of three arms are numbers: RANDOM_ABTEST has two arms, and no tag can be divided between them.
THIRDS = ("0.34", "0.33")


def build(size: int) -> WorkflowTemplate:
    arms = questions()["mnist"][:size]
    titles = f"{', '.join(unit.title for unit in arms[:-1])} and {arms[-1].title}"
    params = {unit.name: p.of_unit(unit, prefix=f"{unit.kebab}-") for unit in arms}
    dataset = p.dataset(arms)
    ratio = [p.RATIO] if size == 2 else []
    inputs = [*p.SOURCE, *p.ROLLOUT, *ratio, *dataset, p.OVERWRITE, p.accept(arms)]
    inputs += [parameter for own in params.values() for parameter in own.values()]
    with workflow_template(
        "mnist" if size == 2 else f"mnist-{size}",
        title="MNIST from data to A/B test" + (f" of {size} arms" if size > 2 else ""),
        description=f"Trains {titles} side by side and deploys them as an A/B test.",
        parameters=inputs,
    ) as workflow:
        images = [image_name(unit, target) for unit in arms for target in ("trainer", "runtime")]
        check = guard(inputs, images=images)
        make, judge, learn = image(of_units(arms)), gate(arms), {unit.name: train(unit) for unit in arms}
        ratios = [p.RATIO.tag] if size == 2 else THIRDS
        roll = rollout(seldon(f"mnist-{'abc'[:size]}", ab_test(*map(tagged, arms), ratios=ratios)))

        with DAG(name="main"):
            checked = Task(name="guard", template=check)
            trainable = Task(
                name="build-trainers", template=make, when=BUILDING, arguments={"target": "trainer"}
            )
            # Beside the training, not after it: these images hold no weights.
            servable = Task(
                name="build-runtimes", template=make, when=BUILDING, arguments={"target": "runtime"}
            )
            given: dict[str, Any] = {}
            good = []
            for unit in arms:
                name = unit.kebab
                own = {parameter.name: parameter for parameter in dataset} | params[unit.name]
                told = training(unit, own, task="build-trainers")
                trained = Task(name=f"train-{name}", template=learn[unit.name], arguments=told)
                told = {"unit": unit.name, "version": p.VERSION.tag}
                judged = Task(name=f"gate-{name}", template=judge, arguments=told)
                trainable >> trained
                trained >> judged
                given[f"{name}-image"] = reference(unit, "runtime", task="build-runtimes")
                given |= origin(name, judged)
                good.append(judged)
            rolled = Task(name="rollout", template=roll, when=DEPLOYING, arguments=given)
            checked >> trainable
            trainable >> servable
            for task in (servable, *good):
                task >> rolled
    return workflow


def manifests() -> dict[str, object]:
    return {name: file for size in SIZES for name, file in pair(build(size)).items()}
