"""What can be wrong with a `{{=expression}}`, in expr-lang's words, with the place marked."""

from argolane.errors import ArgolaneError


class ExprError(ArgolaneError):
    """The expression does not evaluate; inside a template Argo then leaves it as it is written."""


class ExprSyntaxError(ExprError):
    """The expression is no expression; Argo makes the node an Error."""


class ExprUnsupported(ArgolaneError):
    """The expression uses what Argo has and we do not; the message names it."""


class Fault(Exception):
    """A failure while evaluating, before its place is known."""


def located(source: str, at: int, message: str) -> str:
    """`message (line:column)`, the line and a caret below the place, as expr-lang prints it."""
    before = source[:at]
    line_number, column = before.count("\n") + 1, at - (before.rfind("\n") + 1)
    line = source.split("\n")[line_number - 1]
    if not line:
        return message
    shown = line.replace("\t", " ")
    return f"{message} ({line_number}:{column + 1})\n | {shown}\n | {'.' * column}^"
