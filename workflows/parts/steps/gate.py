"""A trained version in the model store in, its metric and digest out: lets only good ones pass.

Stands between training and serving, and in front of every deployment: what is not there, is not whole, or is
worse than asked for, never reaches a SeldonDeployment. Reads version.json, and every file that it names.
Environment: MODEL_STORE, UNIT, VERSION; METRIC, the name of what is compared with ACCEPT; OUTPUTS.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from models.contract.errors import ModelError
from models.contract.metric import shown
from models.contract.version import Version, digest, load


def found(folder: Path) -> Version:
    """The version in `folder`; SystemExit says what is missing or broken."""
    unit, name = folder.parent.name, folder.name
    if not folder.is_dir():
        there = sorted(f.name for f in folder.parent.glob("*") if f.is_dir() and not f.name.startswith("."))
        sys.exit(
            f"No version {name!r} of {unit} in the model store. There are: {', '.join(there) or 'none'}. "
            f"Train it first: workflow train-{unit.replace('_', '-')} with version={name}."
        )
    try:
        version = load(folder)
    except ModelError as error:
        sys.exit(f"Version {name!r} of {unit} cannot be used: {error} Train it again with overwrite=true.")
    if (version.unit, version.version) != (unit, name):
        sys.exit(f"{folder} holds version {version.version!r} of {version.unit}; it was put there by hand.")
    if version.digest != digest(version.files, version.decides):
        sys.exit(f"Version {name!r} of {unit} cannot be used: its digest is not that of its files.")
    return version


def against(version: Version) -> str:
    """What the version was measured against, where it was measured against a simple forecast."""
    simple, own = version.scores.get("baseline_rmse"), version.scores.get("rmse")
    if simple is None or own is None or "baseline" not in version.details:
        return ""
    name = version.details["baseline"]
    return f"\nagainst the simple forecast: rmse {shown(own)}; {name}: {shown(simple)}"


def main(environ: Mapping[str, str] = os.environ) -> None:
    version = found(Path(environ["MODEL_STORE"], environ["UNIT"], environ["VERSION"]))
    metric, accept = version.metric, float(environ["ACCEPT"])
    asked = f"at {'least' if metric.better == 'higher' else 'most'} {accept:.15g}"
    if metric.name != environ["METRIC"]:
        sys.exit(f"{version.described}; this workflow compares {environ['METRIC']}. Train it again.")
    if not metric.passes(accept):
        sys.exit(
            f"{version.described}; accept is {asked}. Train it better, or ask for less.{against(version)}"
        )
    print(f"{version.described}, {asked} was asked for{against(version)}")
    further = {name: value for name, value in version.scores.items() if name != metric.name}
    if further:
        print("further:", ", ".join(f"{name} {shown(value)}" for name, value in further.items()))
    outputs = Path(environ["OUTPUTS"])
    outputs.mkdir(parents=True, exist_ok=True)
    told = {
        "metric": metric.text,
        "digest": f"sha256:{version.digest}",
        "data": version.data.sha256,
        # As `git describe --dirty` says it.
        "commit": (version.commit or "") + ("-dirty" if version.dirty else ""),
    }
    for name, value in told.items():
        (outputs / name).write_text(value)


if __name__ == "__main__":
    main()
