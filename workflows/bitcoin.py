"""Bitcoin in, workflow `bitcoin` out: move -> transform -> search -> train -> gate -> rollout.

What is moved and what is made of it lie in the model store, or in a bucket, below a digest of what made them:
no step hands a folder of its own run to the next, and each can be asked again.
"""

from collections.abc import Mapping
from itertools import pairwise

from hera.workflows import DAG, Container, Task, WorkflowTemplate
from hera.workflows import models as m

from k8s_serving.deployment import MODEL_STORE, image_name
from models.contract.spec import MODELS, Unit, read
from workflows.parts import parameters as p
from workflows.parts import pods
from workflows.parts.command import command
from workflows.parts.gate import gate
from workflows.parts.guard import guard
from workflows.parts.image import BUILDING, image, of_units, reference
from workflows.parts.pods import pair, workflow_template
from workflows.parts.rollout import DEPLOYING, rollout
from workflows.parts.sweep import search, sweep
from workflows.parts.targets import origin, seldon, tagged
from workflows.parts.train import train, training

DATA_URL = p.Checked(
    "data-url",
    f"file://{MODEL_STORE}/.data/bitcoin",
    "Where raw and clean prices are kept: a folder of the model store, or s3://BUCKET/PREFIX.",
    {
        "pattern": rf"(file://{MODEL_STORE}/|s3://[a-z0-9][a-z0-9.-]+)[A-Za-z0-9_./-]*",
        "expected": f"file://{MODEL_STORE}/FOLDER or s3://BUCKET/PREFIX",
    },
)
S3_ENDPOINT = p.Checked(
    "s3-endpoint",
    "http://s3:9000",
    "Where S3 answers; its keys are in the Secret s3-credentials. Only for a data-url of s3://.",
    {"pattern": r"https?://[^\s'\"]+", "expected": "http:// or https:// and a host"},
)
WHERE = p.Checked(
    "where",
    "",
    "Rows that are looked at, as COLUMN=VALUE, such as slug=bitcoin; all where it is empty.",
    {"pattern": r"([^=\s]+=.*)?", "expected": "COLUMN=VALUE, or nothing"},
)
FORMAT = p.Checked("format", "csv", "Of the clean prices.", {"enum": ["csv", "parquet"]})
SHARDS = p.Checked(
    "shards",
    "2",
    "Files that the clean prices are written to.",
    {"type": "int", "low": 1, "high": 1000, "expected": "an int from 1 to 1000"},
)
RUNNER = p.Checked(
    "runner",
    "DirectRunner",
    "Runner of Apache Beam: on this machine, or FlinkRunner, SparkRunner, DataflowRunner.",
    {"pattern": r"[A-Za-z][A-Za-z0-9_.]*", "expected": "the name of a runner of Beam"},
)
RUNNER_OPTIONS = p.Checked(
    "runner-options",
    "",
    "Flags of the runner as Beam has them, such as --flink_master=flink:8081.",
    {"pattern": ".*"},
)
OWN = (DATA_URL, S3_ENDPOINT, WHERE, FORMAT, SHARDS, RUNNER, RUNNER_OPTIONS)


