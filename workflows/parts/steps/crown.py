"""A registered version that answers in, the alias `champion` on it out: last of a rollout, after verify.

Environment: TRACKING_URI, REGISTERED_MODEL, NUMBER; BEFORE, the champion that it was compared with; WORKFLOW;
OUTPUTS.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from models.contract.errors import ModelError
from models.registry.rest import Registry


def main(environ: Mapping[str, str] = os.environ) -> None:
    registry = Registry(environ["TRACKING_URI"], environ["REGISTERED_MODEL"])
    number = environ["NUMBER"]
    try:
        there = registry.champion()
        registry.tag(number, "verified_by", environ["WORKFLOW"])
        registry.crown(number)
    except ModelError as error:
        sys.exit(
            f"{error}\nVersion {number} of {registry.model} serves and is verified; the alias champion does"
            " not say so. Run this again: the version is kept, and only this is done."
        )
    before = there.number if there else ""
    if before not in (environ["BEFORE"], number):
        print(f"the champion was {environ['BEFORE'] or 'none'} at the gate, and {before or 'none'} just now")
    print(f"champion of {registry.model}: {number}, before it {before or 'none'}")
    outputs = Path(environ["OUTPUTS"])
    outputs.mkdir(parents=True, exist_ok=True)
    (outputs / "champion").write_text(number)


if __name__ == "__main__":
    main()
