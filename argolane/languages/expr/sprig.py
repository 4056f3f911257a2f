"""sprig's functions as `sprig.NAME(...)`: the common ones; those of chance and keys are refused.

sprig turns arguments around for pipes: `sprig.replace(old, new, text)`. Each entry says the kinds of its
arguments: s text, i int, f float, l list, m map, b bool, a anything, a star for any number more. What wants a
list looks for itself whether it is one, hence `_NO_LIST`.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
import zlib
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

from argolane.languages.expr import sprig_dates as dates
from argolane.languages.expr import sprig_functions as f
from argolane.languages.expr import sprig_lists as lists
from argolane.languages.expr import sprig_numbers as numbers
from argolane.languages.expr.errors import ExprUnsupported, Fault
from argolane.languages.expr.functions import split, to_pretty_json
from argolane.languages.expr.numbers import integral
from argolane.languages.expr.values import Int64, StringMap, Strings, kind_name, type_name  # fmt: skip
from argolane.languages.gotext import NilList, text_of, to_json

_KINDS: dict[str, tuple[type, ...]] = {
    "s": (str,), "i": (int,), "f": (float,), "l": (list,), "m": (dict,), "b": (bool,), "a": (object,),
}  # fmt: skip
_GO_KIND = {
    "s": "string",
    "i": "int",
    "f": "float64",
    "m": "map[string]interface {}",
    "b": "bool",
}
# nil becomes the zero value of what a function takes.
_ZERO: dict[str, Any] = {"s": "", "i": 0, "f": 0.0, "m": {}, "b": False}


_TABLE: dict[str, tuple[str, Callable[..., Any]]] = {
    # dates
    "date": ("sa", dates.date),
    "dateInZone": ("sas", dates.date_in_zone),
    "date_in_zone": ("sas", dates.date_in_zone),
    "htmlDate": ("a", dates.html_date),
    "htmlDateInZone": ("as", dates.html_date_in_zone),
    # texts
    "trim": ("s", lambda s: s.strip()),
    "upper": ("s", str.upper),
    "lower": ("s", str.lower),
    "title": ("s", lambda s: re.sub(r"(?<!\w)[^\W\d_]", lambda m: m[0].upper(), s)),
    "untitle": ("s", lambda s: re.sub(r"(^|\s)(\S)", lambda m: m[1] + m[2].lower(), s)),
    "trunc": ("is", f.trunc),
    "substr": ("iis", f.substr),
    "repeat": ("is", f.repeat),
    "trimAll": ("ss", lambda cut, s: s.strip(cut) if cut else s),
    "trimall": ("ss", lambda cut, s: s.strip(cut) if cut else s),
    "trimPrefix": ("ss", lambda cut, s: s.removeprefix(cut)),
    "trimSuffix": ("ss", lambda cut, s: s.removesuffix(cut)),
    "nospace": ("s", f.nospace),
    "initials": ("s", lambda s: "".join(map(f.first_byte, s.split()))),
    "swapcase": ("s", str.swapcase),
    "snakecase": ("s", lambda s: "_".join(f.words(s)).lower()),
    "kebabcase": ("s", lambda s: "-".join(f.words(s)).lower()),
    "camelcase": ("s", f.camel),
    "contains": ("ss", lambda part, s: part in s),
    "hasPrefix": ("ss", lambda part, s: s.startswith(part)),
    "hasSuffix": ("ss", lambda part, s: s.endswith(part)),
    "quote": ("*a", f.quoted),
    "squote": ("*a", lambda *vs: " ".join(f"'{text_of(v)}'" for v in vs if v is not None)),
    "cat": ("*a", lambda *vs: " ".join(text_of(v) for v in vs if v is not None)),
    "abbrev": ("is", f.abbrev),
    "indent": ("is", f.indent),
    "nindent": ("is", lambda spaces, s: "\n" + f.indent(spaces, s)),
    "replace": ("sss", lambda old, new, s: s.replace(old, new)),
    "plural": ("ssi", lambda one, many, count: one if count == 1 else many),
    "toString": ("a", text_of),
    "toStrings": ("a", f.strings),
    "join": ("sa", lambda mark, v: mark.join(f.strings(v))),
    "sortAlpha": ("a", lambda v: Strings(sorted(f.strings(v)) if isinstance(v, list) else [text_of(v)])),
    "split": ("ss", lambda mark, s: lists.numbered(split(s, mark))),
    "splitn": ("sis", lambda mark, most, s: lists.numbered(split(s, mark, most))),
    "splitList": ("ss", lambda mark, s: split(s, mark)),
    # sums and encodings
    "sha1sum": ("s", lambda s: hashlib.sha1(s.encode(), usedforsecurity=False).hexdigest()),
    "sha256sum": ("s", lambda s: hashlib.sha256(s.encode()).hexdigest()),
    "sha512sum": ("s", lambda s: hashlib.sha512(s.encode()).hexdigest()),
    "adler32sum": ("s", lambda s: str(zlib.adler32(s.encode()))),
    "b64enc": ("s", lambda s: base64.b64encode(s.encode()).decode()),
    "b64dec": ("s", f.decode(lambda s: base64.b64decode(s, validate=True), "b64dec")),
    "b32enc": ("s", lambda s: base64.b32encode(s.encode()).decode()),
    "b32dec": ("s", f.decode(base64.b32decode, "b32dec")),
    # numbers
    "atoi": ("s", numbers.atoi),
    "int": ("a", numbers.integer),
    "int64": ("a", lambda v: Int64(numbers.integer(v))),
    "float64": ("a", numbers.to_float),
    "add1": ("a", lambda v: Int64(numbers.integer(v) + 1)),
    "add": ("*a", lambda *vs: Int64(sum(map(numbers.integer, vs)))),
    "sub": ("aa", lambda v, w: Int64(numbers.integer(v) - numbers.integer(w))),
    "div": ("aa", lambda v, w: Int64(numbers.divide(v, w))),
    "mod": ("aa", lambda v, w: Int64(numbers.integer(v) - numbers.divide(v, w) * numbers.integer(w))),
    "mul": ("a*a", lambda *vs: Int64(math.prod(map(numbers.integer, vs)))),
    "divf": ("a*a", numbers.exact(numbers.decimal_divided)),
    "toDecimal": ("a", numbers.from_octal),
    "seq": ("*i", numbers.seq),
    "add1f": ("a", lambda v: numbers.exact(Decimal.__add__)(v, 1)),
    "addf": ("*a", numbers.exact(Decimal.__add__)),
    "subf": ("a*a", numbers.exact(Decimal.__sub__)),
    "mulf": ("a*a", numbers.exact(Decimal.__mul__)),
    "biggest": ("a*a", lambda *vs: Int64(max(map(numbers.integer, vs)))),
    "max": ("a*a", lambda *vs: Int64(max(map(numbers.integer, vs)))),
    "min": ("a*a", lambda *vs: Int64(min(map(numbers.integer, vs)))),
    "maxf": ("a*a", lambda *vs: max(map(numbers.to_float, vs))),
    "minf": ("a*a", lambda *vs: min(map(numbers.to_float, vs))),
    "ceil": ("a", lambda v: integral(math.ceil, numbers.to_float(v))),
    "floor": ("a", lambda v: integral(math.floor, numbers.to_float(v))),
    "round": ("ai*f", numbers.round_to),
    "until": ("i", lambda count: numbers.until(0, count, 1 if count >= 0 else -1)),
    "untilStep": ("iii", numbers.until),
    # choices
    "default": ("a*a", lambda default, *given: default if not given or f.empty(given[0]) else given[0]),
    "empty": ("a", f.empty),
    "coalesce": ("*a", lambda *vs: next((v for v in vs if not f.empty(v)), None)),
    "all": ("*a", lambda *vs: not any(map(f.empty, vs))),
    "any": ("*a", lambda *vs: not all(map(f.empty, vs))),
    "ternary": ("aab", lambda yes, no, holds: yes if holds else no),
    "fail": ("s", f.fail),
    # JSON
    "toJson": ("a", to_json),
    "toRawJson": ("a", partial(to_json, html=False)),
    "toPrettyJson": ("a", to_pretty_json),
    "fromJson": ("s", f.json_or_nil),
    # lists and maps
    "list": ("*a", lambda *vs: list(vs)),
    "tuple": ("*a", lambda *vs: list(vs)),
    "first": ("l", lambda v: v[0] if v else None),
    "last": ("l", lambda v: v[-1] if v else None),
    "rest": ("l", lambda v: v[1:] if v else NilList()),
    "initial": ("l", lambda v: v[:-1] if v else NilList()),
    "append": ("la", lambda v, item: [*v, item]),
    "push": ("la", lambda v, item: [*v, item]),
    "prepend": ("la", lambda v, item: [item, *v]),
    "concat": ("*l", lists.concat),
    "reverse": ("l", lambda v: v[::-1]),
    "compact": ("l", lambda v: [item for item in v if not f.empty(item)]),
    "uniq": ("l", lists.unique),
    "without": ("l*a", lists.without),
    "has": ("aa", lists.has),
    "slice": ("l*a", lists.cut),
    "chunk": ("il", lists.chunk),
    "dict": ("*a", lists.make_map),
    "get": ("ms", lambda m, key: m.get(key, "")),
    "hasKey": ("ms", lambda m, key: key in m),
    "set": ("msa", lambda m, key, value: {**m, key: value}),
    "unset": ("ms", lambda m, key: {k: v for k, v in m.items() if k != key}),
    "keys": ("*m", lambda *ms: Strings(key for m in ms for key in sorted(m))),
    "values": ("m", lambda m: [m[key] for key in sorted(m)]),
    "pick": ("m*s", lambda m, *keys: {key: m[key] for key in keys if key in m}),
    "omit": ("m*s", lambda m, *keys: {key: v for key, v in m.items() if key not in keys}),
    "pluck": ("s*m", lambda key, *ms: [m[key] for m in ms if key in m]),
    "dig": ("*a", lists.dig),
    "deepEqual": ("aa", lists.same),
    # kinds
    "kindOf": ("a", kind_name),
    "kindIs": ("sa", lambda kind, v: kind_name(v) == kind),
    "typeOf": ("a", type_name),
    "typeIs": ("sa", lambda name, v: type_name(v) == name),
    "typeIsLike": ("sa", lambda name, v: type_name(v) in (name, "*" + name)),
    # paths
    "base": ("s", f.base),
    "dir": ("s", lambda s: f.clean(s[: s.rfind("/") + 1])),
    "clean": ("s", f.clean),
    "ext": ("s", f.ext),
    "isAbs": ("s", lambda s: s.startswith("/")),
    # patterns
    "regexMatch": ("ss", f.matches),
    "regexFind": ("ss", lambda p, s: f.compiled(p).find(s)),
    "regexFindAll": ("ssi", f.find_all),
    "regexReplaceAll": ("sss", lambda p, s, new: f.compiled(p).replace_all(s, f.go_replacement(new))),
    "regexReplaceAllLiteral": ("sss", lambda p, s, new: f.compiled(p).replace_all(s, lambda _: new)),
    "regexSplit": ("ssi", f.regex_split),
    "regexQuoteMeta": ("s", lambda s: re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", s)),
}
_ALSO_MUST = """
    append push prepend first rest last initial reverse uniq without has slice chunk compact toJson
    toRawJson toPrettyJson
