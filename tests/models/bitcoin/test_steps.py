"""The steps as command lines, in the trainer's environment; Beam's own testing util runs the pipeline.

What takes longer is marked `heavy`: tests/e2e/test_bitcoin.py has been through every step by then.
"""

import contextlib
import json
import os
import socket
import subprocess
import time
from pathlib import Path

import pytest

from models.data import bitcoin
from tests.mlflow_site import BUCKET, KEY, SECRET, Site, command
from tests.models.bitcoin.conftest import version
from tests.models.conftest import ROOT, run, train
from tests.models.serving import free_ports, served

pytestmark = [pytest.mark.environments, pytest.mark.timeout(400)]


def step(python: Path, name: str, *flags: object, **env: object) -> subprocess.CompletedProcess[str]:
    return run(python, "-m", f"models.bitcoin.{name}", *flags, **env)


@pytest.fixture(scope="module")
def csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("prices") / "mine.csv"
    file.write_bytes(bitcoin.synthetic())
    return file


@pytest.fixture(scope="module")
def moved(python: Path, csv: Path) -> str:
    done = step(
        python, "move", f"--csv-url={csv.as_uri()}", "--to", csv.parent, "--outputs", csv.parent / "o"
    )
    assert done.returncode == 0, done.stderr
    return (csv.parent / "o" / "url").read_text()


@pytest.fixture(scope="module")
def shards(python: Path, csv: Path, moved: str) -> str:
    """The folder of three shards."""
    done = step(
        python,
        "transform",
        "--csv-url",
        moved,
        "--to",
        csv.parent,
        "--shards=3",
        "--outputs",
        csv.parent / "o",
    )
    assert done.returncode == 0, done.stderr
    assert "900 rows, 1 bad, 3 shards" in done.stdout
    assert "left out: 2022-06-19: open is 'null'; expected a number." in done.stdout
    return (csv.parent / "o" / "url").read_text()


def test_pipeline_windows_and_graph_hold(python: Path) -> None:
    """Every check of in_environment.py, in one process."""
    done = run(python, Path(__file__).with_name("in_environment.py"))
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 10


@pytest.mark.parametrize("name", ["move", "transform", "train", "ask"])
def test_every_step_has_help(python: Path, name: str) -> None:
    """Which loads neither Beam nor TensorFlow."""
    done = step(python, name, "--help")
    assert done.returncode == 0 and f"python -m models.bitcoin.{name}" in done.stdout


def test_what_was_moved_is_the_file_and_is_kept(python: Path, csv: Path, moved: str) -> None:
    """Below its digest, so that asking again fetches nothing."""
    assert moved.startswith("file:///") and moved.endswith("/mine.csv")
    assert Path(moved.removeprefix("file://")).read_bytes() == csv.read_bytes()
    again = step(python, "move", f"--csv-url={csv.as_uri()}", "--to", csv.parent)
    assert "It is there already." in again.stdout and moved in again.stdout


@pytest.mark.heavy
def test_shards_have_a_header_and_all_days(python: Path, csv: Path, shards: str) -> None:
    """Three files, whose rows together are the days of the CSV; nothing half-made lies beside them."""
    folder = Path(shards.removeprefix("file://"))
    files = sorted(folder.glob("mine-*-of-00003.csv"))
    texts = [file.read_text().splitlines() for file in files]
    assert {lines[0] for lines in texts} == {"date,open,high,low,close,volume,range"}
    assert len(files) == 3 and sum(len(lines) - 1 for lines in texts) == 900
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    again = step(python, "transform", "--csv-url", csv.as_uri(), "--to", csv.parent, "--shards=3")
    assert "It is there already" in again.stdout and f"url: {shards}" in again.stdout


@pytest.mark.heavy
def test_a_training_is_the_same_from_the_csv_and_from_any_shards(
    python: Path, csv: Path, shards: str, tmp_path: Path
) -> None:
    """CSV, shards of CSV and of Parquet: the same data, and the same weights to the byte."""
    out = tmp_path / "o"
    done = step(
        python, "transform", "--csv-url", csv.as_uri(), "--to", tmp_path, "--format=parquet", "--outputs", out
    )
    assert done.returncode == 0, done.stderr
    urls = {"csv": csv.as_uri(), "shards": shards, "parquet": (out / "url").read_text()}
    for name, url in urls.items():
        flags = (f"--csv-url={url}", f"--version={name}", "--estimator=ridge")
        done = train(python, "bitcoin", tmp_path, *flags)
        assert done.returncode == 0, done.stderr
    made = [version(tmp_path, name) for name in urls]
    assert len({one["digest"] for one in made}) == len({one["data"]["sha256"] for one in made}) == 1
    assert made[0]["data"]["description"] == "mine (676/180)"
    assert made[0]["metric"]["name"] == "skill_low" and made[0]["metric"]["value"] > 0
    assert {"rmse", "baseline_rmse", "diebold_mariano", "validation_rmse"} <= made[0]["scores"].keys()


