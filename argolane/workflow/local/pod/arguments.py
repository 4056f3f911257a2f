"""A container's command and args in, the args that it is started with out: a long one lies in a file.

Argo keeps args beyond 128 kB in a ConfigMap, and its emissary writes each that no command line takes to
/tmp/argo_arg_N.txt and passes `@/tmp/argo_arg_N.txt`: N counts the words behind the program's name.
"""

from collections.abc import Sequence
from pathlib import Path

from argolane.kubernetes import sizes
from argolane.languages.gotext import to_json
from argolane.workflow.local.pod.outputs import View


def offloaded(command: Sequence[str], args: Sequence[str], view: View) -> list[str]:
    """`args` as they are, or with files in the place of long ones; the command's own words stay."""
    if len(to_json(list(args)).encode()) <= sizes.WORD:
        return list(args)
    return [_word(arg, number, view) for number, arg in enumerate(args, max(0, len(command) - 1))]


def _word(arg: str, number: int, view: View) -> str:
    if len(arg.encode()) <= sizes.WORD:
        return arg
    path = f"/tmp/argo_arg_{number}.txt"  # noqa: S108  (the container's own)
    file = view.locate(path)
    if file is None:
        return arg
    Path(file).write_text(arg, encoding="utf-8")
    return f"@{path}"
