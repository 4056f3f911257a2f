"""A cluster in, the time from a commit to a verified A/B test out: cold, unchanged, one step after another.

`python -m bench.cluster --repo URL --revision COMMIT --registry PATH` on the current kube context, with
argolane installed (docs/operations.md); PATH must be new, so that the first run finds nothing in it. "serial"
is the shape that the field's examples have: the same steps, each after the other, every image built anew.
"one by one" is "cold" with the images of a pod built each after the other instead of side by side.
"""

import argparse
import json
import subprocess
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

TEMPLATE = Path(__file__).parents[1] / "workflows" / "rendered" / "mnist.template.yaml"
NAMESPACE = "argolane"
ORDER = ["guard", "build-trainers", "train-sk-mnist", "gate-sk-mnist", "train-tf-mnist", "gate-tf-mnist",
         "build-runtimes", "deploy", "verify"]  # fmt: skip
# Places in steps/build.sh.
SCRIPT = {"look_up": "each look_up\n", "build": "docker build ", "side_by_side": '): /" &'}


def command(*arguments: str, text: str | None = None) -> str:
    return subprocess.run(arguments, input=text, check=True, stdout=subprocess.PIPE, text=True).stdout


def rebuilt(template: dict[str, Any], **replaced: str) -> dict[str, Any]:
    """A Workflow of the template's spec in which the build's script has other text in places."""
    spec = json.loads(json.dumps(template["spec"]))
    (build,) = [part["script"] for part in spec["templates"] if part["name"] == "build"]
    for place, text in replaced.items():
        if SCRIPT[place] not in build["source"]:
            raise SystemExit(
                f"{SCRIPT[place]!r} is no longer in steps/build.sh: bench.cluster has to follow."
            )
        build["source"] = build["source"].replace(SCRIPT[place], text)
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"generateName": "bench-"},
        "spec": spec,
    }


def one_by_one(template: dict[str, Any]) -> dict[str, Any]:
    return rebuilt(template, side_by_side='): /"')


def serial(template: dict[str, Any]) -> dict[str, Any]:
    """The workflow's own templates with each task after the one before, and builds that use no cache."""
    body = rebuilt(template, look_up="", build="docker build --no-cache ", side_by_side='): /"')
    for part in body["spec"]["templates"]:
        if "dag" in part:
            part["dag"]["tasks"].sort(key=lambda task: ORDER.index(task["name"]))
            before = None
            for task in part["dag"]["tasks"]:
                for key in ("depends", "dependencies"):
                    task.pop(key, None)
                if before:
                    task["depends"] = f"{before}.Succeeded"
                before = task["name"]
    return body


def timed(file: str, parameters: dict[str, str], text: str | None = None) -> tuple[float, dict[str, float]]:
    """Seconds from submission to the end, and of each task; the run must succeed."""
    given = [f"--parameter={name}={value}" for name, value in parameters.items()]
    name = command("argo", "submit", "-n", NAMESPACE, file, "-o", "name", *given, text=text).strip()
    while True:
        workflow = json.loads(command("kubectl", "get", "-n", NAMESPACE, "workflow", name, "-o", "json"))
        status = workflow.get("status") or {}
        if status.get("phase") in ("Succeeded", "Failed", "Error"):
            break
        time.sleep(2)
    if status["phase"] != "Succeeded":
        raise SystemExit(f"{name} {status['phase']}: {status.get('message')}")
    tasks = [n for n in status["nodes"].values() if n["type"] == "Retry"]
    return span(status), {n["displayName"]: span(n) for n in sorted(tasks, key=lambda n: n["startedAt"])}


def span(node: dict[str, Any]) -> float:
    begin, end = (datetime.fromisoformat(node[key]) for key in ("startedAt", "finishedAt"))
    return (end - begin).total_seconds()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for flag in ("repo", "revision", "registry"):
        parser.add_argument(f"--{flag}", required=True)
    parser.add_argument("--only", choices=["cold", "unchanged", "one-by-one", "serial"], action="append")
    flags = parser.parse_args()
    given = {"repo": flags.repo, "revision": flags.revision, "build": "true", "dataset": "digits"}
    file, stamp = str(TEMPLATE).replace(".template", ""), f"{time.time():.0f}"
    template = yaml.safe_load(TEMPLATE.read_text())
    runs = {
        "cold": (file, flags.registry, f"c{stamp}", None),
        "unchanged": (file, flags.registry, f"c{stamp}", None),
        "one-by-one": ("-", f"{flags.registry}-one", f"o{stamp}", yaml.safe_dump(one_by_one(template))),
        "serial": ("-", f"{flags.registry}-serial", f"s{stamp}", yaml.safe_dump(serial(template))),
    }
    took = {}
    for kind, (what, registry, version, text) in runs.items():
        if flags.only and kind not in flags.only:
            continue
        took[kind], tasks = timed(what, {**given, "registry": registry, "version": version}, text)
        print(
            f"{kind}: {took[kind]:.0f} s ({', '.join(f'{n} {s:.0f}' for n, s in tasks.items())})", flush=True
        )
    for kind in ("cold", "unchanged"):
        if kind in took and "serial" in took:
            print(f"serial / {kind}: {took['serial'] / took[kind]:.1f}")


if __name__ == "__main__":
    main()
