"""A comment as it was sent in, its plain text out: what the other steps take for granted.

Undone are the marks that a comment collects on its way: entities and tags of HTML, links of Markdown,
`<U+2019>` as some exports write what they cannot, and text that was read in the wrong encoding. Case,
punctuation and line breaks stay: they tell how something was said.
"""

import html
import re
import unicodedata

_ESCAPE = re.compile(r"<U\+([0-9A-Fa-f]{4,6})>")
# No part of these can begin again inside itself: else a comment of open brackets would take hours.
_LINK = re.compile(r"!?\[([^\[\]]*)\]\(\s*<?([^\s\[\]]+?)>?(?:\s+\"[^\"\[\]]*\")?\s*\)")
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,300}>")
# UTF-8 that was read as cp1252 is an accented letter or so, followed by what cp1252 has for 0x80..0xBF.
_HIGH = "".join(bytes([byte]).decode("cp1252", "ignore") for byte in range(0x80, 0xC0))
_MISREAD = re.compile(f"[\u00c2-\u00f4][{re.escape(_HIGH)}\x80-\x9f]{{1,3}}")
_C1 = re.compile("[\x80-\x9f]")
_LOST = re.compile(r"(?<=\w)\ufffd(?=\w)")
_QUOTES = str.maketrans("\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u2032\u2033\u00a0", "''''\"\"\"'\" ")
_BLANKS = re.compile(r"[^\S\n]+")
_LINES = re.compile(r" ?\n ?(?:\n ?)+")


def clean(text: str) -> str:
    """Plain text of the same words; cleaning it again changes nothing more that matters."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _ESCAPE.sub(_character, text)
    text = html.unescape(
        html.unescape(text)
    )  # `&amp;gt;` is common: escaped once by the site, once by the export
    text = _LINK.sub(r"\1 \2 ", text)
    text = _TAG.sub(" ", _without_remarks(text))
    text = _MISREAD.sub(_reread, text)
    text = _C1.sub(_of_cp1252, text)
    text = _LOST.sub("'", text).replace("\ufffd", " ")  # between letters it mostly was an apostrophe
    text = unicodedata.normalize("NFC", text).translate(_QUOTES)
    if not text.replace("\n", "").isprintable():  # which is quick to say, and mostly true
        text = "".join(c for c in text if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
    return _LINES.sub("\n\n", _BLANKS.sub(" ", text)).strip()


def _without_remarks(text: str) -> str:
    """Without `<!-- ... -->`; one that is never closed stays."""
    kept, start = [], 0
    while (begin := text.find("<!--", start)) >= 0 and (end := text.find("-->", begin)) >= 0:
        kept.append(text[start:begin])
        start = end + len("-->")
    return " ".join([*kept, text[start:]])


def _character(match: re.Match[str]) -> str:
    number = int(match[1], 16)
    return chr(number) if number < 0x110000 else " "


def _reread(match: re.Match[str]) -> str:
    """What the letters are as UTF-8, or themselves where they are none."""
    read = match[0]
    for end in range(len(read), 1, -1):
        try:
            return b"".join(map(_byte, read[:end])).decode("utf-8") + read[end:]
        except (UnicodeDecodeError, UnicodeEncodeError):
            continue
    return read


def _byte(letter: str) -> bytes:
    return bytes([ord(letter)]) if "\x80" <= letter <= "\x9f" else letter.encode("cp1252")


def _of_cp1252(match: re.Match[str]) -> str:
    """A control character of Latin-1 is a quote or a dash of cp1252 that was read as Latin-1."""
    return match[0].encode("latin-1").decode("cp1252", "replace").replace("\ufffd", " ")
