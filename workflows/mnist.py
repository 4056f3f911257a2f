"""Two model folders in, workflow `mnist` out: train both side by side, build, deploy as A/B test, verify."""

from typing import Any

from hera.workflows import DAG, Task, WorkflowTemplate

from k8s_serving.ab_test import ab_test, mnist_arms
from workflows.parts import parameters as p
from workflows.parts.deploy import DEPLOYING, ORIGIN, deploy, tagged
from workflows.parts.gate import gate
from workflows.parts.guard import guard
from workflows.parts.image import BUILDING, commit, image, reference
from workflows.parts.pods import pair, workflow_template
from workflows.parts.rollback import rollback
from workflows.parts.train import train
from workflows.parts.verify import verify


def build() -> WorkflowTemplate:
    a, b = arms = mnist_arms()
    params = [p.of_model(arm, prefix=f"{arm.kebab}-") for arm in arms]
    inputs = [*p.SOURCE, *p.ROLLOUT, p.RATIO, p.DATASET, p.OVERWRITE]
    inputs += [
        p.min_accuracy(min(arm.min_accuracy for arm in arms)),
        *params[0].values(),
        *params[1].values(),
    ]
    with workflow_template(
        "mnist",
        title="MNIST from data to A/B test",
        description=f"Trains {a.title} and {b.title} side by side and deploys them as an A/B test.",
        parameters=inputs,
    ) as workflow:
        check = guard(inputs, models=arms, targets=["trainer", "runtime"])
        make = image(arms)
        learn = [train(arm) for arm in arms]
        judge = gate()
        deployment = ab_test("mnist-ab", a=tagged(a), b=tagged(b), ratio=p.RATIO.tag)
        apply = deploy(deployment)
        probe = verify(deployment, arms, ratio=p.RATIO.tag)
        rollback(workflow, "mnist-ab")

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
            for arm, template, arm_params in zip(arms, learn, params, strict=True):
                trained = Task(name=f"train-{arm.kebab}", template=template, arguments={
                    "image": reference(arm, "trainer", task="build-trainers"),
                    "commit": commit(task="build-trainers"),
                    "dataset": p.DATASET.tag,
                    **{param: parameter.tag for param, parameter in arm_params.items()},
                })  # fmt: skip
                judged = Task(name=f"gate-{arm.kebab}", template=judge, arguments={"model": arm.name})
                trainable >> trained
                trained >> judged
                given[f"{arm.kebab}-image"] = reference(arm, "runtime", task="build-runtimes")
                given |= {f"{arm.kebab}-{what}": judged.get_parameter(what) for what in ORIGIN}
                good.append(judged)
            deployed = Task(name="deploy", template=apply, when=DEPLOYING, arguments=given)
            Task(name="verify", template=probe, when=DEPLOYING, depends="deploy.Succeeded", arguments={
                **given,
                "url": deployed.get_parameter("url"),
            })  # fmt: skip
            checked >> trainable
            trainable >> servable
            for task in (servable, *good):
                task >> deployed
    return workflow


def manifests() -> dict[str, object]:
    return dict(pair(build()))
