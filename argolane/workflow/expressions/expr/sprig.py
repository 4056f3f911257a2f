"""sprig's functions as `sprig.NAME(...)`: the common ones; those of dates, chance and keys are refused.

sprig turns arguments around for pipes: `sprig.replace(old, new, text)`. Each entry says the kinds of its
arguments: s text, i int, f float, l list, m map, b bool, a anything, a star for any number more.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
import posixpath
import re
import zlib
from collections.abc import Callable
from typing import Any

from argolane.workflow.expressions.expr.errors import ExprUnsupported, Fault
from argolane.workflow.expressions.expr.functions import from_json, split, to_pretty_json
from argolane.workflow.expressions.expr.values import equal, is_number, type_name
from argolane.workflow.expressions.gotext import quote, text_of, to_json
from argolane.workflow.expressions.regex import PatternError, compile_pattern

_KINDS: dict[str, tuple[type, ...]] = {
    "s": (str,), "i": (int,), "f": (float, int), "l": (list,), "m": (dict,), "b": (bool,), "a": (object,),
}  # fmt: skip
_GO_KIND = {
    "s": "string",
    "i": "int",
    "f": "float64",
    "l": "[]interface {}",
    "m": "map[string]interface {}",
    "b": "bool",
}
# nil becomes the zero value of what a function takes.
_ZERO: dict[str, Any] = {"s": "", "i": 0, "f": 0.0, "l": [], "m": {}, "b": False}


def _integer(value: Any) -> int:
    """spf13/cast: what is no number counts as 0."""
    if isinstance(value, bool):
        return int(value)
    if is_number(value):
        return int(value)
    if isinstance(value, str):
        cut = re.sub(r"\.0*$", "", value)
        stripped = cut.lstrip("0") or "0" if cut[:1] == "0" and not cut.lower().startswith("0x") else cut
        try:
            return int(stripped, 0)
        except ValueError:
            return 0
    return 0


def _float(value: Any) -> float:
    try:
        return float(value) if isinstance(value, (str, int, float)) else 0.0
    except ValueError:
        return 0.0


def _strings(value: Any) -> list[str]:
    if isinstance(value, list):
        return [text_of(item) for item in value if item is not None]
    return [] if value is None else [text_of(value)]


def _empty(value: Any) -> bool:
    return value is None or value is False or (is_number(value) and value == 0) or value in ("", [], {})


def _words(text: str) -> list[str]:
    # How sprig divides digits, signs and double marks depends on its version; plain words are safe.
    if not re.fullmatch(r"[A-Za-z]+([ _-][A-Za-z]+)*", text):
        raise ExprUnsupported(
            f"sprig's snakecase, kebabcase and camelcase of {text!r} are not supported here."
        )
    spaced = re.sub(r"([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])", r"\1\3 \2\4", text)
    return [word for word in re.split(r"[\s_\-]+", spaced) if word]


def _camel(text: str) -> str:
    if re.search("[A-Z]{2}", text):
        raise ExprUnsupported(f"sprig's camelcase of {text!r} is not supported here.")
    return "".join(word[:1].upper() + word[1:] for word in _words(text))


def _nospace(text: str) -> str:
    # Go's library goes through the bytes as if they were characters.
    bare = re.sub(r"\s", "", text)
    return bare if bare == text else bare.encode().decode("latin-1")


def _first_byte(word: str) -> str:
    return word.encode()[:1].decode("latin-1")


def _divide(left: Any, right: Any) -> int:
    over, under = _integer(left), _integer(right)
    if under == 0:
        raise Fault("runtime error: integer divide by zero")
    return abs(over) // abs(under) * (1 if (over < 0) == (under < 0) else -1)


def _round(value: Any, places: int, half: float = 0.5) -> float:
    power = 10.0**places
    scaled = _float(value) * power
    fraction = math.modf(scaled)[0]
    return (math.ceil(scaled) if fraction >= half else math.floor(scaled)) / power


def _until(start: int, stop: int, step: int) -> list[int]:
    if (stop < start and step >= 0) or (stop >= start and step <= 0):
        return []
    return list(range(start, stop, step))


def _trunc(size: int, text: str) -> str:
    raw = text.encode()
    if size < 0 and len(raw) + size > 0:
        return raw[size:].decode(errors="replace")
    return raw[:size].decode(errors="replace") if 0 <= size < len(raw) else text


def _substr(start: int, end: int, text: str) -> str:
    raw = text.encode()
    if start < 0:
        return raw[:end].decode(errors="replace")
    return raw[start : None if end < 0 or end > len(raw) else end].decode(errors="replace")


def _decode(decoder: Callable[[str], bytes], name: str) -> Callable[[str], str]:
    def function(text: str) -> str:
        try:
            return decoder(text).decode(errors="replace")
        except binascii.Error:
            return f"illegal {name} data at input byte 0"

    return function


def _pattern(pattern: str) -> re.Pattern[str]:
    try:
        return compile_pattern(pattern)
    except PatternError as error:
        raise Fault(f"regexp: Compile({pattern!r}): {error}") from None


def _go_replacement(template: str) -> Callable[[re.Match[str]], str]:
    def expand(match: re.Match[str]) -> str:
        def one(name: re.Match[str]) -> str:
            if name[0] == "$$":
                return "$"
            key = name[1] or name[2]
            try:
                return match[int(key) if key.isdigit() else key] or ""
            except IndexError:
                return ""

        return re.sub(r"\$\$|\$\{(\w+)\}|\$(\w+)", one, template)

    return expand


def _find_all(pattern: str, text: str, most: int) -> list[str]:
    found = [match[0] for match in _pattern(pattern).finditer(text)]
    return found if most < 0 else found[:most]


def _regex_split(pattern: str, text: str, most: int) -> list[str]:
    if most == 0:
        return []
    return re.split(_pattern(pattern), text, maxsplit=most - 1 if most > 0 else 0)


def _nothing(name: str) -> Any:
    raise ExprUnsupported(f"sprig.{name} of an empty list is not supported here.")


def _fail(message: str) -> Any:
    raise Fault(message)


def _dict(*pairs: Any) -> dict[str, Any]:
    return {text_of(pairs[i]): pairs[i + 1] if i + 1 < len(pairs) else "" for i in range(0, len(pairs), 2)}


def _numbered(parts: list[str]) -> dict[str, str]:
    return {f"_{i}": part for i, part in enumerate(parts)}


def _unique(items: list[Any]) -> list[Any]:
    out: list[Any] = []
    for item in items:
        if not any(equal(item, seen) for seen in out):
            out.append(item)
    return out


def _cut(items: list[Any], *bounds: Any) -> Any:
    return items[_integer(bounds[0]) if bounds else 0 : _integer(bounds[1]) if len(bounds) > 1 else None]


def _quoted(*values: Any) -> str:
    return " ".join(f'"{quote(text_of(value))}"' for value in values if value is not None)


def _json_or_nil(text: str) -> Any:
    try:
        return from_json(text)
    except ValueError:
        return None


def _atoi(text: str) -> int:
    return int(text) if re.fullmatch(r"[+-]?[0-9]+", text) else 0


def _kind(value: Any) -> str:
    name = type_name(value)
    return {"<nil>": "invalid", "[]interface {}": "slice", "map[string]interface {}": "map"}.get(name, name)


def _indent(spaces: int, text: str) -> str:
    pad = " " * spaces
    return pad + text.replace("\n", "\n" + pad)


def _base(path: str) -> str:
    if not path:
        return "."
    return posixpath.basename(path.rstrip("/")) or "/"


def _clean(path: str) -> str:
    cleaned = posixpath.normpath(path) if path else "."
    return "/" + cleaned.lstrip("/") if cleaned.startswith("//") else cleaned


def _ext(path: str) -> str:
    base = path.rsplit("/", 1)[-1]
    return base[base.rfind(".") :] if "." in base else ""


_TABLE: dict[str, tuple[str, Callable[..., Any]]] = {
    # texts
    "trim": ("s", lambda s: s.strip()),
    "upper": ("s", str.upper),
    "lower": ("s", str.lower),
    "title": ("s", lambda s: re.sub(r"(?<!\w)[^\W\d_]", lambda m: m[0].upper(), s)),
    "untitle": ("s", lambda s: re.sub(r"(^|\s)(\S)", lambda m: m[1] + m[2].lower(), s)),
    "trunc": ("is", _trunc),
    "substr": ("iis", _substr),
    "repeat": ("is", lambda count, s: s * count if count >= 0 else _fail("strings: negative Repeat count")),
    "trimAll": ("ss", lambda cut, s: s.strip(cut) if cut else s),
    "trimall": ("ss", lambda cut, s: s.strip(cut) if cut else s),
    "trimPrefix": ("ss", lambda cut, s: s.removeprefix(cut)),
    "trimSuffix": ("ss", lambda cut, s: s.removesuffix(cut)),
    "nospace": ("s", _nospace),
    "initials": ("s", lambda s: "".join(map(_first_byte, s.split()))),
    "swapcase": ("s", str.swapcase),
    "snakecase": ("s", lambda s: "_".join(_words(s)).lower()),
    "kebabcase": ("s", lambda s: "-".join(_words(s)).lower()),
    "camelcase": ("s", _camel),
    "contains": ("ss", lambda part, s: part in s),
    "hasPrefix": ("ss", lambda part, s: s.startswith(part)),
    "hasSuffix": ("ss", lambda part, s: s.endswith(part)),
    "quote": ("*a", _quoted),
    "squote": ("*a", lambda *vs: " ".join(f"'{text_of(v)}'" for v in vs if v is not None)),
    "cat": ("*a", lambda *vs: " ".join(text_of(v) for v in vs if v is not None)),
    "indent": ("is", _indent),
    "nindent": ("is", lambda spaces, s: "\n" + _indent(spaces, s)),
    "replace": ("sss", lambda old, new, s: s.replace(old, new)),
    "plural": ("ssi", lambda one, many, count: one if count == 1 else many),
    "toString": ("a", text_of),
    "toStrings": ("a", _strings),
    "join": ("sa", lambda mark, v: mark.join(_strings(v))),
    "sortAlpha": ("a", lambda v: sorted(_strings(v))),
    "split": ("ss", lambda mark, s: _numbered(split(s, mark))),
    "splitn": ("sis", lambda mark, most, s: _numbered(split(s, mark, most))),
    "splitList": ("ss", lambda mark, s: split(s, mark)),
    # sums and encodings
    "sha1sum": ("s", lambda s: hashlib.sha1(s.encode(), usedforsecurity=False).hexdigest()),
    "sha256sum": ("s", lambda s: hashlib.sha256(s.encode()).hexdigest()),
    "sha512sum": ("s", lambda s: hashlib.sha512(s.encode()).hexdigest()),
    "adler32sum": ("s", lambda s: str(zlib.adler32(s.encode()))),
    "b64enc": ("s", lambda s: base64.b64encode(s.encode()).decode()),
    "b64dec": ("s", _decode(lambda s: base64.b64decode(s, validate=True), "base64")),
    "b32enc": ("s", lambda s: base64.b32encode(s.encode()).decode()),
    "b32dec": ("s", _decode(base64.b32decode, "base32")),
    # numbers
    "atoi": ("s", _atoi),
    "int": ("a", _integer),
    "int64": ("a", _integer),
    "float64": ("a", _float),
    "add1": ("a", lambda v: _integer(v) + 1),
    "add": ("*a", lambda *vs: sum(map(_integer, vs))),
    "sub": ("aa", lambda v, w: _integer(v) - _integer(w)),
    "div": ("aa", _divide),
    "mod": ("aa", lambda v, w: _integer(v) - _divide(v, w) * _integer(w)),
    "mul": ("a*a", lambda *vs: math.prod(map(_integer, vs))),
    "add1f": ("a", lambda v: _float(v) + 1.0),
    "addf": ("*a", lambda *vs: math.fsum(map(_float, vs))),
    "subf": ("a*a", lambda v, *ws: _float(v) - math.fsum(map(_float, ws))),
    "mulf": ("a*a", lambda *vs: math.prod(map(_float, vs))),
    "biggest": ("a*a", lambda *vs: max(map(_integer, vs))),
    "max": ("a*a", lambda *vs: max(map(_integer, vs))),
    "min": ("a*a", lambda *vs: min(map(_integer, vs))),
    "maxf": ("a*a", lambda *vs: max(map(_float, vs))),
    "minf": ("a*a", lambda *vs: min(map(_float, vs))),
    "ceil": ("a", lambda v: float(math.ceil(_float(v)))),
    "floor": ("a", lambda v: float(math.floor(_float(v)))),
    "round": ("ai*f", _round),
    "until": ("i", lambda count: _until(0, count, 1 if count >= 0 else -1)),
    "untilStep": ("iii", _until),
    # choices
    "default": ("a*a", lambda default, *given: default if not given or _empty(given[0]) else given[0]),
    "empty": ("a", _empty),
    "coalesce": ("*a", lambda *vs: next((v for v in vs if not _empty(v)), None)),
    "all": ("*a", lambda *vs: not any(map(_empty, vs))),
    "any": ("*a", lambda *vs: not all(map(_empty, vs))),
    "ternary": ("aab", lambda yes, no, holds: yes if holds else no),
    "fail": ("s", _fail),
    # JSON
    "toJson": ("a", to_json),
    "toPrettyJson": ("a", to_pretty_json),
    "fromJson": ("s", _json_or_nil),
    # lists and maps
    "list": ("*a", lambda *vs: list(vs)),
    "tuple": ("*a", lambda *vs: list(vs)),
    "first": ("l", lambda v: v[0] if v else None),
    "last": ("l", lambda v: v[-1] if v else None),
    "rest": ("l", lambda v: v[1:] if v else _nothing("rest")),
    "initial": ("l", lambda v: v[:-1] if v else _nothing("initial")),
    "append": ("la", lambda v, item: [*v, item]),
    "push": ("la", lambda v, item: [*v, item]),
    "prepend": ("la", lambda v, item: [item, *v]),
    "concat": ("*l", lambda *vs: [item for v in vs for item in v]),
    "reverse": ("l", lambda v: v[::-1]),
    "compact": ("l", lambda v: [item for item in v if not _empty(item)]),
    "uniq": ("l", _unique),
    "without": ("l*a", lambda v, *out: [item for item in v if not any(equal(item, o) for o in out)]),
    "has": ("aa", lambda item, v: v is not None and any(equal(item, member) for member in v)),
    "slice": ("l*a", _cut),
    "chunk": ("il", lambda size, v: [v[i : i + size] for i in range(0, len(v), size)]),
    "dict": ("*a", _dict),
    "get": ("ms", lambda m, key: m.get(key, "")),
    "hasKey": ("ms", lambda m, key: key in m),
    "set": ("msa", lambda m, key, value: {**m, key: value}),
    "unset": ("ms", lambda m, key: {k: v for k, v in m.items() if k != key}),
    "keys": ("*m", lambda *ms: [key for m in ms for key in sorted(m)]),
    "values": ("m", lambda m: [m[key] for key in sorted(m)]),
    "pick": ("m*s", lambda m, *keys: {key: m[key] for key in keys if key in m}),
    "omit": ("m*s", lambda m, *keys: {key: v for key, v in m.items() if key not in keys}),
    "pluck": ("s*m", lambda key, *ms: [m[key] for m in ms if key in m]),
    "deepEqual": ("aa", equal),
    # kinds
    "kindOf": ("a", _kind),
    "kindIs": ("sa", lambda kind, v: _kind(v) == kind),
    "typeOf": ("a", type_name),
    "typeIs": ("sa", lambda name, v: type_name(v) == name),
    # paths
    "base": ("s", _base),
    "dir": ("s", lambda s: _clean(s[: s.rfind("/") + 1])),
    "clean": ("s", _clean),
    "ext": ("s", _ext),
    "isAbs": ("s", lambda s: s.startswith("/")),
    # patterns
    "regexMatch": ("ss", lambda p, s: _pattern(p).search(s) is not None),
    "regexFind": ("ss", lambda p, s: found[0] if (found := _pattern(p).search(s)) else ""),
    "regexFindAll": ("ssi", _find_all),
    "regexReplaceAll": ("sss", lambda p, s, new: _pattern(p).sub(_go_replacement(new), s)),
    "regexReplaceAllLiteral": ("sss", lambda p, s, new: _pattern(p).sub(lambda _: new, s)),
    "regexSplit": ("ssi", _regex_split),
    "regexQuoteMeta": ("s", lambda s: re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", s)),
}
_ALSO_MUST = """
    append push prepend first rest last initial reverse uniq without has slice chunk compact toJson
    toPrettyJson regexMatch regexFind regexFindAll regexReplaceAll regexReplaceAllLiteral regexSplit
