"""The workflow's parameters in, a template out that ends the run on a wrong one before anything starts."""

import json
from collections.abc import Iterable, Mapping, Sequence

from hera.workflows import Script

from k8s_serving.deployment import image_name
from models.contract.spec import Unit
from workflows.parts.parameters import Checked
from workflows.parts.pods import output, small_step

ARM = {
    "node": "Name of the arm's node in the graph.",
    "unit": "Unit whose version the arm serves.",
    "version": "Version that the arm serves.",
    "folder": "Folder below models/ that the arm's image is built from.",
    "image": "Image of the arm to run when none is built.",
}


def guard(
    parameters: Iterable[Checked],
    *,
    images: Iterable[str] = (),
    arms: Mapping[str, Sequence[Unit]] | None = None,
) -> Script:
    """Template `guard`; its outputs are the images by registry and version asked for, and ARM of each arm."""
    names, choices = list(images), arms or {}
    rules = ",\n".join(f"{json.dumps(p.name)}: {json.dumps(p.rule)}" for p in parameters)
    env = {
        "PARAMETERS": "{{workflow.parameters.json}}",
        "RULES": f"{{\n{rules}\n}}",
        "IMAGES": " ".join(names),
    }
    if choices:
        env["ARMS"] = json.dumps({arm: {u.name: _told(u) for u in units} for arm, units in choices.items()})
    return small_step(
        "guard",
        env=env,
        outputs=[
            *(output(name, "Image to run when none is built.") for name in names),
            *(output(f"{arm}-{what}", words) for arm in choices for what, words in ARM.items()),
        ],
    )


def _told(unit: Unit) -> dict[str, str]:
    return {"folder": unit.folder, "image": image_name(unit, "runtime"), "loads": unit.loads}
