"""A Go pattern in, what it finds in a text out; what Go refuses is refused with Go's words.

Used by `=~` in `when`, by `matches` and the regex functions of `{{=expr}}`, and by jq's `test`. Patterns are
RE2's own, matched by its C++ library. Go's package regexp was made after it, and differs in this:

- `\\C` (one byte) is RE2's alone, and so are names of groups that are not ASCII: both are refused here. Long
  names of Unicode classes (`\\p{Letter}`) are Go's alone, from 1.25 on; Argo 3.7 is older. Which letters a
  class holds hangs on the edition of Unicode that each was built with.
- Faults have other words there, and what Go calls `expression too large` or `expression nests too deeply` has
  another bound: RE2 counts memory, Go instructions and depth.
- Of empty matches Go drops one that begins where the match before it ended, and its `\\B` is never true
  inside a character.
- Half a surrogate pair, which UTF-8 cannot hold, is U+FFFD to both.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import re2

# The words of re2/regexp.cc, which are all that the binding hands on, and those of Go's regexp/syntax.
_WORDS = {
    "missing ]": "missing closing ]",
    "missing )": "missing closing )",
    "trailing \\": "trailing backslash at end of expression",
    "no argument for repetition operator": "missing argument to repetition operator",
    "invalid repetition size": "invalid repeat count",
    "bad repetition operator": "invalid nested repetition operator",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid named capture group": "invalid named capture",
}
_MEMORY = 64 << 20
_SURROGATE = re.compile("[\ud800-\udfff]")
# What stands for itself, and outside of it what only one of the two knows.
_ALIEN = re.compile(
    r"\\Q.*?(?:\\E|\Z)|(?P<byte>\\C)|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^]\\])*\]|(?P<behind>\(\?<[=!])", re.S
)


class PatternError(ValueError):
    """The pattern does not compile in Go; the message is Go's."""

    def __init__(self, fault: str, part: str) -> None:
        super().__init__(f"error parsing regexp: {fault}: `{part}`")


class Match:
    """One place in a text: its groups by number or name, None for one that took no part; IndexError else."""

    def __init__(self, found: Any) -> None:
        self._found = found
        self.begin: int = found.start()
        self.end: int = found.end()

    def __getitem__(self, group: int | str) -> str | None:
        part: bytes | None = self._found[group]
        return None if part is None else part.decode()


class Pattern:
    """A compiled pattern, with the methods of Go's Regexp. Matching is over bytes, as it is there."""

    def __init__(self, pattern: str) -> None:
        pattern = _SURROGATE.sub("\ufffd", pattern)
        for alien in _ALIEN.finditer(pattern):
            if alien["byte"]:
                raise PatternError("invalid escape sequence", "\\C")
            if alien["behind"]:
                # To Go a name begins here, which ends at the next >.
                name, end, _ = pattern[alien.start() :].partition(">")
                raise PatternError("invalid named capture", name + end)
        options = re2.Options()
        options.log_errors, options.max_mem = False, _MEMORY
        try:
            self._compiled = re2.compile(pattern, options)
        except re2.error as error:
            raise _in_go(error, pattern) from None
        for name in self._compiled.groupindex:
            if not name.isascii():
                opening = "(?P<" if f"(?P<{name}>" in pattern else "(?<"
                raise PatternError("invalid named capture", f"{opening}{name}>")

    @property
    def groups(self) -> int:
        return int(self._compiled.groups)

    def matches(self, text: str) -> bool:
        """Whether it is found anywhere in `text`."""
        return next(self._all(_bytes(text)), None) is not None

    def find(self, text: str) -> str:
        """The first match; "" when there is none."""
        match = next(self._all(_bytes(text)), None)
        return (match[0] or "") if match else ""

    def find_all(self, text: str) -> list[str]:
        return [match[0] or "" for match in self._all(_bytes(text))]

    def replace_all(self, text: str, new: Callable[[Match], str]) -> str:
        raw, end, parts = _bytes(text), 0, []
        for match in self._all(raw):
            parts += [raw[end : match.begin].decode(), new(match)]
            end = match.end
        return "".join([*parts, raw[end:].decode()])

    def split(self, text: str, most: int = -1) -> list[str]:
        """What is between the matches, at most `most` parts; an empty match at the start divides nothing."""
        if not text and self._compiled.pattern:
            return [""]
        raw, begin, end = _bytes(text), 0, 0
        parts: list[str] = []
        for match in self._all(raw):
            if 0 < most == len(parts) + 1:
                break
            end = match.begin
            if match.end != 0:
                parts.append(raw[begin:end].decode())
            begin = match.end
        if end != len(raw):
            parts.append(raw[begin:].decode())
        return parts

    def _all(self, raw: bytes) -> Iterator[Match]:
        """Every match as Go's FindAll has them."""
        at, before = 0, -1
        while at <= len(raw):
            found = self._compiled.search(raw, at)
            if found is None:
                return
            begin, end = found.start(), found.end()
            inside = begin < len(raw) and _continues(raw[begin])
            if not inside and not begin == end == before:
                yield Match(found)
                before = end
            at = end
            if begin == end:
                at += 1
                while at < len(raw) and _continues(raw[at]):
                    at += 1


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> Pattern:
    """`pattern`, ready to search with; PatternError for what Go does not compile."""
    return Pattern(pattern)


def _bytes(text: str) -> bytes:
    return _SURROGATE.sub("\ufffd", text).encode()


def _continues(byte: int) -> bool:
    """Whether a byte is not the first one of its character."""
    return byte & 0xC0 == 0x80


def _in_go(error: Exception, pattern: str) -> PatternError:
    """RE2's `missing ]: [a` as Go's "missing closing ]: `[a`"."""
    given = error.args[0] if error.args else ""
    words, _, part = (given.decode("utf-8", "replace") if isinstance(given, bytes) else given).partition(": ")
    if words.startswith("pattern too large"):
        return PatternError("expression too large", pattern)
    return PatternError(_WORDS.get(words, words), part)
