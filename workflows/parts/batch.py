"""A deployment and a file of rows in, templates out: shards, asked side by side and joined in order.

`find` says where the deployment answers; `split`, `answer` and `join` hand each other files in a folder of
the run on the claim that has the rows, so that a shard whose pod is lost goes on where that was.
"""

from hera.workflows import Parameter, Resource, Script
from hera.workflows import models as m

from workflows.parts import parameters as p
from workflows.parts import pods

DATA, DATA_CLAIM = "/mnt/rows", "rows"
PARTS = ".batch/{{workflow.name}}"
FETCHED = f"{PARTS}/input"
_PATH = r"([A-Za-z0-9_][\w.-]*/)*[A-Za-z0-9_][\w.-]*"

DEPLOYMENT = p.Checked(
    "deployment",
    "wine",
    "SeldonDeployment that is asked.",
    {"pattern": r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", "expected": "the name of a SeldonDeployment"},
)
CLAIM = p.Checked(
    "claim",
    "model-store",
    "Claim that has the rows, and that the answers go to.",
    {"pattern": r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", "expected": "the name of a claim"},
)
FILE = p.Checked(
    "file",
    "",
    "CSV or Parquet file on the claim; empty takes the one at url.",
    {"pattern": rf"({_PATH})?", "expected": "a path on the claim, or nothing"},
)
OUTPUT = p.Checked(
    "output",
    "batch/answers.csv",
    "File on the claim for the answers, which must not be there yet: .csv, .jsonl or .parquet.",
    {"pattern": rf"{_PATH}\.(csv|jsonl|parquet)", "expected": "a path that ends in .csv, .jsonl or .parquet"},
)
TEXT = p.Checked(
    "text",
    "",
    "Columns of a CSV, with commas between, that are text though they look like numbers.",
    {"type": "str", "expected": "names of columns with commas between, or nothing"},
)
IMAGE = p.Checked(
    "image",
    pods.PYTHON,
    "Image with the Python that reads the file; for Parquet one that has pyarrow, as trainers have.",
    {"pattern": r"[a-z0-9][\w./:@-]*", "expected": "an image"},
)
SHARDS = p.count("shards", 4, "Parts of the rows that are asked for side by side.", most=1000)
ROWS = p.count("rows-per-request", 100, "Rows in a request at most.", most=100000)
PATIENCE = p.count("patience", 60, "Seconds that a deployment may be away before a shard fails.", most=86400)
MOST_FAILED = p.count("most-failed", 0, "Rows that may fail in a run that succeeds.", most=10**9, low=0)
INPUTS = (DEPLOYMENT, CLAIM, FILE, OUTPUT, TEXT, IMAGE, SHARDS, ROWS, PATIENCE, MOST_FAILED)


def volume() -> m.Volume:
    """The only one of its pods: a kubelet never mounts one claim as two volumes of a pod."""
    source = m.PersistentVolumeClaimVolumeSource(claim_name=CLAIM.tag)
    return m.Volume(name=DATA_CLAIM, persistent_volume_claim=source)


def mount() -> m.VolumeMount:
    return m.VolumeMount(name=DATA_CLAIM, mount_path=DATA)


def find(*also: Parameter) -> Resource:
    """Template `find`: waits until the deployment is available; its outputs are its URL, and `also`."""
    manifest = (
        "apiVersion: machinelearning.seldon.io/v1\nkind: SeldonDeployment\n"
        f"metadata: {{name: '{DEPLOYMENT.tag}'}}\n"
    )
    return Resource(
        name="find",
        action="get",
        manifest=manifest,
        success_condition="status.state == Available",
        outputs=[
            Parameter(
                name="url",
                description="Where the deployment takes predictions.",
                value_from=m.ValueFrom(json_path="{.status.address.url}"),
            ),
            *also,
        ],
        retry_strategy=pods.AGAIN,
        active_deadline_seconds=600,
    )


def split() -> Script:
    """Template `split`; its inputs are image and file, its output the numbers of the shards."""
    return _step(
        "split",
        env={
            "FILE": p.given("file"),
            "OUT": OUTPUT.tag,
            "SHARDS": SHARDS.tag,
            "TEXT": TEXT.tag,
        },
        inputs=["image", "file"],
        outputs=[pods.output("shards", "Numbers of the shards, as JSON.")],
    )


def answer() -> Script:
    """Template `answer`; its inputs are the image, the deployment's URL and the number of a shard."""
    return _step(
        "answer",
        env={
            "URL": p.given("url"),
            "SHARD": p.given("shard"),
            "ROWS_PER_REQUEST": ROWS.tag,
            "PATIENCE": PATIENCE.tag,
        },
        inputs=["image", "url", "shard"],
        outputs=[],
    )


def join() -> Script:
    """Template `join`; its inputs are the image and the numbers of the shards."""
    return _step(
        "join",
        env={"OUT": OUTPUT.tag, "SHARDS": p.given("shards"), "MOST_FAILED": MOST_FAILED.tag},
        inputs=["image", "shards"],
        outputs=[
            pods.output("file", "The file of answers, on the claim."),
            pods.output("rows", "How many rows it has."),
            pods.output("failed", "How many of them failed."),
        ],
    )


def _step(name: str, *, env: dict[str, str], inputs: list[str], outputs: list[Parameter]) -> Script:
    return pods.small_step(
        name,
        image=p.given("image"),
        env={"CLAIM": DATA, "PARTS": f"{DATA}/{PARTS}", **env},
        inputs=inputs,
        outputs=outputs,
        mounts=[mount()],
        deadline=pods.DAY,
    )
