"""Units that answer one question in, `ab-test-<question>` out: two of them, or two versions of one."""

from hera.workflows import DAG, Task, WorkflowTemplate

from k8s_serving.ab_test import ab_test, arms, questions
from models.contract.spec import Unit
from workflows.parts import parameters as p
from workflows.parts.arms import folders, gated, said
from workflows.parts.gate import ORIGIN, gate
from workflows.parts.guard import guard
from workflows.parts.image import BUILDING, given_by_task, image
from workflows.parts.pods import pair, workflow_template
from workflows.parts.rollout import DEPLOYING, rollout, rollout_again
from workflows.parts.targets import arm, seldon
from workflows.parts.traffic import SENDING, traffic
from workflows.parts.verdict import VERDICT, compare, promoting

TOLD = ("node", "image", "unit", "version", *ORIGIN)  # what a rollout is told of an arm


def build(question: str, units: list[Unit]) -> WorkflowTemplate:
    first = {
        name: p.arm(name, said(unit, version), units)
        for name, (unit, version) in zip("ab", arms(units), strict=True)
    }
    inputs = [*first.values(), p.RATIO, *p.SOURCE, *p.ROLLOUT, p.accept(units), *p.TRAFFIC, *VERDICT]
    with workflow_template(
        f"ab-test-{question}",
        title=f"A/B test of {question}",
        description=f"Deploys two of {', '.join(unit.title for unit in units)}, or two versions of one, "
        "side by side, where chance decides which of them answers a request, sends labelled rows, and makes"
        " the better one the only one.",
        parameters=inputs,
    ) as workflow:
        check = guard(inputs, arms=dict.fromkeys(first, units))
        find, make = gate(units), image({name: given_by_task(name) for name in first})
        graph = ab_test(*(arm(name, units) for name in first), ratio=p.RATIO.tag)
        target = seldon(f"{question}-ab", graph)
        roll, send, judge = rollout(target), traffic(target), compare()
        promote = rollout_again(seldon(target.name, arm("winner", units)), "winner")

        with DAG(name="main"):
            checked = Task(name="guard", template=check)
            built = Task(name="build", template=make, when=BUILDING, arguments={
                "target": "runtime",
                **folders(first, checked),
            })  # fmt: skip
            given = gated(first, find, checked=checked, built=built)
            rolled = Task(name="rollout", template=roll, when=DEPLOYING, arguments=given)
            built >> rolled
            sent = Task(
                name="traffic",
                template=send,
                depends="rollout.Succeeded",
                when=SENDING,
                arguments={**given, "url": rolled.get_parameter("url")},
            )
            Task(
                name="compare",
                template=judge,
                depends="traffic.Succeeded",
                arguments={"observations": sent.get_parameter("observations")},
            )
            for name in first:
                Task(
                    name=f"promote-{name}",
                    template=promote,
                    depends="compare.Succeeded",
                    when=promoting(name),
                    arguments={f"winner-{what}": given[f"{name}-{what}"] for what in TOLD},
                )
    return workflow


def manifests() -> dict[str, object]:
    built = [build(question, units) for question, units in questions().items()]
    return {name: file for workflow in built for name, file in pair(workflow).items()}
