"""Units that answer one question in, `shadow-<question>` out: one answers, another gets copies.

What is in the shadow is a deployment of its own, so that nothing of it, slow or down, reaches a client.
"""

from hera.workflows import DAG, Task, WorkflowTemplate

from k8s_serving import shadow as graphs
from k8s_serving.ab_test import arms, questions
from k8s_serving.deployment import image_name
from workflows.parts import parameters as p
from workflows.parts.arms import built_from, folders, gated, lettered
from workflows.parts.gate import gate
from workflows.parts.guard import guard
from workflows.parts.image import BUILDING, image, reference
from workflows.parts.pods import pair, workflow_template
from workflows.parts.rollout import DEPLOYING, rollout, rollout_again
from workflows.parts.shadowed import compare
from workflows.parts.targets import arm, router, seldon
from workflows.parts.traffic import SENDING, traffic


def build(question: str) -> WorkflowTemplate:
    units, unit = questions()[question], graphs.unit()
    letters = lettered(arms(units), units)
    inputs = [*letters.values(), *p.SOURCE, *p.ROLLOUT, p.accept(units), *p.TRAFFIC]
    with workflow_template(
        f"shadow-{question}",
        title=f"Shadow of {question}",
        description=f"Deploys two of {', '.join(unit.title for unit in units)}, or two versions of one: a "
        "answers, b gets a copy of each request and answers nobody. Sends rows, and compares both.",
        parameters=inputs,
    ) as workflow:
        check = guard(inputs, images=[image_name(unit, "runtime")], arms=dict.fromkeys(letters, units))
        find, make = gate(units), image(built_from(unit, letters), targets=["runtime"])
        node = router(unit, "url")
        graph = graphs.shadowed(node, arm("a", units), url=p.given(f"{node.key}-url"))
        target = seldon(graphs.name_of(question), graph)
        shadow = seldon(graphs.copies_of(question), arm("b", units))
        roll, send = rollout(target, beside=shadow), traffic(target)
        roll_shadow = rollout_again(shadow, "shadow")
        judge = compare(target, node.name)

        with DAG(name="main"):
            checked = Task(name="guard", template=check)
            built = Task(name="build", template=make, when=BUILDING, arguments={
                "target": "runtime",
                **folders(letters, checked),
            })  # fmt: skip
            given = gated(letters, find, checked=checked, built=built)
            copied = Task(name="rollout-shadow", template=roll_shadow, when=DEPLOYING, arguments={
                name: given[name] for name in shadow.inputs
            })  # fmt: skip
            given |= {
                f"{node.key}-image": reference(unit, "runtime"),
                f"{node.key}-url": copied.get_parameter("url"),
            }
            given = {name: given[name] for name in target.inputs}
            rolled = Task(name="rollout", template=roll, depends="rollout-shadow.Succeeded", arguments=given)
            built >> copied
            Task(
                name="traffic",
                template=send,
                depends="rollout.Succeeded && rollout-shadow.Succeeded",
                when=SENDING,
                arguments={**given, "url": rolled.get_parameter("url")},
            )
            Task(name="compare", template=judge, depends="traffic.Succeeded")
    return workflow


def manifests() -> dict[str, object]:
    return {name: file for question in graphs.QUESTIONS for name, file in pair(build(question)).items()}
