"""What containers may do to the runner with their output, their children and their number."""

import time
from pathlib import Path

import pytest

from argolane.project import Project
from argolane.workflow import local
from argolane.workflow.run.recorded import RunFolder
from argolane.workflow.run.tree import walk
from tests.workflow.local.conftest import RunText, document, nodes

POD = """
entrypoint: main
templates:
- name: main
  container:
    image: python:3.11-slim
    command: [{command}]
    args: {args}
"""


def test_output_need_not_be_utf8(run: RunText) -> None:
    """Bytes go to the log as they are, and a result that is no UTF-8 is shown with replacement characters."""
    result = run(
        """
entrypoint: main
templates:
- name: main
  steps:
  - - {name: a, template: a}
  - - {name: b, template: b, arguments: {parameters: [{name: v, value: "{{steps.a.outputs.result}}"}]}}
- name: a
  container: {image: "python:3.11-slim", command: [printf, 'x\\377y\\n']}
- name: b
  inputs: {parameters: [{name: v}]}
  container: {image: "python:3.11-slim", command: [echo, "{{inputs.parameters.v}}"]}
""",
        name="bytes",
    )
    assert result.phase == "Succeeded"
    assert result.folder is not None
    logs = {file.name: file.read_bytes() for file in (result.folder / "logs").iterdir()}
    assert b"x\xffy\n" in logs.values()
    assert nodes(result)["b"]["inputs"]["parameters"][0]["value"] == "x\ufffdy"


def test_a_flood_of_lines_costs_no_memory(project: Project) -> None:
    """100 MB of output go to the log file; the runner does not keep them."""
    before = _begin_peak()
    spec = POD.format(command="sh", args='[-c, "yes 0123456789012345678901234567890 | head -c 100000000"]')
    result = local.run(project, document(spec), name="flood")
    assert result.phase == "Succeeded"
    assert (project.runs / "flood/logs/flood.txt").stat().st_size == 100_000_000
    assert _kilobytes("VmHWM") - before < 30_000


def test_only_the_end_of_a_long_result_is_kept(run: RunText) -> None:
    """outputs.result is the last 256 kB of stdout, as in Argo."""
    result = run(
        """
entrypoint: main
templates:
- name: main
  steps:
  - - {name: a, template: a}
  - - {name: b, template: b, when: "'{{steps.a.outputs.result}}' == ''"}
- name: a
  container: {image: "python:3.11-slim", command: [python3, -c, "print('a' * 300000 + 'z' * 300000)"]}
- name: b
  suspend: {duration: "0"}
"""
    )
    assert nodes(result)["a"]["outputs"]["result"] == "z" * 256 * 1024


LONG = """
entrypoint: main
templates:
- name: main
  steps:
  - - {name: fan, template: both, arguments: {parameters: [{name: v, value: "{{item}}"}]},
       withItems: ["%s"]}
- name: both
  inputs: {parameters: [{name: v}]}
  steps:
  - - {name: one, template: say, arguments: {parameters: [{name: v, value: one}]}}
  - - {name: two, template: say, arguments: {parameters: [{name: v, value: two}]}}
  - - name: three
      template: read
      arguments: {artifacts: [{name: a, from: "{{steps.one.outputs.artifacts.a}}"}]}
- name: say
  inputs: {parameters: [{name: v}]}
  outputs: {artifacts: [{name: a, path: /tmp/a}]}
  container:
    image: python:3.11-slim
    command: [sh, -c, "echo {{inputs.parameters.v}} | tee /tmp/a"]
- name: read
  inputs: {artifacts: [{name: a, path: /tmp/b}]}
  container: {image: python:3.11-slim, command: [cat, /tmp/b]}
"""


@pytest.mark.parametrize("item", ["x" * 300, "模型" * 100])
def test_long_names_share_no_file(run: RunText, item: str) -> None:
    """Nodes whose paths begin with the same many characters have logs and artifacts of their own."""
    result = run(LONG % item)
    assert (result.phase, result.message) == ("Succeeded", "")
    folder = RunFolder(result.folder)
    pods = [path for path, node in walk(result.status) if node["type"] == "Pod"]
    assert [folder.log(path).read_text() for path in pods] == ["one\n", "two\n", "one\n"]


def test_what_a_step_leaves_behind_ends_with_it(run: RunText, tmp_path: Path) -> None:
    """A daemon that a step started is gone when the step is over, and does not keep it from being over."""
    began = time.monotonic()
    result = run(POD.format(command="sh", args='[-c, "setsid sleep 986.25 & echo done"]'))
    assert result.phase == "Succeeded"
    assert time.monotonic() - began < 5
    time.sleep(0.1)
    running = [f for f in Path("/proc").glob("[0-9]*/cmdline") if b"sleep\x00986.25" in _bytes(f)]
    assert running == []


def test_many_tasks(project: Project) -> None:
    """Five hundred nodes in one DAG: every one of them runs, and the runner stays small."""
    spec = """
entrypoint: main
templates:
- name: main
  dag:
    tasks:
    - {name: fan, template: wait, withSequence: {count: "250"}}
    - {name: more, template: wait, withSequence: {count: "250"}, depends: fan}
- name: wait
  suspend: {duration: "0"}
"""
    before = _begin_peak()
    began = time.monotonic()
    result = local.run(project, document(spec))
    assert result.phase == "Succeeded"
    assert sum(node["type"] == "Suspend" for node in result.status["nodes"].values()) == 500
    assert time.monotonic() - began < 10
    assert _kilobytes("VmHWM") - before < 100_000


def _begin_peak() -> int:
    """The memory that this process has; its peak is that of what follows, whatever other tests took."""
    Path("/proc/self/clear_refs").write_text("5")
    return _kilobytes("VmRSS")


def _kilobytes(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""
