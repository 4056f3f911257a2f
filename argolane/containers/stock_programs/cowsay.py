"""What cowsay does: the words, or stdin, in a balloon of 40 columns above a cow: -n unwrapped, -W N at N."""

import sys
import textwrap

_COW = r"""
        \   ^__^
         \  (oo)\_______
            (__)\       )\/\
                ||----w |
                ||     ||
"""
_VALUED = ("-f", "-e", "-T")
_FLAGS = ("-b", "-d", "-g", "-p", "-s", "-t", "-w", "-y")


def main(words: list[str]) -> int:
    """The exit code."""
    width, wrapped = 40, True
    while words and words[0].startswith("-") and words[0] != "-":
        option, *words = words
        if option == "-n":
            wrapped = False
        elif option == "-W" and words:
            width, words = int(words[0]), words[1:]
        elif option in _VALUED:
            words = words[1:]
        elif option not in _FLAGS:
            words = [option, *words]
            break
    text = " ".join(words) if words else sys.stdin.read()
    sys.stdout.write("\n".join(_balloon(_lines(text, width if wrapped else 0))) + _COW)
    return 0


def _lines(text: str, width: int) -> list[str]:
    lines = text.expandtabs().rstrip("\n").split("\n")
    if width:
        lines = [part for line in lines for part in textwrap.wrap(line, max(width - 1, 1)) or [""]]
    return lines


def _balloon(lines: list[str]) -> list[str]:
    wide = max(len(line) for line in lines)
    edge = [f" {'_' * (wide + 2)} ", f" {'-' * (wide + 2)} "]
    if len(lines) == 1:
        return [edge[0], f"< {lines[0]} >", edge[1]]
    sides = ["/\\", *["||"] * (len(lines) - 2), "\\/"]
    said = [f"{side[0]} {line:<{wide}} {side[1]}" for side, line in zip(sides, lines, strict=True)]
    return [edge[0], *said, edge[1]]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
