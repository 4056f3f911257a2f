"""Wine quality with no cluster: from a file to a registered version that serves, asked as people ask.

MLflow and S3 are real, and the test's own, for a machine has one port 5000. The wines are made up.
"""

import json
import re
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from argolane.project import find
from models.data.wine import FEATURES
from tests.e2e.conftest import Command, run_command
from tests.e2e.notebooks import executed
from tests.mlflow_site import KEY, SECRET, Site, site
from tests.models.conftest import python_of
from tests.models.wine.rows import made_up
from tests.serving.test_ingress import proxy

pytestmark = [pytest.mark.heavy, pytest.mark.environments, pytest.mark.timeout(600)]
ROW = [7.4, 0.7, 0.0, 1.9, 0.076, 11.0, 34.0, 0.9978, 3.51, 0.56, 9.4]


@pytest.fixture(scope="module")
def mlflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("site")) as made:
        yield made


@pytest.fixture(scope="module")
def flags(mlflow: Site, checkout: Path) -> list[str]:
    """Of a run: the wines, and where MLflow is; the Secret with the keys of its S3 is there."""
    (checkout / "wine.csv").write_text(made_up(200))
    keys = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_ENDPOINT_URL": mlflow.s3}
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s3-credentials"},
        "stringData": keys,
    }
    (checkout / "secret.yaml").write_text(json.dumps(secret))
    done = run_command(checkout, "apply", "-f", "secret.yaml")
    assert done.returncode == 0, done.stderr
    values = {
        "url": (checkout / "wine.csv").as_uri(),
        "tracking-uri": mlflow.uri,
        "accept": "2",
        "trees": "20",
    }
    return [word for name, value in values.items() for word in ("-p", f"{name}={value}")]


@pytest.fixture(scope="module")
def run(argolane: Command, flags: list[str]) -> subprocess.CompletedProcess[str]:
    return argolane("run", "wine", *flags)


def log(argolane: Command, task: str, *, run: str = "run/wine") -> str:
    return argolane("logs", run, task).stdout


def test_a_version_is_registered_and_served_from_there(
    run: subprocess.CompletedProcess[str], argolane: Command, mlflow: Site
) -> None:
    """All test rows are answered as when it was trained, the alias is on it, and the deployment says so."""
    assert "Succeeded" in run.stdout.splitlines()[-1] and "is needed and is not up" not in run.stderr
    assert "registered: wine-quality 1 at " in log(argolane, "train")
    assert "on 50 test rows of wine-" in log(argolane, "verify")
    assert "champion of wine-quality: 1, before it none" in log(argolane, "crown")
    told = json.loads(argolane("whence", "wine").stdout)["lineage"]
    assert told["wine-number"] == "1" and told["wine-forced"] == "false"
    assert (mlflow.folder / "s3" / told["wine-uri"].removeprefix("s3://") / "MLmodel").is_file()


def test_it_is_asked_by_columns_or_by_names(run: object, argolane: Command) -> None:
    """The same wine in both forms; what is wrong with another is said with HTTP 400."""
    url = json.loads(argolane("whence", "wine").stdout)["url"]
    names, turned = list(FEATURES), list(reversed(FEATURES))

    def ask(row: list[Any], given: list[str] | None = None) -> Any:
        data: dict[str, Any] = {"ndarray": [row], **({"names": given} if given else {})}
        body = json.dumps({"data": data}).encode()
        asked = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:
                return json.load(answer)["data"]["ndarray"]
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    known = ask(ROW)
    assert 0 < known[0][0] < 10
    assert known == ask(ROW, names) == ask(ROW[::-1], turned)
    assert [ask(ROW[:-1]), ask([*ROW[:-1], "strong"]), ask(ROW, [*names[:-1], "spirit"])] == [400] * 3


PARQUET = """
import sys
import pandas as pd
if len(sys.argv) == 2:
    print(pd.read_parquet(sys.argv[1]).to_json(orient="values"))
else:
    pd.DataFrame([{row}] * 24 + [{bad}], columns={names}).to_parquet(sys.argv[2])
"""


def test_a_parquet_file_is_answered_by_pods(run: object, argolane: Command, checkout: Path) -> None:
    """batch-predict on a claim, from and to Parquet in the trainer's image; what is no wine is named."""
    python, box = python_of("wine/train.lock"), checkout / ".argolane/volumes/model-store/batch"
    box.mkdir(parents=True)
    code = PARQUET.format(row=ROW, bad=[None, *ROW[1:]], names=list(FEATURES))
    subprocess.run([python, "-c", code, "write", box / "in.parquet"], check=True, timeout=120)
    values = {"file": "batch/in.parquet", "output": "batch/out.parquet", "shards": "2", "most-failed": "1",
              "image": "registry.example.com/argolane/wine-trainer:0.1"}  # fmt: skip
    argolane("run", "batch-predict", *(w for n, v in values.items() for w in ("-p", f"{n}={v}")))
    read = subprocess.run(
        [python, "-c", code, box / "out.parquet"], check=True, timeout=120, capture_output=True
    )
    found = json.loads(read.stdout)
    assert [row for row, _ in found] == list(range(1, 26)) and len({value for _, value in found[:24]}) == 1
    assert 0 < found[0][1] < 10 and found[24][1] is None
    assert "row 25 (line 25): HTTP 400" in log(argolane, "join", run="run/batch-predict")


def test_the_notebook_runs(
    run: object, mlflow: Site, checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """notebooks/wine.ipynb: each function of the workflow, then the registry and the deployment.

    Here, and where its CLUSTER is an ingress.
    """
    known = {"URL": (checkout / "wine.csv").as_uri(), "MLFLOW": mlflow.uri, "TREES": 5}
    with proxy(find(checkout)) as base:
        for cluster in ("", base):
            shown = executed(checkout, "wine", tmp_path, monkeypatch, **known, CLUSTER=cluster)
            assert shown.count("drawn") == 3
            assert "may serve" in shown and "'version': '0.1'" in shown
            assert re.search(r"over REST \['wine'\] answered: \[\[\d", shown) and "no gRPC: " in shown
            assert not cluster or f"{base}/seldon/argolane/wine/" in shown