""".split()  # noqa: SIM905
_TABLE |= {"must" + name[0].upper() + name[1:]: _TABLE[name] for name in _ALSO_MUST}
_TABLE |= {"os" + name.capitalize(): _TABLE[name] for name in ("base", "clean", "dir", "ext")}

REFUSED = """
    hello ago date date_in_zone date_modify dateInZone dateModify duration durationRound htmlDate
    htmlDateInZone must_date_modify mustDateModify mustToDate now toDate unixEpoch abbrev abbrevboth
    randAlphaNum randAlpha randAscii randNumeric shuffle wrap wrapWith seq toDecimal randInt divf
    toRawJson mustToRawJson mustFromJson deepCopy mustDeepCopy typeIsLike getHostByName osIsAbs
    merge mergeOverwrite mustMerge mustMergeOverwrite dig bcrypt htpasswd genPrivateKey
    derivePassword buildCustomCert genCA genCAWithKey genSelfSignedCert genSelfSignedCertWithKey
    genSignedCert genSignedCertWithKey encryptAES decryptAES randBytes uuidv4 semver semverCompare
    urlParse urlJoin
""".split()  # noqa: SIM905


def _checked(name: str, kinds: str, function: Callable[..., Any]) -> Callable[..., Any]:
    fixed, _, more = kinds.partition("*")

    def call(*given: Any) -> Any:
        if len(given) < len(fixed) or (len(given) > len(fixed) and not more):
            few = "few" if len(given) < len(fixed) else "many"
            raise Fault(f"reflect: Call with too {few} input arguments")
        given = tuple(
            _ZERO.get(kind) if value is None else value
            for kind, value in zip(fixed + more * len(given), given, strict=False)
        )
        for kind, value in zip(fixed + more * len(given), given, strict=False):
            fits = isinstance(value, _KINDS[kind]) and (kind != "i" or not isinstance(value, bool))
            if not fits:
                raise Fault(f"reflect: Call using {type_name(value)} as type {_GO_KIND[kind]}")
        return function(*given)

    call.__name__ = name
    return call


def _refusal(name: str) -> Callable[..., Any]:
    def call(*_: Any) -> Any:
        raise ExprUnsupported(f"The function 'sprig.{name}' is not supported here.")

    return call


SPRIG: dict[str, Callable[..., Any]] = {
    **{name: _refusal(name) for name in REFUSED},
    **{name: _checked(name, kinds, function) for name, (kinds, function) in _TABLE.items()},
}