""".split()  # noqa: SIM905
_TABLE |= {"must" + name[0].upper() + name[1:]: _TABLE[name] for name in _ALSO_MUST}
_PATTERNS = [name for name in _TABLE if name.startswith("regex") and name != "regexQuoteMeta"]
_TABLE |= {f"mustR{name[1:]}": (_TABLE[name][0], f.must(_TABLE[name][1])) for name in _PATTERNS}
_TABLE |= {"os" + name.capitalize(): _TABLE[name] for name in ("base", "clean", "dir", "ext")}
_TABLE["osIsAbs"] = _TABLE["isAbs"]

REFUSED = """
    hello ago date_modify dateModify duration durationRound must_date_modify mustDateModify mustToDate
    now toDate unixEpoch abbrevboth
    randAlphaNum randAlpha randAscii randNumeric shuffle wrap wrapWith randInt mustFromJson
    deepCopy mustDeepCopy getHostByName
    merge mergeOverwrite mustMerge mustMergeOverwrite bcrypt htpasswd genPrivateKey
    derivePassword buildCustomCert genCA genCAWithKey genSelfSignedCert genSelfSignedCertWithKey
    genSignedCert genSignedCertWithKey encryptAES decryptAES randBytes uuidv4 semver semverCompare
    urlParse urlJoin
