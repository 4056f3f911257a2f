"""A SeldonDeployment with Argo's tags in, a template out that applies it and waits until it is Available.

Right after an update Available may still be the old version's word, and an update that cannot start stays
Creating for ever: hence the deadline here, `verify` after it, and `rollback` when either fails.
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
LINEAGE = "argolane.dev/"
# What the gate found in the store, and deploy writes down: of which weights, data and commit a model is.
ORIGIN = ("digest", "data", "commit")


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def tagged(model: Spec) -> Served:
    """The model with the image and digest that the task gives as `<model>-image` and `<model>-digest`."""
    image, digest = (f"{{{{inputs.parameters.{model.kebab}-{what}}}}}" for what in ("image", "digest"))
    return Served(model, image=image, digest=digest, version=parameters.VERSION.tag)


def traced(deployment: dict[str, Any]) -> str:
    """The manifest with its lineage as annotations, which `argolane whence` reads."""
    manifest = yaml.dump(deployment, Dumper=_Dumper, sort_keys=False, width=1000)
    arms = re.findall(r"\{\{inputs\.parameters\.([\w-]+)-image}}", manifest)
    lineage = {
        "version": parameters.VERSION.tag,
        "workflow": "{{workflow.name}}",
        "workflow-uid": "{{workflow.uid}}",
    }
    for arm in dict.fromkeys(arms):
        lineage |= {f"{arm}-{what}": f"{{{{inputs.parameters.{arm}-{what}}}}}" for what in ("image", *ORIGIN)}
    metadata = deployment["metadata"]
    annotations = {
        **metadata.get("annotations", {}),
        **{LINEAGE + key: value for key, value in lineage.items()},
    }
    labels = {**metadata.get("labels", {}), f"{LINEAGE}workflow": "{{workflow.name}}"}
    with_lineage = {**deployment, "metadata": {**metadata, "labels": labels, "annotations": annotations}}
    return yaml.dump(with_lineage, Dumper=_Dumper, sort_keys=False, width=1000)


def inputs_of(manifest: str) -> list[str]:
    """The input parameters that the tags of a manifest name."""
    return list(dict.fromkeys(re.findall(r"\{\{inputs\.parameters\.([\w-]+)}}", manifest)))


def deploy(deployment: dict[str, Any]) -> Resource:
    """Template `deploy`; its inputs are those that the tags of the deployment name, its output is `url`."""
    manifest = traced(deployment)
    return Resource(
        name="deploy",
        action="apply",
        manifest=manifest,
        inputs=[Parameter(name=name) for name in inputs_of(manifest)],
        success_condition="status.state == Available",
        outputs=[
            Parameter(
                name="url",
                description="Where the deployment takes predictions.",
                value_from=m.ValueFrom(json_path="{.status.address.url}"),
            )
        ],
        retry_strategy=pods.AGAIN,
        active_deadline_seconds=parameters.DEPLOY_TIMEOUT.tag,
    )
