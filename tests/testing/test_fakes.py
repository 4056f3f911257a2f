"""What a fake is in a run: a pod like another, but for what it starts."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from argolane.errors import ManifestError, UsageError
from argolane.testing import Attempt, Node, Outcome, Scenario

MakeScenario = Callable[..., Scenario]

DATA = "volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]"

# Retries, a loop, a default, a failure that is survived, a condition, an artifact, a script's result.
EVERYTHING = """
entrypoint: main
templates:
- name: main
  dag:
    tasks:
    - {name: first, template: flaky}
    - name: fan
      depends: first
      template: double
      withItems: [1, 2]
      arguments: {parameters: [{name: number, value: '{{item}}'}]}
    - {name: broken, template: broken, depends: first, continueOn: {failed: true}}
    - name: never
      depends: first
      template: double
      when: "'{{tasks.first.outputs.parameters.word}}' == 'no'"
      arguments: {parameters: [{name: number, value: 0}]}
    - name: last
      depends: fan && (broken || broken.Failed)
      template: show
      arguments:
        parameters:
        - {name: all, value: "{{tasks.fan.outputs.parameters.twice}} {{tasks.first.outputs.result}}"}
        artifacts: [{name: page, from: "{{tasks.first.outputs.artifacts.page}}"}]
- name: flaky
  retryStrategy: {limit: 2}
  script:
    image: python:3.11-slim
    command: [python]
    source: |
      import sys
      if '{{retries}}' == '0': sys.exit(3)
      open('/tmp/word', 'w').write('yes')
      open('/tmp/page', 'w').write('<p>')
      print('hello')
  outputs:
    parameters:
    - {name: word, valueFrom: {path: /tmp/word}}
    - {name: mood, valueFrom: {path: /tmp/mood, default: fine}}
    artifacts: [{name: page, path: /tmp/page}]
- name: double
  inputs: {parameters: [{name: number}]}
  container:
    image: python:3.11-slim
    command: [python, -c, "open('/tmp/twice', 'w').write(str(2 * {{inputs.parameters.number}}))"]
  outputs: {parameters: [{name: twice, valueFrom: {path: /tmp/twice}}]}
- name: broken
  container: {image: python:3.11-slim, command: [python, -c, 'raise SystemExit(7)']}
- name: show
  inputs: {parameters: [{name: all}], artifacts: [{name: page, path: /tmp/page}]}
  container:
    image: python:3.11-slim
    command: [python, -c, "print('''{{inputs.parameters.all}}''', open('/tmp/page').read())"]
"""


def seen(run: Outcome) -> dict[str, tuple[Any, ...]]:
    """What an assertion can see of each node."""

    def fields(node: Node) -> tuple[Any, ...]:
        return (
            node.type, node.phase, node.message, node.template, node.inputs, node.outputs,
            node.exit_code, node.log, tuple(fields(attempt) for attempt in node.attempts),
        )  # fmt: skip

    return {name: fields(node) for name, node in run.nodes.items()}


def test_a_fake_that_does_what_the_template_does_leaves_the_same_run(scenario: MakeScenario) -> None:
    """Phases, messages, inputs, outputs, logs, attempts, order: all are those of the real run."""
    real = scenario(EVERYTHING)
    word = Attempt(outputs={"word": "yes", "page": "<p>"}, stdout="hello\n")

    def double(inputs: dict[str, str]) -> Attempt:
        return Attempt(outputs={"twice": 2 * int(inputs["number"])})

    faked = real.fake("flaky", Attempt(exit_code=3), word).fake("double", double).fake("broken", exit_code=7)
    runs = [real.run(), faked.run()]
    assert runs[0].phase == "Succeeded"
    one, other = ({name.replace(run.name, "test"): node for name, node in seen(run).items()} for run in runs)
    assert other == one
    assert runs[1].order == runs[0].order == ["first", "fan(0:1)", "fan(1:2)", "broken", "last"]
    assert runs[1].skipped == runs[0].skipped == {"never": "when ''yes' == 'no'' evaluated false"}
    assert runs[1]["last"].log == '["2","4"] hello <p>\n'


def test_files_of_a_fake_lie_on_the_volume_for_others(scenario: MakeScenario) -> None:
    """A real task reads what a fake wrote, and the test what a real task wrote."""
    run = (
        scenario(f"""
{DATA}
entrypoint: main
templates:
- name: main
  steps: [[{{name: write, template: write}}], [{{name: copy, template: copy}}]]
- name: write
  container: {{image: nobody/has:this, volumeMounts: [{{name: data, mountPath: /data}}]}}
- name: copy
  container:
    image: python:3.11-slim
    command: [python, -c, "open('/data/b', 'w').write(open('/data/in/a').read() + open('/data/c').read())"]
    volumeMounts: [{{name: data, mountPath: /data}}]