@pytest.mark.heavy
def test_shards_that_were_not_finished_are_refused(python: Path, shards: str, tmp_path: Path) -> None:
    """A folder without the mark of its end, one whose rows are fewer, and none."""
    folder = tmp_path / "cut"
    folder.mkdir()
    for file in Path(shards.removeprefix("file://")).iterdir():
        if file.name != "mine-00002-of-00003.csv":
            (folder / file.name).write_bytes(file.read_bytes())
    said = train(python, "bitcoin", tmp_path, f"--csv-url={folder.as_uri()}/").stderr
    assert "expected the 900 that transform has written" in said
    (folder / "_transform.json").unlink()
    said = train(python, "bitcoin", tmp_path, f"--csv-url={folder.as_uri()}/").stderr
    assert "Has transform been run, to its end?" in said
    assert "has no .csv or .parquet" in train(python, "bitcoin", tmp_path, "--csv-url=file:///none/").stderr


WRONG = {
    "no such file": (
        "transform",
        ["--csv-url=file:///none.csv", "--to=X"],
        "file:///none.csv: cannot be read",
    ),
    "no bucket": ("move", ["--dataset=synthetic", "--to=s3://"], "names no bucket; expected s3://BUCKET"),
    "another scheme": ("move", ["--dataset=synthetic", "--to=ftp://a"], "expected a path, file:///FOLDER"),
    "no columns": ("transform", ["--csv-url=EMPTY", "--to=X"], "there is not one each"),
    "a filter by nothing": (
        "transform",
        ["--csv-url=CSV", "--to=X", "--where=slug"],
        "expected COLUMN=VALUE",
    ),
    "no shards": ("transform", ["--csv-url=CSV", "--to=X", "--shards=0"], "expected 1 to 1000"),
    "too many bad rows": ("transform", ["--csv-url=CSV", "--to=X", "--most-bad=0"], "1 of 901 rows are bad"),
    "no such flag": ("move", ["--dataset=synthetic", "--to=X", "--nope"], "unrecognized arguments: --nope"),
    "a flag of nobody": (
        "transform",
        ["--csv-url=CSV", "--to=X", "--shardz=3"],
        "--shardz=3 is a flag neither",
    ),
    "too few days": ("train", ["--csv-url=SHORT"], "expected at least 100 and 25"),
    "no such runner": ("transform", ["--csv-url=CSV", "--to=X", "--runner=NopeRunner"], "NopeRunner"),
    "no such server": (
        "transform",
        [
            "--csv-url=CSV",
            "--to=X",
            "--runner=FlinkRunner",
            "--runner-options=--flink_job_server_jar=/no/own.jar",
        ],
        'FlinkRunner: Unable to parse jar URL "/no/own.jar"',
    ),
}


HEAVY = (
    "no columns",
    "too many bad rows",
    "no such runner",
    "no such server",
    "a flag of nobody",
)  # they load Beam


@pytest.mark.parametrize("case", [pytest.param(c, marks=[pytest.mark.heavy] * (c in HEAVY)) for c in WRONG])
def test_what_a_user_can_mend_is_one_line(python: Path, csv: Path, tmp_path: Path, case: str) -> None:
    """No traceback; what was found and what is expected."""
    name, flags, words = WRONG[case]
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "short.csv").write_text("\n".join(csv.read_text().splitlines()[:50]))
    places = {
        "CSV": csv.as_uri(),
        "EMPTY": (tmp_path / "empty.csv").as_uri(),
        "SHORT": (tmp_path / "short.csv").as_uri(),
        "X": tmp_path.as_uri(),
    }
    given = []
    for flag in flags:
        key, _, value = flag.partition("=")
        given.append(f"{key}={places.get(value, value)}" if value else flag)
    done = step(python, name, *given, MODEL_STORE=tmp_path)
    assert done.returncode in (1, 2) and words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.heavy
def test_another_runner_makes_the_same_shards(python: Path, csv: Path, moved: str, tmp_path: Path) -> None:
    """A job server of Beam in a process of its own, which the flags of the runner name."""
    [port] = free_ports(1)
    start = [python, "-m", "apache_beam.runners.portability.local_job_service_main", "-p", str(port)]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(start, cwd=tmp_path, stdout=log, stderr=log)
    try:
        wait_for(port, server)
        elsewhere = f"--job_endpoint=localhost:{port} --environment_type=LOOPBACK"
        found = []
        for to, flags in (("one", []), ("two", ["--runner=PortableRunner", f"--runner-options={elsewhere}"])):
            done = step(python, "transform", "--csv-url", moved, "--to", tmp_path / to, *flags)
            assert done.returncode == 0 and "900 rows, 1 bad, 2 shards" in done.stdout, done.stderr
            files = (tmp_path / to).rglob("*-of-*.csv")
            found.append(sorted(line for file in files for line in file.read_text().splitlines()))
        assert found[0] == found[1] and len(found[0]) == 902
        assert "with state DONE" in (tmp_path / "log").read_text()
    finally:
        server.terminate()
        server.wait(20)


