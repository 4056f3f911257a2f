"""apply, get, logs, wait and delete of what stays up, as real processes in a project of somebody else's."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from argolane.cli import main
from argolane.serving import ports

Argolane = Callable[..., subprocess.CompletedProcess[str]]
APP = """
import http.server, sys
class Hello(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello")
    def log_message(self, *_):
        pass
print("starts", *sys.argv[1:], flush=True)
http.server.HTTPServer(("", 5000), Hello).serve_forever()
"""
# As helm and kustomize print it: comments, empty documents, a List, and in an order that is none.
HELLO = """\
# Source: hello/templates/deployment.yaml
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: hello, labels: {app: hello}}
spec:
  replicas: 1
  selector: {matchLabels: {app: hello}}
  template:
    metadata: {labels: {app: hello}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: hello
        image: python:3.11-slim
        command: [python, -c, CODE]
        envFrom: [{configMapRef: {name: settings}}, {secretRef: {name: keys}}]
        readinessProbe: {httpGet: {path: /, port: 5000}, periodSeconds: 1}
---
# nothing but a comment
---
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Service
  metadata: {name: hello}
  spec: {selector: {app: hello}, ports: [{port: PORT, targetPort: 5000}]}
- {apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, data: {MODE: fast}}
- {apiVersion: v1, kind: Secret, metadata: {name: keys}, stringData: {PASSWORD: hunter2}}
"""
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: name}\ndata: {a: b}\n"


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "argolane", *arguments]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "argolane.toml").write_text('namespace = "here"\n')
    return tmp_path


@pytest.fixture
def argolane(root: Path) -> Iterator[Argolane]:
    """The command in the project; what it has put up is ended after the test.

    What only looks is called in this process.
    """

    def look(*arguments: str) -> subprocess.CompletedProcess[str]:
        with contextlib.chdir(root):
            done = CliRunner().invoke(main, arguments, catch_exceptions=False)
        return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)

    def run(*arguments: str, status: int = 0, text: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        if arguments[0] in ("get", "logs") and not env:
            done = look(*arguments)
        else:
            done = subprocess.run(
                command(*arguments), cwd=root, input=text, capture_output=True, text=True, check=False,
                timeout=90, env={**os.environ, **env},
            )  # fmt: skip
        assert done.returncode == status, done.stdout + done.stderr
        return done

    yield run
    if (root / ".argolane").is_dir():
        run("delete", "deployments", "--all")
        run("delete", "services", "--all")


def free_port() -> int:
    """Below those that the kernel hands out."""
    for port in range(20000 + os.getpid() % 5000, 32000):
        try:
            ports.listen(port).close()
        except OSError:
            continue
        return port
    raise AssertionError("no port is free")


def test_what_helm_prints_goes_up_stays_up_and_goes_away(root: Path, argolane: Argolane) -> None:
    """In the order that it needs, in kubectl's words, answering on the Service's port; nothing is left."""
    port = free_port()
    manifest = HELLO.replace("PORT", str(port)).replace("CODE", json.dumps(APP))
    done = argolane("apply", "-f", "-", "--wait", "--timeout", "60s", text=manifest)
    lines = done.stdout.splitlines()
    assert lines[:4] == [
        "secret/keys created", "configmap/settings created", "service/hello created",
        "deployment.apps/hello created",
    ]  # fmt: skip
    assert lines[-1] == "deployment.apps/hello is up"
    assert any("0 of 1 updated replicas are available" in line for line in lines), done.stdout
    with urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=5) as answer:
        assert answer.read() == b"hello"

    (root / "up.yaml").write_text(manifest)
    assert argolane("apply", "-f", "up.yaml").stdout.splitlines() == [
        "secret/keys unchanged", "configmap/settings unchanged", "service/hello unchanged",
        "deployment.apps/hello unchanged",
    ]  # fmt: skip
    header, line = argolane("get", "deployments").stdout.splitlines()
    assert header.split() == ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE", "URL"]
    assert line.split()[:4] + line.split()[5:] == ["hello", "1/1", "1", "1", f"http://127.0.0.1:{port}"]
    assert argolane("get", "all", "-o", "name").stdout.split() == ["service/hello", "deployment.apps/hello"]
    assert argolane("get", "svc/hello", "-o", "wide").stdout.split()[-1] == "app=hello"
    secret = argolane("get", "secrets", "-o", "yaml").stdout
    assert "PASSWORD: <7 bytes>" in secret
    assert "hunter2" not in secret and "aHVudGVyMg" not in secret
    assert json.loads(argolane("get", "deploy", "hello", "-o", "json").stdout)["status"]["readyReplicas"] == 1

    assert argolane("logs", "hello", "-c", "hello").stdout == "starts\n"
    assert (
        "No container 'other'. There are: hello." in argolane("logs", "hello", "-c", "other", status=1).stderr
    )
    assert "was started again" in argolane("logs", "deployment/hello", "--previous", status=1).stderr
    met = argolane("wait", "deployment/hello", "--for=condition=Available", "--timeout", "5s")
    assert met.stdout == "deployment.apps/hello condition met\n"
    phase = argolane("wait", "deploy/hello", "--for=jsonpath={.status.readyReplicas}=1", "--timeout", "5")
    assert phase.stdout == "deployment.apps/hello condition met\n"

    assert argolane("delete", "-f", "up.yaml").stdout.splitlines() == [
        'deployment.apps "hello" deleted', 'service "hello" deleted', 'configmap "settings" deleted',
        'secret "keys" deleted',
    ]  # fmt: skip
    assert argolane("get", "all").stdout == "No objects.\n"
    done = argolane("delete", "-f", "up.yaml", status=1)
    assert done.stderr.startswith("Error: deployment.apps/hello is not there. --ignore-not-found")
    assert argolane("delete", "-f", "up.yaml", "--ignore-not-found").stdout == ""


def test_a_crash_loop_is_told_while_it_is_waited_for(root: Path, argolane: Argolane) -> None:
    """Why it is not up, and where to look; its log, also that of the life before."""
    manifest = HELLO.replace("PORT", str(free_port())).replace("CODE", "print(1/0)")
    done = argolane("apply", "-f", "-", "--wait", "--timeout", "6", text=manifest, status=1)
    assert "CrashLoopBackOff: Container 'hello' ended with exit code 1" in done.stdout
    assert done.stderr.startswith("Error: deployment.apps/hello is not up after 6 s: ")
    assert done.stderr.endswith("See: argolane logs deployment.apps/hello\n")
    assert "ZeroDivisionError" in argolane("logs", "deployment.apps/hello").stdout
    before = argolane("logs", "hello", "--previous").stdout
    assert before.count("ZeroDivisionError") == 1
    assert argolane("logs", "hello", "--previous", "--tail", "1").stdout == before.splitlines()[-1] + "\n"


def test_all_faults_of_all_files_are_told_and_nothing_changes(root: Path, argolane: Argolane) -> None:
    """Each with its file, line or document: another kind, a name twice, what a kind does not take."""
    (root / "a.yaml").write_text("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n---\n" + CONFIG)
    (root / "b.yaml").write_text(
        CONFIG + "---\n" + CONFIG.replace("a: b", "a: 1").replace("name: name", "name: other")
    )
    done = argolane("apply", "-f", "a.yaml", "-f", "b.yaml", status=1)
    told = done.stderr.splitlines()
    assert told[0].startswith("Error: a.yaml, document 1: Pod 'p': kind: No kind 'Pod'.")
    assert "b.yaml, document 2: ConfigMap 'other': data.a: is 1; expected text" in told[1]
    assert told[-1] == "Error: b.yaml, document 1: ConfigMap 'name' stands in a.yaml, document 2 already."
    assert len(told) == 3
    assert argolane("get", "configmaps").stdout == "No configmaps.\n"


@pytest.mark.parametrize(
    ("arguments", "told", "status"),
    [
        (("apply",), "Apply what? Give -f FILE, -f - for stdin, -f FOLDER, or -k FOLDER.", 2),
        (("apply", "-f", "none.yaml"), "none.yaml: No such file or directory.", 1),
        (("apply", "-f", "empty.yaml"), "empty.yaml: holds no document.", 1),
        (("apply", "-f", "broken.yaml"), "broken.yaml:2:5: not valid YAML", 1),
        (("apply", "-f", "text.yaml"), "text.yaml: is not a Kubernetes object", 1),
        (("apply", "-f", "-"), "stdin: holds no document.", 1),
        (("apply", "-f", "-", "-f", "-"), "-f -: there is one stdin.", 2),
        (("apply", "-f", "bare"), "bare: holds no .yaml, .yml, .json file; -R looks into", 1),
        (("apply", "-f", "kustomized"), "kustomized: is a kustomization. Use: -k kustomized", 1),
        (("apply", "-f", "https://example.com/a.yaml"), "is not on this machine; download it first.", 1),
        (("apply", "-k", "bare"), "bare", 1),
        (("apply", "-f", "good.yaml", "--timeout", "soon"), "--timeout soon: expected a number", 2),
        (("apply", "-f", "placed.yaml", "-n", "y"), "is in the namespace 'x', and -n says 'y'.", 1),
        (("delete",), "Delete what? Expected 'delete RUN', 'delete KIND NAME' or 'delete -f FILE'.", 2),
        (("delete", "services"), "Which services? Give its name, or --all.", 2),
        (("delete", "svc", "x"), "No Service 'x'. There are none.", 1),
        (("get", "services", "x"), "No Service 'x'. There are none.", 1),
        (("get", "svc", "--on", "argo"), "On a cluster use: kubectl get svc -n here", 2),
        (("get", "things", "x"), "'things' is no kind. Expected 'get KIND NAME' or 'get RUN'.", 2),
        (("wait", "x"), "x: expected KIND/NAME, as deployment/score.", 2),
        (("wait", "deployment/x"), "deployment.apps/x is not there", 1),
        (("wait", "deployment/x", "--for=never"), "--for=never: expected delete, condition=NAME[=VALUE]", 2),
        (("logs", "svc/x"), "a Service prints nothing; expected deployment/NAME or run/NAME.", 2),
        (("logs", "deployment/x"), "No Deployment 'x'. There are none.", 1),
        (("logs", "--previous"), "-c, --previous and --tail are of a deployment", 2),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_one_line(
    root: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], told: str, status: int
) -> None:
    """That says what was found and what is expected; with 2 where the command line is wrong."""
    for name, text in {
        "empty": "", "broken": "a: b\nc: [}\n", "text": "just text\n", "good": CONFIG,
        "placed": CONFIG.replace("{name", "{namespace: x, name"),
    }.items():  # fmt: skip
        (root / f"{name}.yaml").write_text(text)
    (root / "bare/inner").mkdir(parents=True)
    (root / "kustomized").mkdir()
    (root / "kustomized/kustomization.yaml").write_text("resources: []\n")
    monkeypatch.chdir(root)
    done = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert (done.exit_code, done.stderr.count("\n")) == (status, 1), done.output
    assert told in done.stderr
    assert not done.stdout


def test_a_kustomization_is_applied_with_no_kustomize(root: Path, argolane: Argolane) -> None:
    """On a PATH without it; -k and a folder of -f take what is in the folders."""
    (root / "k").mkdir()
    (root / "k/kustomization.yaml").write_text(
        "namePrefix: my-\nconfigMapGenerator: [{name: c, literals: [A=1]}]\n"
    )
    done = argolane("apply", "-k", "k", PATH="/nowhere")
    assert done.stdout.startswith("configmap/my-c-")
    assert argolane("delete", "-k", "k").stdout == done.stdout.replace("/", ' "').replace(
        " created", '" deleted'
    )
    (root / "f/inner").mkdir(parents=True)
    (root / "f/a.yaml").write_text(CONFIG.replace("name: name", "name: a"))
    (root / "f/inner/b.json").write_text(
        json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b"}})
    )
    assert argolane("apply", "-f", "f").stdout == "configmap/a created\n"
    assert argolane("apply", "-R", "-f", "f").stdout == "configmap/a unchanged\nconfigmap/b created\n"


def test_namespaces_keep_objects_apart_and_go_with_what_is_in_them(root: Path, argolane: Argolane) -> None:
    """-n names it for what names none; a Namespace that is deleted takes its objects along."""
    (root / "a.yaml").write_text(CONFIG)
    (root / "n.yaml").write_text("apiVersion: v1\nkind: Namespace\nmetadata: {name: other}\n")
    done = argolane("apply", "-f", "n.yaml", "-f", "a.yaml", "-n", "other")
    assert done.stdout == "namespace/other created\nconfigmap/name created\n"
    assert argolane("get", "cm").stdout == "No configmaps.\n"
    assert argolane("get", "cm", "-n", "other", "-o", "name").stdout == "configmap/name\n"
    assert argolane("delete", "-f", "n.yaml").stdout == 'namespace "other" deleted\n'
    assert argolane("get", "cm", "-n", "other").stdout == "No configmaps.\n"


def test_two_applies_at_once_both_succeed(root: Path, argolane: Argolane) -> None:
    """One of them made each object, the other found it; the object is whole."""
    (root / "a.yaml").write_text("---\n".join(CONFIG.replace("name: name", f"name: c{n}") for n in range(10)))
    both = [
        subprocess.Popen(command("apply", "-f", "a.yaml"), cwd=root, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=60)[0].splitlines() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert all(len(lines) == 10 for lines in outputs), outputs
    assert argolane("apply", "-f", "a.yaml").stdout.count("unchanged") == 10


def test_ctrl_c_ends_the_waiting_alone(root: Path, argolane: Argolane) -> None:
    """With exit status 130 and a word of what goes on; what was applied is there."""
    manifest = HELLO.replace("PORT", str(free_port())).replace("CODE", "import time; time.sleep(60)")
    (root / "up.yaml").write_text(manifest)
    process = subprocess.Popen(
        command("apply", "-f", "up.yaml", "--wait"), cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("deployment.apps/hello: "):
            break
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert told == "\nInterrupted: what was applied stays up, or goes on to come up.\n"
    assert argolane("get", "deployments", "-o", "name").stdout == "deployment.apps/hello\n"
    began = time.monotonic()
    argolane("delete", "deployment", "hello")
    assert time.monotonic() - began < 30


def test_a_name_of_a_run_and_of_a_deployment_is_asked_about(root: Path, argolane: Argolane) -> None:
    """logs says both forms, each of which is taken."""
    workflow = {
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": {"name": "hello"},
        "spec": {"entrypoint": "m", "templates": [
            {"name": "m", "container": {"image": "python:3.11-slim", "command": ["echo", "of the run"]}}]},
    }  # fmt: skip
    (root / "wf.json").write_text(json.dumps(workflow))
    argolane("run", "wf.json")
    manifest = HELLO.replace("PORT", str(free_port())).replace("CODE", json.dumps(APP))
    argolane("apply", "-f", "-", "--wait", text=manifest)
    told = argolane("logs", "hello", status=2).stderr
    assert told == "Error: 'hello' is a deployment and a run. Say deployment/hello or run/hello.\n"
    # A task is of a run alone, and a container of a deployment.
    assert argolane("logs", "hello", "hello").stdout == "of the run\n"
    assert argolane("logs", "hello", "-c", "hello").stdout == argolane("logs", "deployment/hello").stdout
    assert "of the run" in argolane("logs", "run/hello").stdout
    assert argolane("logs", "deployment/hello").stdout == "starts\n"


def test_outside_of_a_project_the_working_folder_is_one(root: Path, argolane: Argolane) -> None:
    """As for `run FILE`: no argolane.toml is needed."""
    (root / "argolane.toml").unlink()
    (root / "a.yaml").write_text(CONFIG.replace("name: name", "name: a"))
    assert argolane("apply", "-f", "a.yaml").stdout == "configmap/a created\n"
    assert (root / ".argolane/objects/configmap/a.json").is_file()
