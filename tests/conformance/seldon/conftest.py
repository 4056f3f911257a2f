"""The folder's own modules in, importable out: pytest's importlib mode keeps test folders off the path."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
