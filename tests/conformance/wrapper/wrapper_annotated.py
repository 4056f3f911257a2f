"""`python wrapper_annotated.py FILE MODULE ARGUMENTS...`: a server of the wrapper, in a pod with these annotations."""

import runpy
import sys

from seldon_core import flask_utils

flask_utils.ANNOTATIONS_FILE = sys.argv.pop(1)
sys.argv.pop(0)
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