def wait_for(port: int, server: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + 90
    while time.monotonic() < end:
        assert server.poll() is None
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise AssertionError(f"nobody listens on {port}")


@pytest.mark.heavy
def test_prices_in_a_bucket(python: Path, csv: Path, tmp_path: Path) -> None:
    """Moved to s3://, with the keys of the environment, transformed there; wrong keys are told, not shown."""
    made = Site(
        tmp_path, Path(), command("k8s_setup/components/mlflow/rclone.lock", "rclone"), 0, *free_ports(1)
    )
    keys = {"AWS_ENDPOINT_URL": made.s3, "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1"}  # fmt: skip
    told = ["--to", f"s3://{BUCKET}/prices", "--outputs", tmp_path / "o"]
    made.start_s3()
    try:
        done = step(python, "move", f"--csv-url={csv.as_uri()}", *told, **keys)
        assert done.returncode == 0, done.stderr
        url = (tmp_path / "o/url").read_text()
        assert url.startswith(f"s3://{BUCKET}/prices/raw/")
        kept = tmp_path / "s3" / url.removeprefix("s3://")
        assert kept.read_bytes() == csv.read_bytes()
        assert (
            "It is there already." in step(python, "move", f"--csv-url={csv.as_uri()}", *told, **keys).stdout
        )
        done = step(python, "transform", "--csv-url", url, *told, **keys)
        assert done.returncode == 0 and "900 rows, 1 bad" in done.stdout, done.stderr
        clean = tmp_path / "s3" / (tmp_path / "o/url").read_text().removeprefix("s3://")
        assert len(list(clean.glob("*-of-00002.csv"))) == 2 and (clean / "_transform.json").is_file()
        wrong = keys | {"AWS_SECRET_ACCESS_KEY": "some-other-one"}
        done = step(python, "move", f"--csv-url={csv.as_uri()}", *told, **wrong)
        assert done.returncode == 1 and "S3 is known by AWS_ENDPOINT_URL" in done.stderr
        assert "some-other-one" not in done.stderr and "Traceback" not in done.stderr
    finally:
        made.stop("s3")


@pytest.mark.heavy
def test_served_as_trained_and_client_errors(
    python: Path, serving: Path, csv: Path, shards: str, tmp_path: Path
) -> None:
    """One number for each row of 34; anything else is told what is expected; text/csv is not read."""
    done = train(python, "bitcoin", tmp_path, f"--csv-url={shards}", "--estimator=ridge")
    assert done.returncode == 0, done.stderr
    said = step(python, "ask", f"--csv-url={csv.as_uri()}")
    request = json.loads(said.stdout)
    assert (
        request["data"]["names"]
        == json.loads((ROOT / "models/bitcoin/request.json").read_text())["data"]["names"]
    )
    row = request["data"]["ndarray"][0]
    with served(serving, "bitcoin", tmp_path / "bitcoin" / "0.1", tmp_path / "log") as server:
        status, answer = server.ask(request)
        assert status == 200 and answer["data"]["names"] == ["log_range"]
        assert -8 < answer["data"]["ndarray"][0][0] < 0
        for wrong in (
            {"data": {"ndarray": [[1, 2]]}},
            {"data": {"ndarray": [["a"] * 34]}},
            {"data": {"ndarray": []}},
        ):
            status, answer = server.ask(wrong)
            assert status == 400 and "expected rows of 34 numbers" in answer["status"]["info"]
        status, _ = server.ask(",".join(map(str, row)).encode(), kind="text/csv")
        assert status == 415


@pytest.mark.heavy
def test_the_network_is_made_of_its_params(python: Path, csv: Path, tmp_path: Path) -> None:
    """Each of the four that a search turns changes what is learned; the same make the same weights."""
    changes = ["--layers=3", "--first-layer-size=16", "--scale-factor=1", "--learning-rate=0.01", ""]
    digests = {}
    for number, change in enumerate(["", *changes]):
        flags = [f"--csv-url={csv.as_uri()}", "--epochs=2", f"--version={number}", *filter(None, [change])]
        done = train(python, "bitcoin", tmp_path, *flags)
        assert done.returncode == 0, done.stderr
        digests[number] = version(tmp_path, str(number))["digest"]
    assert digests[0] == digests[5] and len(set(digests.values())) == 5


@pytest.mark.heavy
@pytest.mark.skipif("BITCOIN_CSV" not in os.environ, reason="BITCOIN_CSV names no file")
def test_what_is_said_of_the_known_days(python: Path, tmp_path: Path) -> None:
    """The range is told better than by EWMA; the close by least squares; tomorrow's price by nothing."""
    scores = {}
    for target in ("range", "close", "next-close"):
        done = train(python, "bitcoin", tmp_path, f"--target={target}", f"--version={target}")
        assert done.returncode == 0, done.stderr
        made = version(tmp_path, target)
        scores[target] = made["scores"] | {made["metric"]["name"]: made["metric"]["value"]}
    assert scores["range"]["rmse"] <= 0.505 < 0.53 < scores["range"]["baseline_rmse"]
    assert scores["range"]["skill_low"] > 0.05 and scores["range"]["diebold_mariano"] > 3
    assert scores["close"]["ridge_rmse"] < 550 and scores["close"]["rmse"] < 560
    assert scores["next-close"]["skill_low"] < 0 and scores["next-close"]["baseline_rmse"] < 1280
