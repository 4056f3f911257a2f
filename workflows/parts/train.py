"""A unit in, a template out that trains it into the model store."""

from collections.abc import Iterable, Mapping

from hera.workflows import Container, Parameter
from hera.workflows import models as m

from k8s_serving.deployment import MODEL_STORE
from models.contract.flags import parser
from models.contract.spec import Unit
from workflows.parts import parameters, pods
from workflows.parts.command import command
from workflows.parts.image import commit, reference
from workflows.parts.parameters import Checked


def train(
    unit: Unit, *, name: str = "", env: Iterable[m.EnvVar] = (), mounts: Iterable[m.VolumeMount] = ()
) -> Container:
    """Template `train-<unit>`; its inputs are image, commit, dataset where it has any, and its params.

    `name` is another for the template; `env` and `mounts` are what else the trainer needs to reach its data.
    ParameterError or ModelError where a param has the name of one of those, or of a flag of all trainers.
    """
    parser(unit)
    mine = ["dataset"] if unit.data else []
    params = parameters.of_unit(unit)
    origin = f"an input of template train-{unit.kebab}"
    inputs = [parameters.Checked(name, "", "", {}, origin) for name in ("image", "commit", *mine)]
    names = [parameter.name for parameter in parameters.unique([*inputs, *params.values()])]
    return command(
        unit,
        name or f"train-{unit.kebab}",
        [f"{unit.module}.train"],
        args=[
            *(f"--{flag}={parameters.given(flag)}" for flag in (*mine, *params)),
            f"--version={parameters.VERSION.tag}",
            f"--overwrite={parameters.OVERWRITE.tag}",
            f"--metric-file={pods.OUTPUTS}/metric",
            f"--version-file={pods.OUTPUTS}/version",
            f"--note-file={pods.OUTPUTS}/note",
            f"--charts-file={pods.OUTPUTS}/charts",
            f"--links-file={pods.OUTPUTS}/links",
        ],
        env=[
            *pods.environment(
                {
                    "MODEL_STORE": MODEL_STORE,
                    "DATA_DIR": f"{MODEL_STORE}/.data",
                    "SOURCE_COMMIT": "{{inputs.parameters.commit}}",
                    "IMAGE": "{{inputs.parameters.image}}",
                }
            ),
            *env,
        ],
        inputs=names,
        outputs=[
            pods.output("metric", "What it is judged by, and its value on the test rows."),
            pods.output("version", "version.json of the trained version."),
            pods.output(
                "note", "The data that were used, where the best to be had were asked for.", default=""
            ),
            pods.output("charts", "What a report draws of the training.", default=""),
            pods.output("links", "Where more is to be read of it.", default=""),
            Parameter(
                name="folder",
                value=f"{MODEL_STORE}/{unit.name}/{parameters.VERSION.tag}",
                description="Where the version is, with its drawings.",
            ),
        ],
        mounts=[pods.store_mount(read_only=False), *mounts],
    )


def training(unit: Unit, own: Mapping[str, Checked], *, task: str = "build") -> dict[str, str]:
    """The arguments of a task that trains what `task` built: `own` are dataset and params, by input."""
    tags = {name: parameter.tag for name, parameter in own.items()}
    return {"image": reference(unit, "trainer", task=task), "commit": commit(task=task), **tags}
