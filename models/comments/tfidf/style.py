"""Plain text in, numbers that tell how it is written out: how long, how loud, how it ends.

What lemmas cannot tell, for they are in lower case and have no punctuation.
"""

import math
import re

_WORD = re.compile(r"[^\W\d_]+(?:'[a-z]+)?")
_PUNCTUATION, _DIGIT = re.compile(r"[^\w\s]|_"), re.compile(r"\d")
_LINK = re.compile(r"https?://|www\.", re.IGNORECASE)
_QUOTED = re.compile(r"^>", re.MULTILINE)

NAMES = (
    "length", "words", "word_length", "capitals", "digits", "punctuation", "questions", "exclamations",
    "paragraphs", "links", "ends_with_question", "different_words", "starts_small", "shouted", "quotes",
    "ellipses", "commas", "full_stops", "quoted", "ends_with_full_stop", "brackets",
)  # fmt: skip


def style(text: str) -> list[float]:
    """One number for each of NAMES: shares of the letters or words, or logarithms of counts."""
    words = _WORD.findall(text)
    letters, count = max(len(text), 1), max(len(words), 1)
    log = math.log1p
    return [
        log(len(text)),
        log(len(words)),
        sum(map(len, words)) / count,
        sum(map(str.isupper, text)) / letters,
        len(_DIGIT.findall(text)) / letters,
        len(_PUNCTUATION.findall(text)) / letters,
        log(text.count("?")),
        log(text.count("!")),
        log(text.count("\n\n")),
        log(len(_LINK.findall(text))),
        float(text.endswith("?")),
        len({word.lower() for word in words}) / count,
        float(text[:1].islower()),
        sum(len(word) > 1 and word.isupper() for word in words) / count,
        log(text.count('"')),
        log(text.count("...")),
        log(text.count(",")),
        log(text.count(".")),
        float(bool(_QUOTED.search(text))),
        float(text.endswith(".")),
        log(text.count("(")),
    ]
