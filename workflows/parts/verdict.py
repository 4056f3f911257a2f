"""The observations of a graph in, a template out that says which arm to promote, if any.

The parameters of the workflow that it reads are VERDICT. What decides is argolane's own statistics, whose
text goes into the script: the command `compare` asks the same.
"""

from hera.workflows import Script

from workflows.parts import pods
from workflows.parts.embedding import machinery_source
from workflows.parts.parameters import Checked, given, switch

_SHARE = {"type": "float", "low": 0.0001, "high": 0.9999, "expected": "a number between 0 and 1"}
_AMOUNT = {"type": "float", "low": 0, "expected": "a number of at least 0"}
ALPHA = Checked("alpha", "0.05", "Share of the tests of two equal arms that may promote one.", _SHARE)
POWER = Checked("power", "0.8", "Share of the tests that are to find a difference worth finding.", _SHARE)
EFFECT = Checked(
    "effect", "0", "Least difference worth finding, in the score; 0 is what the requests can find.", _AMOUNT
)
SLOWER = Checked("max-slower", "2", "Times the p99 latency of another arm that the winner may have.", _AMOUNT)
ERRORS = Checked(
    "max-errors",
    "0.01",
    "Share of the requests that may go without an answer.",
    {"type": "float", "low": 0, "high": 1, "expected": "a number from 0 to 1"},
)
PROMOTE = switch("promote", "true", "Whether the winner is deployed as the single model, or only named.")
VERDICT = (ALPHA, POWER, EFFECT, SLOWER, ERRORS, PROMOTE)


def compare() -> Script:
    """Template `compare`; input is the file of the observations, outputs verdict, reason and judgement."""
    return pods.small_step(
        "compare",
        source=machinery_source("serving/judging.py"),
        inputs=["observations"],
        env={
            "FILE": given("observations"),
            "ALPHA": ALPHA.tag,
            "POWER": POWER.tag,
            "EFFECT": EFFECT.tag,
            "SLOWER": SLOWER.tag,
            "ERRORS": ERRORS.tag,
        },
        outputs=[
            pods.output("verdict", "promote-a, promote-b, keep-testing or no-difference."),
            pods.output("reason", "Why, in a sentence."),
            pods.output("judgement", "All figures that it comes from, as JSON."),
            pods.output("charts", "The intervals over time, for the report.", default=""),
        ],
        store="write",  # SQLite locks what it reads
    )


def promoting(letter: str) -> str:
    """The `when` of the task that deploys this arm alone."""
    verdict = "{{tasks.compare.outputs.parameters.verdict}}"
    return f"'{verdict}' == 'promote-{letter}' && '{PROMOTE.tag}' == 'true'"
