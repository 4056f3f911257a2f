"""An A/B test with no cluster, killed in the middle of its traffic: it ends in the verdict all the same."""

import contextlib
import gzip
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urljoin

import httpx
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.conftest import Command, outputs

pytestmark = [pytest.mark.environments, pytest.mark.heavy, pytest.mark.timeout(900)]

REQUESTS = 800


def rows(file: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(f"file:{file}?mode=rw", uri=True, timeout=60)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_a_killed_test_ends_in_its_verdict(argolane: Command, checkout: Path, tmp_path: Path) -> None:
    """A model against one that learned a tenth of the rows: SIGKILL of all that runs it, then retry.

    No request is lost or counted twice, each is rewarded, and the better arm is the only one afterwards.
    """
    argolane("run", "train-sk-mnist", "-p", "dataset=digits", "-p", "accept=0.5")
    argolane("run", "train-sk-mnist", "-p", "dataset=digits", "-p", "accept=0.2", "-p", "version=poor",
             "-p", "share=0.1")  # fmt: skip
    given = ["a=sk_mnist:0.1", "b=sk_mnist:poor", "accept=0.2", f"requests={REQUESTS}"]
    command = [sys.executable, "-m", "argolane", "run", "ab-test-mnist"]
    command += [word for text in given for word in ("-p", text)]
    run = subprocess.Popen(command, cwd=checkout, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    folder = checkout / ".argolane/volumes/model-store/.observations/mnist-ab"
    until = time.monotonic() + 300
    while (
        not (found := list(folder.glob("*.sqlite")))
        or len(rows(found[0], "SELECT 1 FROM observations")) < 150
    ):
        assert run.poll() is None and time.monotonic() < until
        time.sleep(0.1)
    [file] = found
    children = psutil.Process(run.pid).children(recursive=True)
    for process in [psutil.Process(run.pid), *children]:
        with contextlib.suppress(psutil.NoSuchProcess):
            os.kill(process.pid, signal.SIGKILL)
    run.wait()
    before = len(rows(file, "SELECT 1 FROM observations"))
    assert 150 <= before < REQUESTS

    argolane("retry", "ab-test-mnist")
    numbers = [number for (number,) in rows(file, "SELECT number FROM observations ORDER BY number")]
    assert numbers == list(range(REQUESTS))
    assert rows(file, "SELECT count(*) FROM observations WHERE told = 0 OR status != 200") == [(0,)]
    assert f"{before} of them are kept already" in argolane("logs", "ab-test-mnist", "traffic").stdout
    said = outputs(argolane, "ab-test-mnist", "compare")
    assert said["verdict"] == "promote-a"
    assert "is better than b (sk-mnist-b): accuracy" in said["reason"]
    charts = json.loads(said["charts"])
    assert [one["kind"] for one in charts] == ["band", "bars", "bars", "table", "table"]
    assert charts[1]["title"] == "Drift from sk_mnist:0.1" and len(charts[3]["rows"]) == 6

    shown = argolane("compare", "mnist-ab").stdout
    assert said["reason"][:40] in " ".join(shown.split())
    assert json.loads(argolane("compare", "ab-test-mnist", "-o", "json").stdout)["verdict"] == "promote-a"
    answer = json.loads(argolane("predict", "mnist-ab", "--request", "models/sk_mnist/request.json").stdout)
    assert answer["meta"]["requestPath"].keys() == {"sk-mnist-a"}

    assert "ok: 784 features: 784 ok" in argolane("drift", "mnist-ab").stdout
    [unit] = json.loads(argolane("drift", "mnist-ab", "--live", "-o", "json").stdout)
    assert (unit["container"], unit["drifted"]) == ("sk-mnist-a", 0) and unit["rows"] > 50
    address = json.loads(argolane("get", "deployment", "mnist-ab", "-o", "json").stdout)["status"]["address"]
    page = httpx.get(urljoin(address["url"], "/metrics")).text
    told = {
        sample.name: sample
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name.startswith("argolane_")
    }
    low, high = (told[f"argolane_test_difference_{end}"].value for end in ("low", "high"))
    assert low < told["argolane_test_difference"].value < high < 0
    assert told["argolane_test_difference"].labels["arm"] == "sk-mnist-b"
    assert told["argolane_test_mismatch_p"].value > 0.01 and told["argolane_drift_features"].value == 0

    labels = tmp_path / "labels.csv"
    [(puid, truth)] = rows(file, "SELECT puid, truth FROM observations WHERE number = 0")
    labels.write_text(f"puid,truth\n{puid},{truth}\nnobody,1\n")
    refused = argolane("feedback", "mnist-ab", "--from", str(labels), status=1)
    assert "0 labels counted, 1 were known before, 1 refused" in refused.stdout
    argolane("delete", "deployment", "mnist-ab")


def test_users_keep_their_arm_and_late_labels_decide(
    argolane: Command, checkout: Path, tmp_path: Path
) -> None:
    """Behind the router of users, with labels that come after the run: users count, and one arm is better."""
    argolane("run", "train-sk-mnist", "-p", "dataset=digits", "-p", "accept=0.5")
    argolane("run", "train-sk-mnist", "-p", "dataset=digits", "-p", "accept=0.2", "-p", "version=poor",
             "-p", "share=0.1")  # fmt: skip
    given = ["a=sk_mnist:0.1", "b=sk_mnist:poor", "accept=0.2", "sticky=user-id", "per-user=3"]
    given += ["requests=600", "labels=late"]
    argolane("run", "ab-test-mnist", "--name", "users", *[word for text in given for word in ("-p", text)])
    [file] = checkout.glob(".argolane/volumes/model-store/.observations/mnist-ab/users.sqlite")
    arms = rows(file, "SELECT user, count(DISTINCT arm), min(arm) FROM observations GROUP BY user")
    assert 170 < len(arms) <= 200 and {count for _, count, _ in arms} == {1}
    assert {arm for _, _, arm in arms} == {"a", "b"}
    assert rows(file, "SELECT count(*) FROM observations WHERE status != 200 OR score IS NOT NULL") == [(0,)]
    said = outputs(argolane, "users", "compare")
    assert (said["verdict"], "too few" in said["reason"]) == ("keep-testing", True)

    store = checkout / ".argolane/volumes/model-store/sk_mnist/0.1/samples.json.gz"
    truth = json.loads(gzip.decompress(store.read_bytes()))["truth"]
    labels = tmp_path / "labels.csv"
    asked = rows(file, "SELECT puid, row FROM observations")
    labels.write_text("puid,truth\n" + "".join(f"{puid},{truth[int(str(row))]}\n" for puid, row in asked))
    first = argolane("feedback", "mnist-ab", "--from", str(labels)).stdout
    assert "600 labels counted, 0 were known before, 0 refused" in first
    assert (
        "0 labels counted, 600 were known" in argolane("feedback", "mnist-ab", "--from", str(labels)).stdout
    )
    assert rows(file, "SELECT count(*) FROM observations WHERE told = 0 OR score IS NULL") == [(0,)]
    found = json.loads(argolane("compare", "mnist-ab", "-o", "json").stdout)
    assert (found["verdict"], found["counted"], found["crossed"]) == ("promote-a", "users", 0)
    assert sum(arm["users"] for arm in found["arms"]) == len(arms)
    shown = argolane("compare", "users").stdout
    assert "mean accuracy of a user" in " ".join(shown.split()) and "P(BEST)" in shown
    argolane("delete", "deployment", "mnist-ab")
