"""The two MNIST models in, `ab-test-mnist` out: check -> find -> build -> deploy both as one -> verify."""

from typing import Any

from hera.workflows import DAG, Task, WorkflowTemplate

from k8s_serving.ab_test import ab_test, mnist_arms
from workflows.parts import parameters as p
from workflows.parts.deploy import DEPLOYING, ORIGIN, deploy, tagged
from workflows.parts.gate import gate
from workflows.parts.guard import guard
from workflows.parts.image import BUILDING, image, reference
from workflows.parts.pods import pair, workflow_template
from workflows.parts.rollback import rollback
from workflows.parts.verify import verify


def build() -> WorkflowTemplate:
    a, b = arms = mnist_arms()
    inputs = [*p.SOURCE, *p.ROLLOUT, p.RATIO, p.min_accuracy(min(arm.min_accuracy for arm in arms))]
    with workflow_template(
        "ab-test-mnist",
        title="A/B test on MNIST",
        description=f"Deploys {a.title} and {b.title} side by side, by chance one of them for each request.",
        parameters=inputs,
    ) as workflow:
        check = guard(inputs, models=arms, targets=["runtime"])
        find = gate()
        make = image(arms)
        deployment = ab_test("mnist-ab", a=tagged(a), b=tagged(b), ratio=p.RATIO.tag)
        apply = deploy(deployment)
        probe = verify(deployment, arms, ratio=p.RATIO.tag)
        rollback(workflow, "mnist-ab")

        with DAG(name="main"):
            checked = Task(name="guard", template=check)
            found = [
                Task(name=f"gate-{arm.kebab}", template=find, arguments={"model": arm.name}) for arm in arms
            ]
            built = Task(name="build", template=make, when=BUILDING, arguments={"target": "runtime"})
            given: dict[str, Any] = {f"{arm.kebab}-image": reference(arm, "runtime") for arm in arms}
            for arm, task in zip(arms, found, strict=True):
                given |= {f"{arm.kebab}-{what}": task.get_parameter(what) for what in ORIGIN}
            deployed = Task(name="deploy", template=apply, when=DEPLOYING, arguments=given)
            Task(name="verify", template=probe, when=DEPLOYING, depends="deploy.Succeeded", arguments={
                **given,
                "url": deployed.get_parameter("url"),
            })  # fmt: skip
            checked >> found
            for task in found:
                task >> built
            built >> deployed
    return workflow


def manifests() -> dict[str, object]:
    return dict(pair(build()))
