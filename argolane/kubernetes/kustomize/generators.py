"""Files and literals in, ConfigMaps and Secrets out; and the hash of what is in them, for their names."""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from argolane.errors import ManifestError
from argolane.kubernetes.kustomize.fields import Generator, Options, SecretGenerator
from argolane.kubernetes.kustomize.resource import Resource

Read = Callable[[str], bytes]
"""A file of the kustomization's own folder."""

_KEY = re.compile(r"[-._a-zA-Z0-9]+")
_VARIABLE = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")
_LINE = 70
_HASH = str.maketrans("013ae", "ghkmt")


def make(asked: Generator, general: Options, *, read: Read, where: str) -> Resource:
    """What one entry of configMapGenerator or secretGenerator asks for."""
    found: dict[str, bytes] = {}
    for key, value in _pairs(asked, read, where):
        if not _KEY.fullmatch(key):
            raise ManifestError([f"{where}: {key!r} is no key of {asked.name}: letters, digits, '-._' only."])
        if key in found:
            raise ManifestError([f"{where}: {asked.name} has the key {key!r} twice."])
        found[key] = value
    secret = isinstance(asked, SecretGenerator)
    metadata: dict[str, Any] = {"name": asked.name}
    if asked.namespace:
        metadata["namespace"] = asked.namespace
    for key in ("labels", "annotations"):
        if both := {**getattr(general, key), **getattr(asked.options, key)}:
            metadata[key] = both
    body: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Secret" if secret else "ConfigMap",
        "metadata": metadata,
    }
    body |= _secret(found) if secret else _config_map(found)
    if isinstance(asked, SecretGenerator):
        body["type"] = asked.type
    if general.immutable or asked.options.immutable:
        body["immutable"] = True
    plain = general.disable_name_suffix_hash or asked.options.disable_name_suffix_hash
    return Resource(body, f"{where}: {body['kind']} {asked.name}", hashed=not plain)


def _pairs(asked: Generator, read: Read, where: str) -> Iterator[tuple[str, bytes]]:
    for file in [*asked.envs, *([asked.env] if asked.env else [])]:
        text = read(file).decode("utf-8-sig")
        for line in text.splitlines():
            line = line.lstrip()
            if not line or line.startswith("#"):
                continue
            key, _, value = line.partition("=")
            if not _VARIABLE.fullmatch(key):
                raise ManifestError([f"{where}: {file}: {key!r} is no name of a variable."])
            yield key, value.encode()
    for literal in asked.literals:
        key, equals, value = literal.partition("=")
        if not key or not equals:
            raise ManifestError([f"{where}: {asked.name}: the literal {literal!r}; expected KEY=VALUE."])
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        yield key, value.encode()
    for file in asked.files:
        key, equals, path = file.rpartition("=")
        if "=" in key or (equals and not (key and path)):
            raise ManifestError([f"{where}: {asked.name}: the file {file!r}; expected FILE or KEY=FILE."])
        yield key or path.rpartition("/")[2], read(path)


def _config_map(found: dict[str, bytes]) -> dict[str, Any]:
    text, binary = {}, {}
    for key in sorted(found):
        try:
            text[key] = found[key].decode("utf-8")
        except UnicodeDecodeError:
            binary[key] = _base64(found[key])
    return ({"data": text} if text else {}) | ({"binaryData": binary} if binary else {})


def _secret(found: dict[str, bytes]) -> dict[str, Any]:
    return {"data": {key: _base64(found[key]) for key in sorted(found)}} if found else {}


def _base64(value: bytes) -> str:
    text = base64.b64encode(value).decode()
    if len(text) < _LINE:
        return text
    return "".join(f"{text[at : at + _LINE]}\n" for at in range(0, len(text), _LINE))


def combine(before: Resource, more: Resource, behavior: str) -> None:
    """`merge` into, or `replace`, one that a base made."""
    for key in ("data", "binaryData"):
        found = {**before.body.get(key, {}), **more.body.get(key, {})} if behavior == "merge" else None
        found = found if found is not None else more.body.get(key)
        if found:
            before.body[key] = dict(sorted(found.items()))
        else:
            before.body.pop(key, None)
    if "type" in more.body and behavior == "replace":
        before.body["type"] = more.body["type"]
    for key in ("labels", "annotations"):
        old = before.metadata.get(key) or {}
        if both := {**old, **(more.metadata.get(key) or {})}:
            before.metadata[key] = both
    before.hashed = before.hashed or more.hashed


def suffix(body: dict[str, Any]) -> str:
    """Ten characters that change with what is in a ConfigMap or Secret, as kustomize makes them."""
    # Its name is left out: kustomize looks for it in a field called "metadata/name".
    said = {"kind": body["kind"], "name": "", "data": body.get("data", "")}
    if body["kind"] == "Secret":
        said["type"] = body.get("type", "")
    optional = "stringData" if body["kind"] == "Secret" else "binaryData"
    if body.get(optional):
        said[optional] = body[optional]
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    for character in "<>&\u2028\u2029":  # Go's JSON is fit for HTML.
        text = text.replace(character, f"\\u{ord(character):04x}")
    # Go writes these two longer.
    text = text.replace("\\b", "\\u0008").replace("\\f", "\\u000c") if "\\" in text else text
    return hashlib.sha256(text.encode()).hexdigest()[:10].translate(_HASH)
