"""The workflow's parameters in, a template out that ends the run on a wrong one before anything starts."""

import json
from collections.abc import Iterable

from hera.workflows import Script

from models.spec import Spec
from workflows.parts.image import image_name
from workflows.parts.parameters import Checked
from workflows.parts.pods import output, small_step


def guard(parameters: Iterable[Checked], *, models: Iterable[Spec], targets: Iterable[str]) -> Script:
    """Template `guard`; its outputs are the images of the models by the registry and version asked for."""
    names = [image_name(model, target) for target in targets for model in models]
    rules = ",\n".join(f"{json.dumps(p.name)}: {json.dumps(p.rule)}" for p in parameters)
    return small_step(
        "guard",
        env={
            "PARAMETERS": "{{workflow.parameters.json}}",
            "RULES": f"{{\n{rules}\n}}",
            "IMAGES": " ".join(names),
        },
        outputs=[output(name, "Image to run when none is built.") for name in names],
    )
