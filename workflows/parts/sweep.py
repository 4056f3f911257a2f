"""A unit in, templates out that look for its best params: study -> trials, side by side -> best.

Argo's `parallelism` takes no parameter, so what is fanned out are workers, each of which takes trials until
none is left. What they share lies in the model store, by the name of the run: two sweeps never meet.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from hera.workflows import Container, Parameter, Task
from hera.workflows import models as m

from k8s_serving.deployment import MODEL_STORE
from models.contract import search as spaces
from models.contract.spec import Unit
from workflows.parts import parameters as p
from workflows.parts import pods
from workflows.parts.command import command
from workflows.parts.image import reference
from workflows.parts.parameters import Checked
from workflows.parts.resources import amount, to_train, with_cpu

STUDY = f"{MODEL_STORE}/.sweeps/{{{{workflow.name}}}}"
TRIALS = p.count(
    "trials",
    8,
    "Trainings with other params, of which the best is taken.",
    most=10000,
)
PARALLEL = p.count(
    "parallel",
    2,
    "Trials at a time.",
    most=100,
)
SEED = Checked(
    "search-seed",
    "0",
    "Seed of what is tried.",
    {"type": "int", "low": 0, "high": 2**32 - 1, "expected": "an int of at least 0"},
)
PRUNE = p.switch(
    "search-prune", "true", "Whether a trial that is behind half of the others on its way is ended there."
)
TRACKING_URI = Checked(
    "tracking-uri",
    "http://mlflow:5000",
    "MLflow server that trials are logged to; where none answers, or this is empty, they are not.",
    {"pattern": r"(https?://[^\s\"'`<>\\{}]+)?", "expected": "http:// or https:// and a host, or nothing"},
)


def search(unit: Unit, *, trials: int = 8) -> list[Checked]:
    """The parameters of a sweep of the unit; with `trials` 0 nothing is searched unless it is asked for."""
    asked = TRIALS
    if trials == 0:
        words = f"{TRIALS.description} 0 takes the params as they are given."
        rule = {**TRIALS.rule, "low": 0, "expected": "an int from 0 to 10000"}
        asked = replace(TRIALS, value="0", description=words, rule=rule)
    over = Checked(
        "search",
        spaces.text(unit.space),
        'What is tried, as JSON: {"param": [values]} or {"param": {"low": 1, "high": 9, "log": true}}.',
        {"pattern": r"\{.*\}", "expected": "JSON in { and }"},
    )
    return [asked, PARALLEL, over, SEED, PRUNE, TRACKING_URI]


@dataclass(frozen=True)
class Sweep:
    """The three templates, and the unit that they are of."""

    unit: Unit
    study: Container
    trials: Container
    best: Container

    def tasks(self, own: Mapping[str, str], *, build: str = "build") -> tuple[Task, Task, Task]:
        """The tasks of a DAG, in their order, of the image that `build` made.

        own: dataset and params, by the names that they have as inputs of `train`. A param that is searched is
        what the first trial has; the others are that of all.
        """
        image = {"image": reference(self.unit, "trainer", task=build)}
        made = Task(name="study", template=self.study, arguments={**image, **own})
        tried = Task(
            name="trials",
            template=self.trials,
            arguments={**image, "worker": "{{item}}"},
            with_param=made.get_parameter("workers"),
        )
        found = Task(name="best", template=self.best, arguments=image)
        made >> tried
        tried >> found
        return made, tried, found

    def found(self, best: Task) -> dict[str, str]:
        """The arguments of a task that trains with what `best` found: all params of the unit."""
        return {name: str(best.get_parameter(name)) for name in p.of_unit(self.unit)}


def sweep(unit: Unit, *, env: Iterable[m.EnvVar] = (), cpu: str = "1") -> Sweep:
    """Templates `study`, `trials` and `best`. ParameterError where a param has the name of another output.

    `env` is what else a trainer needs to reach its data. A trial has at most `cpu` processors, and no more
    threads than that: several side by side are faster than one that takes all.
    """
    params = p.of_unit(unit)
    mine = ["dataset"] if unit.data else []
    inputs = ["image", *mine, *params]
    flags = [f"--{name}={p.given(name)}" for name in (*mine, *params)]
    study = _step(
        unit,
        "study",
        [
            f"--unit={unit.folder}",
            f"--trials={TRIALS.tag}",
            f"--parallel={PARALLEL.tag}",
            f"--seed={SEED.tag}",
            f"--prune={PRUNE.tag}",
            "--search={{workflow.parameters.search}}",
            "--",
            *flags,
        ],
        inputs,
        [
            pods.output("workers", "Numbers of those that work on the trials."),
            Parameter(name="folder", value=STUDY, description="Where the study is."),
        ],
    )
    threads = pods.environment({"OMP_NUM_THREADS": str(max(1, int(amount(cpu))))})
    trials = _step(unit, "trials", [], ["image", "worker"], [], [*threads, *env])
    trials.resources = with_cpu(to_train(unit), cpu)
    by = unit.searched_by
    told = [
        pods.output("best-metric", f"The best {by.name if by else 'value'} of all trials."),
        pods.output("best-value", "The same as a number."),
        pods.output("best-params", "The params that were searched, as JSON."),
        pods.output("best-trial", "Number of the trial."),
        pods.output("report", "All trials with the metric of the best, as JSON."),
        pods.output("charts", "The same as a report draws it.", default=""),
        Parameter(name="folder", value=STUDY, description="Where report.json and the drawings are."),
    ]
    ours = [Checked(str(one.name), "", "", {}, "an output of template best") for one in told]
    p.unique([*ours, *params.values()])
    told += [pods.output(name, f"{name} of the best trial.") for name in params]
    best = _step(
        unit, "best", [], ["image"], told, pods.environment({"MLFLOW_TRACKING_URI": TRACKING_URI.tag})
    )
    return Sweep(unit, study, trials, best)


def _step(
    unit: Unit,
    name: str,
    flags: Sequence[str],
    inputs: Sequence[str],
    outputs: Sequence[Parameter],
    env: Iterable[m.EnvVar] = (),
) -> Container:
    return command(
        unit,
        name,
        ["models.contract.sweep", name],
        args=["--study={{workflow.name}}", f"--outputs={pods.OUTPUTS}", *flags],
        env=[*pods.environment({"MODEL_STORE": MODEL_STORE, "DATA_DIR": f"{MODEL_STORE}/.data"}), *env],
        inputs=inputs,
        outputs=outputs,
        mounts=[pods.store_mount(read_only=False)],
        deadline=pods.DAY,
    )
