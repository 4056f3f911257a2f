"""The models of a deployment in, a template out that fails unless they answer, and answer well enough."""

from collections.abc import Iterable

from hera.workflows import Script

from k8s_serving.node import MODEL_STORE
from models.spec import Spec
from workflows.parts import parameters, pods

WAIT = 5 * 60


def verify(models: Iterable[Spec], *, ratio: str = "") -> Script:
    """Template `verify`; inputs are `url` and, for each model, the image that its node should run."""
    arms = list(models)
    images = {arm.kebab: f"{arm.kebab}-image" for arm in arms}
    return pods.small_step(
        "verify",
        inputs=["url", *images.values()],
        env={
            "URL": "{{inputs.parameters.url}}",
            "EXPECT": " ".join(f"{node}={{{{inputs.parameters.{image}}}}}" for node, image in images.items()),
            "VERSION": parameters.VERSION.tag,
            "RATIO": ratio,
            "SAMPLES": f"{MODEL_STORE}/{arms[0].name}/{parameters.VERSION.tag}/samples.json.gz",
            "MIN_ACCURACY": "{{workflow.parameters.min-accuracy}}",
            "WAIT": str(WAIT),
        },
        outputs=[pods.output("report", "What each model answered, as JSON.")],
        store=True,
        deadline=3 * WAIT,
    )
