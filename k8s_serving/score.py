"""The unit `score` in, two ways to serve it out: as a web service in one YAML, and as a component of Seldon.

The third way, the chart beside this file, makes the objects of the first.
"""

from typing import Any

from k8s_serving.deployment import REGISTRY, VERSION, deployment, image_name, served
from k8s_serving.web import namespace, service, web, within
from models.contract.spec import MODELS, Unit, read

NAME = "score"
SELDON = "mlscore"


def unit() -> Unit:
    return read(MODELS / NAME)


def app(*, image: str, version: str) -> dict[str, Any]:
    """The Deployment of the web service."""
    needs = unit().resources.serve
    return web(NAME, image=image, version=version, resources=needs.model_dump() if needs else {})


def manifests() -> dict[str, object]:
    image = {target: f"{REGISTRY}/{image_name(unit(), target)}:{VERSION}" for target in ("app", "runtime")}
    whole = (app(image=image["app"], version=VERSION), service(NAME))
    graph = served(unit(), image=image["runtime"], version="")
    return {
        NAME: [namespace(NAME), *(within(NAME, body) for body in whole)],
        SELDON: deployment(SELDON, graph=graph),
    }
