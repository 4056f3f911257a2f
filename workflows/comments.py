"""Comments in, workflow `comments` out: step by step to a version, then the chain of four is rolled out.

The steps hand files to each other in a claim that each run has for itself; what was learned ends in the
model store.
"""

from collections.abc import Mapping

from hera.workflows import DAG, Container, Parameter, Task, WorkflowTemplate

from k8s_serving import comments
from k8s_serving.deployment import MODEL_STORE, image_name
from models.contract.spec import Unit
from workflows.parts import parameters as p
from workflows.parts import pods
from workflows.parts.command import command
from workflows.parts.gate import gate
from workflows.parts.guard import guard
from workflows.parts.image import BUILDING, commit, image, of_units, reference
from workflows.parts.pods import pair, workflow_template
from workflows.parts.rollout import DEPLOYING, rollout
from workflows.parts.targets import origin, seldon, tagged


def build() -> WorkflowTemplate:
    unit, nodes = comments.learner(), comments.nodes()
    params, dataset = p.of_unit(unit), p.dataset([unit])
    inputs = [*p.SOURCE, *p.ROLLOUT, *dataset, p.OVERWRITE, p.accept([unit]), *params.values()]
    with workflow_template(
        "comments",
        title="Comment moderation from data to a chain of four",
        description="Learns from comments which of them moderators remove, and serves the steps as a chain.",
        parameters=inputs,
    ) as workflow:
        # Some 20 MB lie there in the end, for the known comments; csv-url may name larger files.
        workflow.volume_claim_templates = [pods.work_claim()]
        check = guard(inputs, images=[image_name(unit, "unit")])
        make, judge = image(of_units([unit, *nodes])), gate([unit])
        steps = {
            name: _step(unit, name, *call) for name, call in _steps([*dataset, *params.values()]).items()
        }
        roll = rollout(seldon(comments.NAME, comments.chain(tagged)))

        with DAG(name="main"):
            checked = Task(name="guard", template=check)
            built = Task(name="build", template=make, when=BUILDING, arguments={"target": "trainer"})
            checked >> built
            before = built
            given = {"image": reference(unit, "unit"), "commit": commit()}
            for name, template in steps.items():
                step = Task(name=name, template=template, arguments=given)
                before >> step
                before = step
            good = Task(name="gate", template=judge, arguments={"unit": unit.name, "version": p.VERSION.tag})
            rolled = Task(name="rollout", template=roll, when=DEPLOYING, arguments={
                name: argument
                for node in nodes
                for name, argument in {
                    f"{node.kebab}-image": reference(node, "unit"),
                    **origin(node.kebab, good),
                }.items()
            })  # fmt: skip
            before >> good
            good >> rolled
    return workflow


def _steps(params: list[p.Checked]) -> dict[str, tuple[str, dict[str, str]]]:
    """Of each task the module that it runs, and its flags."""
    of = {parameter.name: parameter.tag for parameter in params}
    reading = ("dataset", "csv-url", "csv-sha256", "csv-encoding", "features-column", "labels-column", "seed")
    raw, labels, data = "raw.jsonl", "labels.jsonl", "data.json"
    tfidf, classify = "tfidf.json", "classify.json"
    return {
        "download": ("download", {
            **{name: of[name] for name in reading},
            **_files(features=raw, labels=labels, data=data),
            "data-dir": f"{MODEL_STORE}/.data",
        }),
        "clean": ("clean", _files(**{"in": raw}, out="clean.jsonl", seconds="clean.seconds")),
        "tokens": ("tokens", _files(**{"in": "clean.jsonl"}, out="tokens.jsonl", seconds="tokens.seconds")),
        "tfidf-train": ("tfidf", {
            "action": "train",
            **{name: of[name] for name in ("max-features", "ngram-range")},
            **_files(**{"in": "tokens.jsonl"}, model=tfidf, seconds="tfidf.seconds"),
        }),
        "tfidf": ("tfidf", {
            "action": "predict", **_files(**{"in": "tokens.jsonl"}, model=tfidf, out="vectors.jsonl"),
        }),
        "classify-train": ("classify", {
            "action": "train",
            **{name: of[name] for name in ("c-param", "seed")},
            **_files(**{"in": "vectors.jsonl"}, labels=labels, model=classify, seconds="classify.seconds"),
        }),
        "publish": ("publish", {
            **_files(features=raw, labels=labels, data=data, tfidf=tfidf, classify=classify),
            **of,
            "version": p.VERSION.tag,
            "overwrite": p.OVERWRITE.tag,
            "metric-file": f"{pods.OUTPUTS}/metric",
            "version-file": f"{pods.OUTPUTS}/version",
        }),
    }  # fmt: skip


def _files(**names: str) -> dict[str, str]:
    """`in="raw.jsonl"` is the flag --in-path with that file of the run's claim."""
    return {f"{flag}-path": f"{pods.WORK}/{name}" for flag, name in names.items()}


def _step(unit: Unit, name: str, module: str, flags: Mapping[str, str]) -> Container:
    """A template that runs a step's command line in the family's image."""
    publishing = name == "publish"
    seconds = [
        f"--seconds-path={pods.WORK}/{step}.seconds" for step in ("clean", "tokens", "tfidf", "classify")
    ]
    stores = publishing or name == "download"
    return command(
        unit,
        name,
        [f"{unit.module}.{module}"],
        args=[*(f"--{flag}={value}" for flag, value in flags.items()), *(seconds if publishing else [])],
        env=pods.environment(
            {
                "MODEL_STORE": MODEL_STORE,
                "SOURCE_COMMIT": "{{inputs.parameters.commit}}",
                "IMAGE": "{{inputs.parameters.image}}",
            }
        ),
        inputs=("image", "commit"),
        outputs=[
            pods.output("metric", "What it is judged by, and its value on held-out comments."),
            pods.output("version", "version.json of the version."),
            Parameter(
                name="folder",
                value=f"{MODEL_STORE}/{unit.name}/{p.VERSION.tag}",
                description="Where the version is, with its drawings.",
            ),
        ]
        if publishing
        else [],
        mounts=[
            pods.work_mount(),
            *([pods.store_mount(read_only=False)] if stores else []),
        ],
    )


def manifests() -> dict[str, object]:
    return dict(pair(build()))
