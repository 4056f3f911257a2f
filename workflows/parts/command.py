"""A unit and a command line of Python in, a template out that runs it in the image that its task gives."""

from collections.abc import Iterable, Sequence

from hera.workflows import Container, Parameter
from hera.workflows import models as m

from models.contract.spec import Unit
from workflows.parts import pods
from workflows.parts.resources import to_train


def command(
    unit: Unit,
    name: str,
    module: Sequence[str],
    *,
    args: Iterable[str],
    env: Iterable[m.EnvVar],
    inputs: Iterable[str],
    outputs: Iterable[Parameter],
    mounts: Iterable[m.VolumeMount],
    deadline: int = 6 * 60 * 60,
) -> Container:
    """`python -m MODULE`, with what a training of the unit needs; `module` may go on with an action.

    `image` is one of the inputs. `deadline` counts seconds from its pod's start.
    """
    return Container(
        name=name,
        image="{{inputs.parameters.image}}",
        command=["python", "-m", *module],
        args=list(args),
        env=list(env),
        inputs=[Parameter(name=given) for given in inputs],
        outputs=list(outputs),
        volume_mounts=list(mounts),
        resources=to_train(unit),
        security_context=pods.LOCKED,
        retry_strategy=pods.AGAIN,
        active_deadline_seconds=deadline,
    )