""")
        .fake("write", files={"/data/in/a": "from the fake, "})
        .volume("data", {"c": b"from the test"})
        .run()
    )
    assert run.phase == "Succeeded"
    assert (run.volume("data") / "b").read_text() == "from the fake, from the test"


LEAF = """
entrypoint: main
volumes: [{name: data, persistentVolumeClaim: {claimName: data}}, {name: key, secret: {secretName: missing}}]
templates:
- name: main
  inputs: {parameters: [{name: who, value: you}]}
  container:
    image: nobody/has:this
    securityContext: {privileged: true}
    volumeMounts: [{name: data, mountPath: /data, readOnly: true}, {name: key, mountPath: /key}]
  outputs:
    parameters:
    - {name: accuracy, valueFrom: {path: /tmp/accuracy}}
    - {name: note, valueFrom: {path: /tmp/note, default: none}}
    - {name: place, value: /data}
    artifacts: [{name: page, path: /page}]
"""


def test_what_a_fake_stands_for_need_not_run_here(scenario: MakeScenario) -> None:
    """Neither its image nor its privileges nor its secrets matter; outputs may come as values or as files."""
    leaf = scenario(LEAF)
    run = leaf.fake("main", outputs={"accuracy": 0.5}, files={"/page": b"\x00"}).run()
    assert run.phase == "Succeeded"
    assert run["test-1"].outputs == {"accuracy": "0.5", "note": "none", "place": "/data"}
    other = leaf.fake("main", outputs={"page": "", "note": {"a": True}}, files={"/tmp/accuracy": "1\n"}).run()
    assert other["test-2"].outputs == {"accuracy": "1", "note": '{"a": true}', "place": "/data"}


def test_a_faked_daemon_is_up_until_it_is_not_needed(scenario: MakeScenario) -> None:
    """What waits for it goes on with an address, and it ends with the template around it."""
    run = (
        scenario("""
entrypoint: main
templates:
- name: main
  steps:
  - - {name: server, template: server}
  - - name: ask
      template: ask
      arguments: {parameters: [{name: url, value: "http://{{steps.server.ip}}:8000/"}]}
- name: server
  daemon: true
  container: {image: nobody/has:this}
- name: ask
  inputs: {parameters: [{name: url}]}
  container: {image: "python:3.11-slim", command: [echo, "{{inputs.parameters.url}}"]}
""")
        .fake("server", stdout="up")
        .run()
    )
    assert (run.phase, run.message) == ("Succeeded", "")
    assert (run["server"].phase, run["ask"].log) == ("Succeeded", "http://127.0.0.1:8000/\n")


def test_what_is_not_faked_must_run_here(scenario: MakeScenario) -> None:
    """The refusal says what to do about it in a test."""
    with pytest.raises(ManifestError, match="nobody/has:this") as caught:
        scenario(LEAF).run()
    assert caught.value.__notes__ == ["In a test, fake these templates."]


@pytest.mark.parametrize(
    ("template", "said", "fault"),
    [
        ("mian", {}, "Workflow 'test': No template 'mian'. Did you mean 'main'?"),
        ("main", {"outputs": {"acuracy": 1}}, "fake 'main': No output 'acuracy'. Did you mean 'accuracy'?"),
        (
            "main",
            {"outputs": {"page": ""}},
            "lacks output 'accuracy', which the template declares without a default; give outputs=",
        ),
        ("main", {"outputs": {"accuracy": 1}}, "fake 'main': lacks output 'page'"),
        (
            "main",
            {"outputs": {"place": "/here"}, "exit_code": 1},
            "fake 'main': output 'place' has a fixed value in the template; leave it out.",
        ),
        ("main", {"files": {"a": ""}, "exit_code": 1}, "fake 'main': file 'a' is not absolute"),
    ],
)
def test_a_fake_that_the_template_could_not_be_is_refused(
    scenario: MakeScenario, template: str, said: dict[str, Any], fault: str
) -> None:
    """The error comes where the test says it, and names what is there."""
    with pytest.raises(ManifestError, match=re.escape(fault)):
        scenario(LEAF).fake(template, **said)


def test_a_fake_is_either_attempts_or_keywords(scenario: MakeScenario) -> None:
    """Both at once would leave open what the keywords are for."""
    with pytest.raises(UsageError, match="either attempts or keywords"):
        scenario(LEAF).fake("main", Attempt(exit_code=1), delay=1)


def test_a_fake_cannot_write_where_the_template_cannot(scenario: MakeScenario) -> None:
    """A read-only mount is one, and the test fails, whatever became of the run."""
    with pytest.raises(ManifestError, match="'/data/a' lies in /data, which the template mounts read-only"):
        scenario(LEAF).fake("main", exit_code=1, files={"/data/a": ""}).run()


def test_a_function_gives_what_the_template_could_give(scenario: MakeScenario) -> None:
    """It gets the inputs of the node; its answer is held to the same rules, and its errors are the test's."""
    asked = []

    def answer(inputs: dict[str, str]) -> Attempt:
        asked.append(inputs)
        return Attempt()

    with pytest.raises(ManifestError, match="lacks output 'accuracy'"):
        scenario(LEAF).fake("main", answer).run()
    assert asked == [{"who": "you"}]
    with pytest.raises(ZeroDivisionError):
        scenario(LEAF).fake("main", lambda inputs: 1 / 0).run()


