"""Units that answer one question in, `bandit-<question>` out: a router learns which of its arms is best.

After the rollout labelled rows are sent through the graph, and what each answer was worth goes back.
"""

from dataclasses import replace

from hera.workflows import DAG, Task, WorkflowTemplate

from k8s_serving import bandit as graphs
from k8s_serving.ab_test import questions
from k8s_serving.deployment import image_name
from workflows.parts import parameters as p
from workflows.parts.arms import built_from, folders, gated, lettered
from workflows.parts.gate import gate
from workflows.parts.guard import guard
from workflows.parts.image import BUILDING, image, reference
from workflows.parts.pods import pair, workflow_template
from workflows.parts.rollout import DEPLOYING, rollout
from workflows.parts.targets import arm, router, seldon
from workflows.parts.traffic import SENDING, traffic


def build(question: str, size: int) -> WorkflowTemplate:
    units, unit = questions()[question], graphs.unit()
    arms = lettered(graphs.arms(question, size), units)
    # With a poor arm among them: that the router finds out.
    accept = replace(p.accept(units), value="0") if size > 2 else p.accept(units)
    inputs = [*arms.values(), *p.BANDIT, *p.SOURCE, *p.ROLLOUT, accept, *p.TRAFFIC]
    with workflow_template(
        f"bandit-{question}" + (f"-{size}" if size > 2 else ""),
        title=f"Bandit of {question}, {size} arms",
        description=f"Deploys {size} of {', '.join(unit.title for unit in units)}, or versions of them, "
        "behind a router that learns from rewards which is best.",
        parameters=inputs,
    ) as workflow:
        check = guard(inputs, images=[image_name(unit, "runtime")], arms=dict.fromkeys(arms, units))
        find, make = gate(units), image(built_from(unit, arms), targets=["runtime"])
        chosen = {parameter.name: parameter.tag for parameter in (*p.BANDIT, p.ORDER)}
        graph = graphs.bandit(router(unit), [arm(letter, units) for letter in arms], **chosen)
        target = seldon(graphs.name_of(question, size), graph)
        roll, send = rollout(target), traffic(target)

        with DAG(name="main"):
            checked = Task(name="guard", template=check)
            built = Task(name="build", template=make, when=BUILDING, arguments={
                "target": "runtime",
                **folders(arms, checked),
            })  # fmt: skip
            given = {f"{unit.kebab}-image": reference(unit, "runtime")}
            given |= gated(arms, find, checked=checked, built=built)
            rolled = Task(name="rollout", template=roll, when=DEPLOYING, arguments=given)
            built >> rolled
            Task(
                name="traffic",
                template=send,
                depends="rollout.Succeeded",
                when=SENDING,
                arguments={**given, "url": rolled.get_parameter("url")},
            )
    return workflow


def manifests() -> dict[str, object]:
    sizes = [(question, size) for question in graphs.QUESTIONS for size in graphs.SIZES]
    return {name: file for chosen in sizes for name, file in pair(build(*chosen)).items()}
