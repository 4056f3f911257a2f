"""What the cluster tests share. They run with `-m cluster` and a kube context; other runs collect no such test."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
