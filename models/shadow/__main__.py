"""The file of a shadow's node in, what is to be said of it out: python -m models.shadow FILE."""

import json
import sqlite3
import sys
from pathlib import Path

from models.shadow.pairs import compared, read_pairs

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("python -m models.shadow FILE; expected the STATE_FILE of a node that serves models/shadow.")
    try:
        print(json.dumps(compared(read_pairs(Path(sys.argv[1]))), indent=2))
    except sqlite3.Error as error:
        sys.exit(f"{sys.argv[1]}: not what a shadow's node keeps: {error}.")
