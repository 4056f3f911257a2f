"""A metric in, a verdict out: the script of the step `gate`. Standard library only."""

import os
import sys

metric, accept = float(os.environ["METRIC"]), float(os.environ["ACCEPT"])
higher = os.environ["BETTER"] == "higher"
bound = f"at {'least' if higher else 'most'} {accept:g}"
if not (metric >= accept if higher else metric <= accept):
    sys.exit(f"{metric:g} is not good enough; accept is {bound}.")
print(f"{metric:g} is {bound}")
