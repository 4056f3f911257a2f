"""Every unit that serves a version of its own in, a SeldonDeployment of its name out."""

from k8s_serving.deployment import at_defaults, deployment
from models.contract.spec import read_all


def manifests() -> dict[str, object]:
    units = [unit for unit in read_all() if unit.serve and unit.metric]
    return {unit.kebab: deployment(unit.kebab, graph=at_defaults(unit)) for unit in units}
