"""Nothing in, workflow `load` out: a deployment -> a load of requests -> how many are answered how fast."""

from hera.workflows import DAG, Task, WorkflowTemplate

from workflows.parts import load
from workflows.parts.guard import guard
from workflows.parts.pods import pair, workflow_template

NAMED = f"'{load.URL.tag}' == ''"
PLACED = f"'{load.URL.tag}' != ''"


def build() -> WorkflowTemplate:
    with workflow_template(
        "load",
        title="Load test of a deployment",
        description="Sends a deployment requests at a rate or by clients, and tells how it answers.",
        parameters=load.INPUTS,
    ) as workflow:
        check, find, send = guard(load.INPUTS), load.find(), load.load()

        with DAG(name="main"):
            checked = Task(name="guard", template=check)
            found = Task(name="find", template=find, when=NAMED)
            given = {"url": found.get_parameter("url"), "images": found.get_parameter("images")}
            checked >> found
            Task(name="load", template=send, depends="find.Succeeded", when=NAMED, arguments=given)
            placed = {"url": load.URL.tag, "images": ""}
            checked >> Task(name="load-url", template=send, when=PLACED, arguments=placed)
    return workflow


def manifests() -> dict[str, object]:
    return dict(pair(build()))
