"""`python -m models.runtimes.server CLASS [flags]`: the command of every image that serves.

It takes what `seldon-core-microservice` takes, and becomes it, or our own server, as the unit's model.yaml
says with `server: seldon` or `server: fast`. MODEL_SERVER in a container's environment says it for that one.
"""

import os
import sys

from models.runtimes.server.choice import chosen

STOCK = "seldon-core-microservice"


def main() -> None:
    argv = sys.argv[1:]
    server, why = chosen(argv, os.environ)
    if why:
        print(why, file=sys.stderr, flush=True)
    if server == "seldon":
        os.execvp(STOCK, [STOCK, *argv])  # noqa: S606 - of the environment that this runs in
    from models.runtimes.server import process

    process.main()


if __name__ == "__main__":
    main()
