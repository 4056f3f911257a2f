"""A Go (RE2) pattern in, a Python pattern out; what RE2 refuses is refused with Go's text.

Used by `=~` in `when` and by `matches` and the regex functions of `{{=expr}}`.
"""

import re
from functools import lru_cache

_POSIX = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "ascii": "\\x00-\\x7F", "blank": "\\t ",
    "cntrl": "\\x00-\\x1F\\x7F",
    "digit": "0-9", "graph": "!-~", "lower": "a-z", "print": " -~", "punct": "!-/:-@\\[-`{-~",
    "space": "\\t\\n\\v\\f\\r ", "upper": "A-Z", "word": "0-9A-Za-z_", "xdigit": "0-9A-Fa-f",
}  # fmt: skip
_ESCAPES = {"z": "\\Z", "Q": "", "a": "\\x07"}
_NOT_IN_GO = re.compile(r"\(\?(=|!|<=|<!|#|>|\()")
_NOT_HERE = re.compile(r"\\[pPCX]")


class PatternError(ValueError):
    """The pattern does not compile in Go; the message is Go's."""


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """`pattern` with Go's meaning: ASCII classes, `$` only at the very end, no look-around."""
    bare = re.sub(r"\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^]\\])*\]", "", pattern, flags=re.S)
    if perl := _NOT_IN_GO.search(bare):
        syntax = perl[0][: 4 if perl[1][0] == "<" else 3]
        raise PatternError(f"error parsing regexp: invalid or unsupported Perl syntax: `{syntax}`")
    if back := re.search(r"\\[1-9]", pattern.replace("\\\\", "")):
        raise PatternError(f"error parsing regexp: invalid escape sequence: `{back[0]}`")
    if _NOT_HERE.search(pattern.replace("\\\\", "")):
        raise PatternError(f"the pattern {pattern!r} uses Unicode classes, which are not supported here")
    try:
        # Go's flags (?s) (?m) (?i) (?U): the last has no Python counterpart.
        return re.compile(_translate(pattern), re.ASCII)
    except re.error as error:
        raise PatternError(f"error parsing regexp: {_go_reason(pattern, error)}") from None


def _translate(pattern: str) -> str:
    out, i, in_class = [], 0, False
    multiline = bool(re.match(r"\(\?[isU]*m", pattern))
    while i < len(pattern):
        char = pattern[i]
        if char == "\\" and i + 1 < len(pattern):
            following = pattern[i + 1]
            if following == "Q":
                end = pattern.find("\\E", i)
                out.append(re.escape(pattern[i + 2 : end if end >= 0 else None]))
                i = end + 2 if end >= 0 else len(pattern)
                continue
            if following == "x" and pattern[i + 2 : i + 3] == "{":
                end = pattern.index("}", i)
                out.append(re.escape(chr(int(pattern[i + 3 : end], 16))))
                i = end + 1
                continue
            out.append(_ESCAPES.get(following, char + following))
            i += 2
            continue
        if in_class:
            named = re.match(r"\[:(\^?)(\w+):\]", pattern[i:])
            if named and not named[1] and named[2] in _POSIX:
                out.append(_POSIX[named[2]])
                i += len(named[0])
                continue
            in_class = char != "]"
            out.append("\\[" if char == "[" else char)
        elif char == "[":
            in_class = True
            opening = re.match(r"\[\^?\]?", pattern[i:])
            out.append(opening[0] if opening else char)
            i += len(opening[0]) if opening else 1
            continue
        elif char == "$" and not multiline:
            out.append("\\Z")
        elif char == "(" and re.match(r"\(\?<\w", pattern[i:]):
            out.append("(?P<")
            i += 3
            continue
        else:
            out.append(char)
        i += 1
    return "".join(out)


def _go_reason(pattern: str, error: re.error) -> str:
    reason, at = error.msg, error.pos or 0
    if "nothing to repeat" in reason:
        return f"missing argument to repetition operator: `{pattern[at : at + 1]}`"
    if "multiple repeat" in reason:
        start = max(at - 1, 0)
        return f"invalid nested repetition operator: `{pattern[start : at + 1]}`"
    if "unterminated character set" in reason:
        return f"missing closing ]: `{pattern[at:]}`"
    if "missing ), unterminated" in reason:
        return f"missing closing ): `{pattern}`"
    if "unbalanced parenthesis" in reason:
        return f"unexpected ): `{pattern}`"
    if "bad character range" in reason:
        return f"invalid character class range: `{reason.rsplit(' ', 1)[-1]}`"
    if "bad escape (end" in reason:
        return "trailing backslash at end of expression: ``"
    if "bad escape" in reason:
        return f"invalid escape sequence: `{reason.rsplit(' ', 1)[-1]}`"
    return f"{reason}: `{pattern}`"
