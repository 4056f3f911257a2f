"""The models of a deployment in, a template out that fails unless they answer, and answer well enough."""

from collections.abc import Iterable
from typing import Any

from hera.workflows import Script

from k8s_serving.node import MODEL_STORE
from models.spec import Spec
from workflows.parts import parameters, pods
from workflows.parts.deploy import inputs_of, traced
from workflows.parts.rollback import last_good


def verify(deployment: dict[str, Any], models: Iterable[Spec], *, ratio: str = "") -> Script:
    """Template `verify`; inputs are those of `deploy`, and its output `url`."""
    arms, manifest = list(models), traced(deployment)
    return pods.small_step(
        "verify",
        inputs=["url", *inputs_of(manifest)],
        env={
            "URL": "{{inputs.parameters.url}}",
            "EXPECT": " ".join(_expected(arm) for arm in arms),
            "VERSION": parameters.VERSION.tag,
            "RATIO": ratio,
            "SAMPLES": f"{MODEL_STORE}/{arms[0].name}/{parameters.VERSION.tag}/samples.json.gz",
            "MIN_ACCURACY": "{{workflow.parameters.min-accuracy}}",
            # After an update `deploy` may have seen the old version Available: the wait is here, then.
            "WAIT": parameters.DEPLOY_TIMEOUT.tag,
            "MANIFEST": manifest,
            "LAST_GOOD": last_good(deployment["metadata"]["name"]),
        },
        outputs=[pods.output("report", "What each model answered, as JSON.")],
        store="write",
        deadline=pods.DAY,  # bounds itself by twice WAIT
    )


def _expected(arm: Spec) -> str:
    image, digest = (f"{{{{inputs.parameters.{arm.kebab}-{of}}}}}" for of in ("image", "digest"))
    return f"{arm.kebab}={image}={digest}"
