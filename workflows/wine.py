"""Red wines in, workflow `wine` out: download, preprocess, train, register, and roll out from the registry.

Three kinds of steps: `download` is a part that any workflow may use, `preprocess` a Python function, `train`
the command line of an image. All three are called in a notebook, too.
"""

from itertools import pairwise

from hera.workflows import DAG, Container, Parameter, Script, Task, WorkflowTemplate

from k8s_serving import wine as serving
from k8s_serving.deployment import image_name
from k8s_serving.graph import Graph
from models.contract.spec import Unit
from models.data import wine as data
from models.wine.train import REGISTERED_MODEL
from workflows.parts import parameters as p
from workflows.parts import pods, registry
from workflows.parts.download import INPUTS, Known, download
from workflows.parts.gate import gate
from workflows.parts.guard import guard
from workflows.parts.image import BUILDING, built_or_named, commit, given_by_task, image
from workflows.parts.pods import pair, workflow_template
from workflows.parts.rollout import DEPLOYING, rollout
from workflows.parts.targets import origin, prepackaged, seldon
from workflows.parts.train import train

CSV, PARQUET = f"{pods.WORK}/wine.csv", f"{pods.WORK}/wine.parquet"
KNOWN = Known(data.FILE, data.SHA256, data.MIRRORS, given="WINE_CSV", mirrors_from="WINE_MIRRORS")
# What must be there before the run: see docs/running.md.
NEEDS = {"argolane.dev/needs": "k8s_setup/components/mlflow unless tracking-uri"}
BUILT = "image"


def preprocess() -> None:
    """The downloaded file as checked rows: `python -m models.wine.preprocess` says how it is called."""
    from models.wine.preprocess import main

    main([])


def build() -> WorkflowTemplate:
    unit = serving.learner()
    params = p.of_unit(unit)
    inputs = [*p.SOURCE, *p.ROLLOUT, *INPUTS, *registry.inputs(REGISTERED_MODEL), p.OVERWRITE]
    inputs += [p.accept([unit]), *params.values()]
    with workflow_template(
        "wine",
        title="Wine quality from data to a registered version that serves",
        description="Learns how good red wines are, registers the version with MLflow, serves it from there.",
        parameters=inputs,
    ) as workflow:
        workflow.annotations = {**(workflow.annotations or {}), **NEEDS}
        workflow.volume_claim_templates = [pods.work_claim()]
        check = guard(inputs, images=[image_name(unit, "trainer"), serving.IMAGE])
        make, judge = image({BUILT: given_by_task(BUILT)}), gate([unit])
        get = download(KNOWN, out=CSV, mounts=[pods.work_mount()])
        clean, learn = _preprocess(), _train(unit)
        contend, crown = registry.contend(), registry.crown()
        roll = rollout(seldon(serving.NAME, _node(unit)))

        with DAG(name="main"):
            checked = Task(name="guard", template=check)
            built = Task(
                name="build",
                template=make,
                when=BUILDING,
                arguments={"target": "trainer", BUILT: unit.image_folder},
            )
            servable = Task(
                name="build-server",
                template=make,
                when=BUILDING,
                arguments={"target": "runtime", BUILT: serving.SERVER},
            )
            trainer = built_or_named(BUILT, image_name(unit, "trainer"))
            server = built_or_named(BUILT, serving.IMAGE, task="build-server")
            got = Task(name="download", template=get, arguments={"image": trainer})
            cleaned = Task(name="preprocess", template=clean, arguments={"image": trainer})
            own = {"dataset": "wine", **{name: parameter.tag for name, parameter in params.items()}}
            trained = Task(
                name="train", template=learn, arguments={"image": trainer, "commit": commit(), **own}
            )
            good = Task(name="gate", template=judge, arguments={"unit": unit.name, "version": p.VERSION.tag})
            best = Task(
                name="contend",
                template=contend,
                arguments={"version": p.VERSION.tag, "digest": good.get_parameter("digest")},
            )
            rolled = Task(name="rollout", template=roll, when=DEPLOYING, arguments={
                f"{unit.kebab}-image": server,
                **{f"{unit.kebab}-{what}": best.get_parameter(what) for what in ("uri", *registry.LINEAGE)},
                **origin(unit.kebab, good),
            })  # fmt: skip
            crowned = Task(name="crown", template=crown, when=DEPLOYING, arguments={
                name: best.get_parameter(name) for name in ("number", "champion")
            })  # fmt: skip
            order = [checked, built, got, cleaned, trained, good, best, rolled, crowned]
            for before, after in (*pairwise(order), (built, servable), (servable, rolled)):
                before >> after
    return workflow


def _node(unit: Unit) -> Graph:
    return prepackaged(
        unit, implementation=serving.IMPLEMENTATION, secret=serving.SECRET, lineage=registry.LINEAGE
    )


def _preprocess() -> Script:
    """Template `preprocess`: its source is the body of the function above."""
    return Script(
        name="preprocess",
        image="{{inputs.parameters.image}}",
        command=["python"],
        source=preprocess,
        env=pods.environment({"CSV": CSV, "WINE_PARQUET": PARQUET}),
        inputs=[Parameter(name="image")],
        volume_mounts=[pods.work_mount()],
        resources=pods.resources(cpu="50m", memory="256Mi", limit="1Gi"),
        security_context=pods.LOCKED,
        retry_strategy=pods.AGAIN,
        active_deadline_seconds=60 * 60,
    )


def _train(unit: Unit) -> Container:
    """The unit's own template; it learns the rows of `preprocess`, and tells MLflow of the version."""
    more = pods.environment(
        {
            "WINE_PARQUET": PARQUET,
            "MLFLOW_TRACKING_URI": registry.TRACKING_URI.tag,
            "REGISTERED_MODEL": "{{workflow.parameters.registered-model}}",
            "MLFLOW_EXPERIMENT_NAME": unit.name,
        }
    )
    return train(unit, name="train", env=more, mounts=[pods.work_mount()])


def manifests() -> dict[str, object]:
    return dict(pair(build()))
