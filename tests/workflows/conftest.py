"""What the tests of the workflow programs share."""

import sys
from pathlib import Path

# Content is no installed package: it is imported from the root of the repository, as `argolane render` does.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
