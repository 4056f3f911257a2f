"""A SeldonDeployment with Argo's tags in, a template out that applies it and waits until it is Available.

Right after an update Available may still be the old version's word, and an update that cannot start stays
Creating for ever: hence the deadline here, and `verify` after it.
"""

import re
from typing import Any

import yaml
from hera.workflows import Parameter, Resource
from hera.workflows import models as m

from k8s_serving.node import Served
from models.spec import Spec
from workflows.parts import parameters, pods

DEPLOYING = f"'{parameters.DEPLOY.tag}' == 'true'"
DEADLINE = 15 * 60


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def tagged(model: Spec) -> Served:
    """The model with the image and digest that the task gives as `<model>-image` and `<model>-digest`."""
    image, digest = (f"{{{{inputs.parameters.{model.kebab}-{what}}}}}" for what in ("image", "digest"))
    return Served(model, image=image, digest=digest, version=parameters.VERSION.tag)


def deploy(deployment: dict[str, Any]) -> Resource:
    """Template `deploy`; its inputs are those that the tags of the deployment name, its output is `url`."""
    manifest = yaml.dump(deployment, Dumper=_Dumper, sort_keys=False, width=1000)
    inputs = dict.fromkeys(re.findall(r"\{\{inputs\.parameters\.([\w-]+)}}", manifest))
    return Resource(
        name="deploy",
        action="apply",
        manifest=manifest,
        inputs=[Parameter(name=name) for name in inputs],
        success_condition="status.state == Available",
        outputs=[
            Parameter(
                name="url",
                description="Where the deployment takes predictions.",
                value_from=m.ValueFrom(json_path="{.status.address.url}"),
            )
        ],
        retry_strategy=pods.AGAIN,
        active_deadline_seconds=DEADLINE,
    )
