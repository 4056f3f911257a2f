"""A name or a label in, why Kubernetes does not take it out, in its words.

What is wrong with whole objects is put together by `invalid`; quantities are read in quantities.py.
"""

import re
from collections.abc import Iterator, Sequence

from argolane.errors import ArgolaneError

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
SUBDOMAIN = re.compile(rf"{LABEL.pattern}(\.{LABEL.pattern})*")

_NAME = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
    "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    f"'{SUBDOMAIN.pattern}')"
)
_NAME_RULE = (
    "consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. '{}',  or '{}',  or '{}', regex used for validation is '{}')"
)


def invalid(kind: str, name: str, faults: Sequence[str]) -> str:
    """`Pod "x" is invalid: spec...: Required value`; several faults stand in brackets."""
    whole = faults[0] if len(faults) == 1 else f"[{', '.join(faults)}]"
    return f'{kind} "{name}" is invalid: {whole}'


def not_a_subdomain(text: str) -> Iterator[str]:
    """Why a text is no DNS subdomain."""
    if len(text.encode()) > 253:
        yield "must be no more than 253 characters"
    if not SUBDOMAIN.fullmatch(text):
        yield _SUBDOMAIN_RULE


def in_a_path(kind: str, name: object) -> str:
    """The name of an object, which is about to become a part of a path; ArgolaneError unless it is one."""
    for fault in not_a_subdomain(str(name)):
        raise ArgolaneError(invalid(kind, str(name), [f'metadata.name: Invalid value: "{name}": {fault}']))
    return str(name)


def not_a_label_key(key: str) -> Iterator[str]:
    """Why a text is no qualified name, which a label's must be."""
    *prefixes, name = key.split("/")
    rule = f"must {_NAME_RULE}".format("MyName", "my.name", "123-abc", _NAME.pattern)
    if len(prefixes) > 1:
        example = "an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        yield f"a qualified name {rule} with {example}"
        return
    if prefixes == [""]:
        yield "prefix part must be non-empty"
    elif prefixes:
        yield from (f"prefix part {fault}" for fault in not_a_subdomain(prefixes[0]))
    if not name:
        yield "name part must be non-empty"
    elif len(name.encode()) > 63:
        yield "name part must be no more than 63 characters"
    if not _NAME.fullmatch(name):
        yield f"name part {rule}"


def not_a_label_value(value: str) -> Iterator[str]:
    """Why a text may not be the value of a label."""
    if len(value.encode()) > 63:
        yield "must be no more than 63 characters"
    if value and not _NAME.fullmatch(value):
        rule = _NAME_RULE.format("MyValue", "my_value", "12345", f"({_NAME.pattern})?")
        yield f"a valid label must be an empty string or {rule}"
