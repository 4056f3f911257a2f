"""Units that answer one question in, `ab-test-<question>` out: two of them, or two versions of one."""

from hera.workflows import DAG, Task, WorkflowTemplate

from k8s_serving import ab_test as graphs
from k8s_serving.ab_test import ab_test, arms, questions, sticky
from k8s_serving.deployment import image_name
from models.contract.spec import Unit
from workflows.parts import parameters as p
from workflows.parts.arms import built_from, either, folders, gated, lettered
from workflows.parts.gate import ORIGIN, gate
from workflows.parts.guard import guard
from workflows.parts.image import BUILDING, image, reference
from workflows.parts.pods import pair, workflow_template
from workflows.parts.rollout import DEPLOYING, rollout, rollout_again
from workflows.parts.targets import arm, router, seldon
from workflows.parts.traffic import SENDING, traffic
from workflows.parts.verdict import VERDICT, compare, promoting

CHANCE, BY_USER = f"'{p.STICKY.tag}' == ''", f"'{p.STICKY.tag}' != ''"
TOLD = ("node", "image", "unit", "version", *ORIGIN)  # what a rollout is told of an arm


def build(question: str, units: list[Unit]) -> WorkflowTemplate:
    first = lettered(arms(units), units)
    sent_by = (*p.TRAFFIC, *p.USERS)
    inputs = [*first.values(), p.RATIO, *p.SOURCE, *p.ROLLOUT, p.accept(units), *sent_by, *VERDICT]
    with workflow_template(
        f"ab-test-{question}",
        title=f"A/B test of {question}",
        description=f"Deploys two of {', '.join(unit.title for unit in units)}, or two versions of one, "
        "side by side, where chance decides which of them answers a request, or all of a user's, sends"
        " labelled rows, and makes the better one the only one.",
        parameters=inputs,
    ) as workflow:
        unit, name = graphs.router(), f"{question}-ab"
        check = guard(inputs, images=[image_name(unit, "runtime")], arms=dict.fromkeys(first, units))
        find, make = gate(units), image(built_from(unit, first))
        a, b = (arm(name, units) for name in first)
        salt = f"{name} {p.ORDER.tag}"  # another seed deals the users anew, and so does another test
        target = seldon(name, ab_test(a, b, ratios=[p.RATIO.tag]))
        dealt = sticky(router(unit), a, b, by=p.STICKY.tag, salt=salt, ratio=p.RATIO.tag)
        by_user = seldon(name, dealt)
        users = {"sticky": p.STICKY.tag, "weights": p.RATIO.tag, "salt": salt}
        roll, roll_sticky = rollout(target), rollout_again(by_user, "sticky")
        send, judge = traffic(target, users=users), compare()
        promote = rollout_again(seldon(target.name, arm("winner", units)), "winner")

        with DAG(name="main"):
            checked = Task(name="guard", template=check)
            built = Task(name="build", template=make, when=BUILDING, arguments={
                "target": "runtime",
                **folders(first, checked),
            })  # fmt: skip
            given = gated(first, find, checked=checked, built=built)
            Task(
                name="rollout",
                template=roll,
                depends="build",
                when=f"{DEPLOYING} && {CHANCE}",
                arguments=given,
            )
            Task(
                name="rollout-sticky",
                template=roll_sticky,
                depends="build",
                when=f"{DEPLOYING} && {BY_USER}",
                arguments={f"{unit.kebab}-image": reference(unit, "runtime"), **given},
            )
            sent = Task(
                name="traffic",
                template=send,
                depends="rollout.Succeeded || rollout-sticky.Succeeded",
                when=SENDING,
                arguments={**given, "url": either("rollout", "rollout-sticky", "url")},
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
