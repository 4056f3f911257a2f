"""What the image argoproj/argosay:v2 does: argosay [echo [TEXT [FILE]] | cat FILE | sleep TIME | exit [CODE]
| assert_contains FILE TEXT | sh FILE]. Any other first word ends with 1, and so does a missing file.
"""

# In a process that has milliseconds: no pathlib.
# ruff: noqa: PTH103, PTH120, PTH123

import os
import re
import sys
import time

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def main(words: list[str]) -> int:
    """The exit code."""
    action, *rest = words or ["echo"]
    try:
        return _ACTIONS[action](rest) if action in _ACTIONS else 1
    except IndexError:
        sys.stderr.write(f"argosay: {action}: a word is missing\n")
    except OSError as error:
        sys.stderr.write(f"argosay: {error.filename}: {error.strerror}\n")
    return 1


def _echo(words: list[str]) -> int:
    text = words[0] if words else "hello argo"
    if len(words) < 2:
        sys.stdout.write(f"{text}\n")
        return 0
    os.makedirs(os.path.dirname(words[1]) or ".", exist_ok=True)
    with open(words[1], "w", encoding="utf-8") as file:
        file.write(f"{text}\n")
    return 0


def _cat(words: list[str]) -> int:
    with open(words[0], "rb") as file:
        sys.stdout.buffer.write(file.read())
    return 0


def _sleep(words: list[str]) -> int:
    found = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)([smhd]?)", words[0])
    if found is None:
        sys.stderr.write(f"sleep: invalid time interval {words[0]!r}\n")
        return 1
    time.sleep(float(found[1]) * _UNITS[found[2]])
    return 0


def _exit(words: list[str]) -> int:
    return int(words[0]) & 255 if words and words[0].isdigit() else 2 if words else 0


def _assert_contains(words: list[str]) -> int:
    with open(words[0], encoding="utf-8", errors="replace") as file:
        lines = [line for line in file.read().splitlines() if words[1] in line]
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 0 if lines else 1


def _sh(words: list[str]) -> int:
    os.execvp("sh", ["sh", *words[:1]])  # noqa: S606  (what was asked for)


_ACTIONS = {
    "": _echo,
    "echo": _echo,
    "cat": _cat,
    "sleep": _sleep,
    "exit": _exit,
    "assert_contains": _assert_contains,
    "sh": _sh,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
