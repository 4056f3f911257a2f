"""The table of fields is Hera's models, and lint reads it instead of them."""

import subprocess
import sys

from argolane.workflow.lint import fields


def test_the_table_is_what_heras_models_say() -> None:
    """`python -m argolane.workflow.lint.fields` would write the very same table."""
    assert fields.load() == fields.build()


def test_lint_does_not_import_hera() -> None:
    """Hera takes a second to import; lint, which every run begins with, does without."""
    code = "import sys, argolane.workflow.lint as l; l.schema._table(); sys.exit('hera' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