def build() -> WorkflowTemplate:
    unit = read(MODELS / "bitcoin")
    params, dataset = p.of_unit(unit), p.dataset([unit])
    inputs = [*p.SOURCE, *p.ROLLOUT, *dataset, p.OVERWRITE, p.accept([unit]), *OWN]
    inputs += [*search(unit, trials=0), *params.values()]
    with workflow_template(
        "bitcoin",
        title="Bitcoin from prices to a forecast",
        description="Cleans daily prices, learns from them, and serves what beats a simple forecast.",
        parameters=inputs,
    ) as workflow:
        check = guard(inputs, images=[image_name(unit, target) for target in ("trainer", "runtime")])
        make, learn, judge = image(of_units([unit])), train(unit, env=_s3()), gate([unit])
        looked = sweep(unit, env=_s3())
        given = {parameter.name: parameter.tag for parameter in (*dataset, *params.values())}
        fetched = {name: given[name] for name in ("dataset", "csv-url", "csv-sha256")}
        move = _step(unit, "move", {**fetched, "data-dir": f"{MODEL_STORE}/.data"})
        made_of = {name: p.given(name) for name in ("csv-url", "csv-sha256")}
        own = {own.name: own.tag for own in (WHERE, FORMAT, SHARDS, RUNNER, RUNNER_OPTIONS)}
        transform = _step(unit, "transform", {**made_of, **own}, *made_of)
        roll = rollout(seldon(unit.kebab, tagged(unit)))

        with DAG(name="main"):
            checked = Task(name="guard", template=check)
            trainable = Task(
                name="build-trainer", template=make, when=BUILDING, arguments={"target": "trainer"}
            )
            servable = Task(
                name="build-runtime", template=make, when=BUILDING, arguments={"target": "runtime"}
            )
            trainer = reference(unit, "trainer", task="build-trainer")
            moved = Task(name="move", template=move, arguments={"image": trainer})
            cleaned = Task(name="transform", template=transform, arguments={
                "image": trainer,
                "csv-url": moved.get_parameter("url"),
                "csv-sha256": moved.get_parameter("sha256"),
            })  # fmt: skip
            # What is learned from, by each trial and then with the best params of all, are the shards.
            shards = {"csv-url": str(cleaned.get_parameter("url")), "csv-sha256": ""}
            wanted = {one: given[one] for one in ("dataset", *params)}
            study, _, best = looked.tasks({**wanted, **shards}, build="build-trainer")
            told = training(unit, {**{one.name: one for one in dataset}, **params}, task="build-trainer")
            trained = Task(name="train", template=learn, arguments={**told, **looked.found(best)})
            good = Task(name="gate", template=judge, arguments={"unit": unit.name, "version": p.VERSION.tag})
            rolled = Task(name="rollout", template=roll, when=DEPLOYING, arguments={
                f"{unit.kebab}-image": reference(unit, "runtime", task="build-runtime"),
                **origin(unit.kebab, good),
            })  # fmt: skip
            checked >> trainable
            trainable >> servable
            for order in ([trainable, moved, cleaned, study], [best, trained, good]):
                for before, after in pairwise(order):
                    before >> after
            for task in (servable, good):
                task >> rolled
    return workflow


def _step(unit: Unit, name: str, flags: Mapping[str, str], *inputs: str) -> Container:
    """A template that runs a step's command line in the trainer's image; outputs are url and what is told."""
    told = {
        "move": {"url": "Where the raw CSV is.", "sha256": "Of the raw CSV."},
        "transform": {
            "url": "The folder of the shards.",
            "rows": "Days in the shards.",
            "bad": "Rows that were left out.",
        },
    }
    return command(
        unit,
        name,
        [f"{unit.module}.{name}"],
        args=[
            *(f"--{flag}={value}" for flag, value in flags.items()),
            f"--to={DATA_URL.tag}",
            f"--outputs={pods.OUTPUTS}",
        ],
        env=_s3(),
        inputs=("image", *inputs),
        outputs=[pods.output(output, words) for output, words in told[name].items()],
        mounts=[pods.store_mount(read_only=False)],
    )


def _s3() -> list[m.EnvVar]:
    """How the steps know S3; without the Secret, and for a folder, they need none of it."""
    keys = [
        m.EnvVar(
            name=name,
            value_from=m.EnvVarSource(
                secret_key_ref=m.SecretKeySelector(name="s3-credentials", key=name, optional=True)
            ),
        )
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    ]
    known = pods.environment({"AWS_ENDPOINT_URL": S3_ENDPOINT.tag, "AWS_DEFAULT_REGION": "us-east-1"})
    return [*known, *keys]


def manifests() -> dict[str, object]:
    return dict(pair(build()))
