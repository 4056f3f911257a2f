"""An object in, why the API server would find it too long out, in its words.

The bounds are the API server's (a ConfigMap, a Secret, annotations, a request), etcd's, and Linux's for one
word of a command line. An object is counted as JSON.
"""

import base64
import gzip
import json
from collections.abc import Iterator, Mapping
from typing import Any

DATA = 1 << 20  # of a ConfigMap or Secret
ANNOTATIONS = 256 << 10
REQUEST = 3 << 20
STORED = 1536 << 10  # etcd's --max-request-bytes
WORD = 128 << 10  # MAX_ARG_STRLEN, with the zero byte at its end

_PLACES = {"ConfigMap": "[]", "Secret": "data"}


def too_long(body: Mapping[str, Any]) -> Iterator[str]:
    """Faults of a whole object: its annotations, and the data of a ConfigMap or Secret."""
    annotations = (body.get("metadata") or {}).get("annotations") or {}
    if _bytes(annotations) > ANNOTATIONS:
        yield f"metadata.annotations: Too long: may not be more than {ANNOTATIONS} bytes"
    kind = str(body.get("kind"))
    if kind in _PLACES:
        fields = ("data", "stringData") if kind == "Secret" else ("data", "binaryData")
        values = [value for field in fields for value in (body.get(field) or {}).values()]
        encoded = kind == "Secret" and not body.get("stringData")
        size = sum(len(str(value).encode()) for value in values)
        if (size * 3 // 4 if encoded else size) > DATA:
            yield f"{_PLACES[kind]}: Too long: may not be more than {DATA} bytes"


def refusal(size: int) -> str:
    """What is said of an object of this many bytes: by the API server, by etcd behind it, or '' by none."""
    if size > REQUEST:
        return f"Request entity too large: limit is {REQUEST}"
    return "etcdserver: request is too large" if size > STORED else ""


def of_object(body: Any) -> int:
    """Its bytes as JSON."""
    return len(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(errors="surrogatepass"))


def too_long_a_status(nodes: Any) -> str:
    """Why a controller without a database cannot keep these nodes, or ''. Argo packs what is long."""
    if of_object(nodes) <= DATA:
        return ""
    packed = base64.b64encode(
        gzip.compress(json.dumps(nodes, ensure_ascii=False).encode(errors="replace"), 1)
    )
    if len(packed) <= DATA:
        return ""
    return f"compressed size {len(packed)} > maxSize {DATA}"


def _bytes(texts: Mapping[str, Any]) -> int:
    return sum(len(str(key).encode()) + len(str(value).encode()) for key, value in texts.items())