def test_the_last_attempt_goes_on_for_ever(scenario: MakeScenario) -> None:
    """Attempts are counted for each node; an Error is one of them where the policy says so."""
    run = (
        scenario("""
entrypoint: main
templates:
- name: main
  steps: [[{name: fan, template: flaky, withItems: [a, b]}]]
- name: flaky
  retryStrategy: {limit: 3, retryPolicy: Always}
  container: {image: nobody/has:this}
""")
        .fake("flaky", Attempt(error="pod deleted"), Attempt(exit_code=2))
        .run()
    )
    for node in (run["fan(0:a)"], run["fan(1:b)"]):
        assert (node.phase, node.message) == ("Failed", "No more retries left")
        assert [attempt.message for attempt in node.attempts] == [
            "pod deleted", *["main: Error (exit code 2)"] * 3,
        ]  # fmt: skip
    assert run.order == ["fan(0:a)", "fan(1:b)"]


def test_nobody_waits_for_the_next_attempt_of_a_fake(scenario: MakeScenario) -> None:
    """However long the template would back off; its attempts are those that it may have."""
    run = (
        scenario("""
entrypoint: main
templates:
- name: main
  steps: [[{name: work, template: flaky}]]
- name: flaky
  retryStrategy: {limit: 2, backoff: {duration: 1h, factor: 2, maxDuration: 10h}}
  container: {image: nobody/has:this}
""")
        .fake("flaky", Attempt(exit_code=1), Attempt(exit_code=2), Attempt())
        .run()
    )
    assert run.phase == "Succeeded"
    assert [attempt.exit_code for attempt in run["work"].attempts] == [1, 2, 0]


def test_a_delay_ends_at_the_deadline(scenario: MakeScenario) -> None:
    """A faked pod is ended as another one is, in the same words."""
    run = (
        scenario("""
entrypoint: main
templates:
- {name: main, activeDeadlineSeconds: 1, container: {image: nobody/has:this}}
""")
        .fake("main", delay=60)
        .run()
    )
    assert run.phase == "Failed"
    assert run.message == "Pod was active on the node longer than the specified deadline"


def test_templates_that_hold_others_or_wait_become_one_node(scenario: MakeScenario) -> None:
    """A fake of a DAG, of a suspension or of what the local runner refuses gives its outputs at once."""
    run = (
        scenario("""
entrypoint: main
templates:
- name: main
  dag:
    tasks:
    - {name: ask, template: ask}
    - {name: whole, template: whole, depends: ask}
    - {name: call, template: call, depends: whole}
    - name: tell
      depends: call
      template: tell
      arguments:
        parameters:
        - {name: all, value: "{{tasks.ask.outputs.parameters.reply}} {{tasks.whole.outputs.parameters.sum}}"}
        artifacts: [{name: page, from: "{{tasks.whole.outputs.artifacts.page}}"}]
- {name: ask, suspend: {}, outputs: {parameters: [{name: reply, valueFrom: {supplied: {}}}]}}
- name: whole
  dag: {tasks: [{name: inner, template: call}]}
  outputs:
    parameters: [{name: sum, valueFrom: {parameter: "{{tasks.inner.outputs.parameters.sum}}"}}]
    artifacts: [{name: page, from: "{{tasks.inner.outputs.artifacts.page}}"}]
- {name: call, http: {url: "http://example.com"}}
- name: tell
  inputs: {parameters: [{name: all}], artifacts: [{name: page, path: /tmp/page}]}
  container:
    image: python:3.11-slim
    command: [python, -c, "print('{{inputs.parameters.all}}', open('/tmp/page').read())"]
""")
        .fake("ask", outputs={"reply": True})
        .fake("whole", outputs={"sum": 3, "page": "<p>"})
        .fake("call")
        .run()
    )
    assert run.phase == "Succeeded"
    assert run.order == ["ask", "whole", "call", "tell"]
    assert run["whole"].type == "Pod"
    assert run["tell"].log == "true 3 <p>\n"


def test_templates_of_other_manifests_can_be_faked(scenario: MakeScenario, argolane_project: Any) -> None:
    """Those that a workflow refers to, and no others."""
    template = "apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nmetadata: {name: %s}\nspec:\n  %s\n"
    leaf = "templates: [{name: %s, container: {image: nobody/has:this}}]"
    manifests = argolane_project.root / "manifests"
    manifests.mkdir()
    (manifests / "parts.yaml").write_text(template % ("parts", leaf % "part"))
    (manifests / "others.yaml").write_text(template % ("others", leaf % "other"))
    argolane_project.settings.manifests.append("manifests")
    run = scenario("""
entrypoint: main
templates:
- {name: main, steps: [[{name: a, templateRef: {name: parts, template: part}}]]}
""")
    assert run.fake("part").run().phase == "Succeeded"
    with pytest.raises(ManifestError, match="No template 'other'"):
        run.fake("other")