""".split()  # noqa: SIM905


# What the functions of lists say of what is none; "Cannot find NAME on type" where they are not named.
_NO_LIST = {
    "append": "Cannot push on type {}",
    "push": "Cannot push on type {}",
    "prepend": "Cannot prepend on type {}",
    "chunk": "Cannot chunk type {}",
    "concat": "Cannot concat type {} as list",
    "compact": "Cannot compact on type {}",
    "slice": "list should be type of slice or array but {}",
}


def _checked(name: str, kinds: str, function: Callable[..., Any]) -> Callable[..., Any]:
    fixed, _, more = kinds.partition("*")
    plain = name.removeprefix("must").lower()
    no_list = _NO_LIST.get(plain, f"Cannot find {plain} on type {{}}")

    def call(*given: Any) -> Any:
        beyond = [] if more else [i for i in range(len(fixed), len(given)) if given[i] is None]
        if beyond:
            raise Fault(f"runtime error: index out of range [{beyond[-1]}] with length {len(fixed)}")
        if len(given) < len(fixed) or (len(given) > len(fixed) and not more):
            few = "few" if len(given) < len(fixed) else "many"
            raise Fault(f"reflect: Call with too {few} input arguments")
        wanted = fixed + more * (len(given) - len(fixed))
        values = [_ZERO.get(k) if value is None else value for k, value in zip(wanted, given, strict=True)]
        for i, (k, value) in enumerate(zip(wanted, values, strict=True)):
            if _fits(k, value):
                continue
            if k == "l":
                nil = "runtime error: invalid memory address or nil pointer dereference"
                raise Fault(nil if value is None else no_list.format(kind_name(value)))
            if i < len(fixed):
                raise Fault(f"reflect: Call using {type_name(value)} as type {_GO_KIND[k]}")
            raise Fault(f"reflect: cannot use {type_name(value)} as type {_GO_KIND[k]} in Call")
        return function(*values)

    call.__name__ = name
    return call


def _fits(kind: str, value: Any) -> bool:
    if kind == "i" and isinstance(value, (bool, Int64)):
        return False
    return isinstance(value, _KINDS[kind]) and not (kind == "m" and isinstance(value, StringMap))


def _refusal(name: str) -> Callable[..., Any]:
    def call(*_: Any) -> Any:
        raise ExprUnsupported(f"The function 'sprig.{name}' is not supported here.")

    return call


SPRIG: dict[str, Callable[..., Any]] = {
    **{name: _refusal(name) for name in REFUSED},
    **{name: _checked(name, kinds, function) for name, (kinds, function) in _TABLE.items()},
}
