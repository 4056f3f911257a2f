"""A version that the gate let pass in, its place in the registry out: none worse than the champion passes.

The champion is the registered version that the alias `champion` points to: what serves. Two versions are
compared only where both were judged on the same rows. FORCE=true lets the version pass all the same, and is
written down with it. Environment: TRACKING_URI, REGISTERED_MODEL; VERSION and DIGEST, as the gate found them;
FORCE; ARTIFACTS, the URI that `mlflow-artifacts:/` stands for; OUTPUTS.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from models.contract.errors import ModelError
from models.contract.metric import Metric
from models.registry.rest import Registered, Registry

PROXIED = "mlflow-artifacts:/"


def contend(new: Registered, champion: Registered | None) -> str:
    """Why the new version may not take the champion's place; nothing where it may."""
    if champion is None or champion.number == new.number:
        return ""
    named, keys = f"champion {champion.number}", ("metric", "better", "judged_on", "dataset")
    if missing := [key for key in ("value", *keys) if key not in champion.tags]:
        return f"{named} has no tag {', '.join(missing)}, so nothing can be compared with it"
    for key in keys:
        if new.tags[key] != champion.tags[key]:
            return (
                f"{named} was judged by {champion.tags['metric']} on {champion.tags['dataset']}, this one by"
                f" {new.tags['metric']} on {new.tags['dataset']}: not the same rows, so no comparison"
            )
    mine, best = score(new), score(champion)
    if not mine.passes(best.value):
        return f"{mine.text} is worse than {best.text} of {named} ({champion.tags.get('version')})"
    return ""


def score(version: Registered) -> Metric:
    return Metric(version.tags["metric"], float(version.tags["value"]), version.tags["better"])


def fetched_from(source: str, artifacts: str) -> str:
    """Where a server gets the files: MLflow's own scheme is a place in its artifact store."""
    if not source.startswith(PROXIED):
        return source
    return f"{artifacts.rstrip('/')}/{source.removeprefix(PROXIED).lstrip('/')}"


def main(environ: Mapping[str, str] = os.environ) -> None:
    registry = Registry(environ["TRACKING_URI"], environ["REGISTERED_MODEL"])
    forced = environ["FORCE"] == "true"
    try:
        new = registry.find(environ["VERSION"], environ["DIGEST"])
        if new is None:
            raise ModelError(
                f"{registry.model} at {registry.uri} has no version {environ['VERSION']} with the digest"
                f" {environ['DIGEST'][:19]}...: its registration failed, or was deleted. Run this again: the"
                " training registers what the model store has."
            )
        champion = registry.champion()
        worse = contend(new, champion)
        if worse and not forced:
            raise ModelError(f"{worse}. With force=true it is rolled out all the same.")
        registry.tag(new.number, "forced", worse if worse else "no")
    except ModelError as error:
        sys.exit(str(error))
    if champion is None:
        print(f"{registry.model} has no champion: {score(new).text} is compared with accept alone")
    elif champion.number == new.number:
        print(f"{registry.model} {new.number} is the champion")
    elif worse:
        print(f"forced: {worse}")
    else:
        print(f"{score(new).text}; champion {champion.number} has {score(champion).text}")
    outputs = Path(environ["OUTPUTS"])
    outputs.mkdir(parents=True, exist_ok=True)
    told = {
        "number": new.number,
        "run": new.run,
        "uri": fetched_from(new.source, environ["ARTIFACTS"]),
        "champion": champion.number if champion else "",
        "forced": "true" if worse else "false",
    }
    for name, value in told.items():
        (outputs / name).write_text(value)


if __name__ == "__main__":
    main()
