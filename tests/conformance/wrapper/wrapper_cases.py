"""The requests whose answers are recorded: for each class of wrapper_classes.py, in the order they are sent."""

import json
from dataclasses import dataclass, field
from typing import Any

PREDICT = "/api/v1.0/predictions"
FEEDBACK = "/api/v1.0/feedback"
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PARTS = {"Content-Type": "multipart/form-data; boundary=frontier"}
TABLE = [[1.5, 2], [3, 4.25]]


@dataclass(frozen=True)
class Case:
    name: str
    path: str = PREDICT
    body: Any = None  # bytes as they are, anything else as JSON
    method: str = "POST"
    headers: dict[str, str] = field(default_factory=lambda: dict(JSON))
    metrics: bool = False  # asked on the port of the metrics

    @property
    def sent(self) -> bytes:
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


def get(path: str, **more: Any) -> Case:
    return Case(f"GET {path}", path, None, "GET", {}, **more)


def part(name: str, text: str | bytes, more: str = "") -> bytes:
    data = text if isinstance(text, bytes) else text.encode()
    return (
        f'--frontier\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + data + b"\r\n"
    )


END = b"--frontier--\r\n"

PAYLOADS = [
    Case("ndarray", body={"data": {"ndarray": TABLE}}),
    Case("ndarray with names", body={"data": {"names": ["a", "b"], "ndarray": TABLE}}),
    Case("ndarray of ints", body={"data": {"ndarray": [[1, 2]]}}),
    Case("ndarray of one row", body={"data": {"ndarray": [1, 2]}}),
    Case("ndarray of text", body={"data": {"ndarray": ["a", "bc"]}}),
    Case("ndarray of text and numbers", body={"data": {"ndarray": [["a", 1]]}}),
    Case("ndarray of bools", body={"data": {"ndarray": [[True, False]]}}),
    Case("ndarray of nulls", body={"data": {"ndarray": [[None, 1]]}}),
    Case("ndarray ragged", body={"data": {"ndarray": [[1, 2], [3]]}}),
    Case("ndarray empty", body={"data": {"ndarray": []}}),
    Case("ndarray a number", body={"data": {"ndarray": 5}}),
    Case("ndarray NaN", body=b'{"data": {"ndarray": [[NaN, Infinity]]}}'),
    Case("ndarray of huge ints", body=b'{"data": {"ndarray": [[123456789012345678901234567890]]}}'),
    Case("tensor", body={"data": {"tensor": {"shape": [2, 2], "values": [1, 2, 3.5, 4]}}}),
    Case("tensor with names", body={"data": {"names": ["x"], "tensor": {"shape": [2, 1], "values": [1, 2]}}}),
    Case("tensor of a wrong shape", body={"data": {"tensor": {"shape": [3, 2], "values": [1, 2]}}}),
    Case("tensor without shape", body={"data": {"tensor": {"values": [1, 2]}}}),
    Case("tftensor", body={"data": {"tftensor": {"dtype": "DT_FLOAT", "tensorShape": {"dim": [{"size": "1"}]},
                                                 "floatVal": [1.5]}}}),
    Case("data of neither", body={"data": {"names": ["a"]}}),
    Case("data null", body={"data": None}),
    Case("data a list", body={"data": [[1, 2]]}),
    Case("data a text", body={"data": "ndarray"}),
    Case("names null", body={"data": {"names": None, "ndarray": [[1, 2]]}}),
    Case("strData", body={"strData": "text é"}),
    Case("strData a number", body={"strData": 5}),
    Case("binData", body={"binData": "AAH/"}),
    Case("binData that is none", body={"binData": "?!"}),
    Case("jsonData", body={"jsonData": {"b": [1, 2.5, None], "a": {"x": "é"}}}),
    Case("jsonData a list", body={"jsonData": [1, 2]}),
    Case("jsonData a text", body={"jsonData": "text"}),
    Case("jsonData null", body={"jsonData": None}),
    Case("data and strData", body={"strData": "s", "data": {"ndarray": [[1]]}}),
    Case("meta", body={"meta": {"puid": "p1", "tags": {"t": [1]}, "requestPath": {"before": "image:1"},
                                "routing": {"r": 1}, "metrics": [{"key": "k", "type": "GAUGE", "value": 1}]},
                       "data": {"ndarray": [[1, 2]]}}),
    Case("meta empty", body={"meta": {}, "data": {"ndarray": [[1, 2]]}}),
    Case("meta null", body={"meta": None, "data": {"ndarray": [[1, 2]]}}),
    Case("meta of strData", body={"meta": {"puid": "p2", "tags": {"a": "b"}}, "strData": "s"}),
    Case("unknown field", body={"date": {"ndarray": [[1]]}}),
    Case("extra field", body={"more": 1, "data": {"ndarray": [[1]]}}),
    Case("empty object", body={}),
    Case("a list", body=[[1, 2]]),
    Case("a text", body="text"),
    Case("a number", body=5),
    Case("null", body=b"null"),
    Case("false", body=b"false"),
]  # fmt: skip

TRANSPORT = [
    Case("no body", body=b""),
    Case("broken JSON", body=b'{"data": {"ndarray": [[1, 2]'),
    Case("trailing comma", body=b'{"strData": "a",}'),
    Case("two documents", body=b'{"strData": "a"} {}'),
    Case("single quotes", body=b"{'strData': 'a'}"),
    Case("same key twice", body=b'{"strData": "a", "strData": "b"}'),
    Case("white space around", body=b' \r\n{"strData": "a"}\n '),
    Case("byte order mark", body=b'\xef\xbb\xbf{"strData": "a"}'),
    Case("UTF-16", body='{"strData": "é"}'.encode("utf-16")),
    Case("no UTF-8", body=b'{"strData": "\xff"}'),
    Case("escaped surrogate", body=b'{"strData": "\\ud800"}'),
    Case("escaped pair", body=b'{"strData": "\\ud83d\\ude00 \\u0000"}'),
    Case("nested deep", body=b'{"jsonData": ' + b"[" * 2000 + b"]" * 2000 + b"}"),
    Case("control character", body=b'{"strData": "a\nb"}'),
    Case("no content type", body={"strData": "a"}, headers={}),
    Case("text/plain", body={"strData": "a"}, headers={"Content-Type": "text/plain"}),
    Case("text/csv", body=b"1,2\n3,4\n", headers={"Content-Type": "text/csv"}),
    Case("octet-stream", body=b"\x00\x01", headers={"Content-Type": "application/octet-stream"}),
    Case("with a charset", body={"strData": "a"}, headers={"Content-Type": "application/json; charset=utf-8"}),
    Case("with latin-1", body='{"strData": "é"}'.encode("latin-1"),
         headers={"Content-Type": "application/json; charset=latin-1"}),
    Case("vnd+json", body={"strData": "a"}, headers={"Content-Type": "application/vnd.x+json"}),
    Case("upper case type", body={"strData": "a"}, headers={"Content-Type": "Application/JSON"}),
    Case("form", body=b"json=%7B%22data%22%3A%7B%22ndarray%22%3A%5B%5B1%2C2%5D%5D%7D%7D", headers=FORM),
    Case("form with broken JSON", body=b"json=%7B", headers=FORM),
    Case("form without json", body=b"other=1", headers=FORM),
    Case("query", f"{PREDICT}?json=%7B%22strData%22%3A%22q%22%7D"),
    Case("query and body", f"{PREDICT}?json=%7B%22strData%22%3A%22q%22%7D", {"strData": "b"}),
    Case("another query", f"{PREDICT}?x=1", {"strData": "b"}),
    Case("GET with a query", "/predict?json=%7B%22strData%22%3A%22q%22%7D", None, "GET", {}),
    Case("multipart data", body=part("data", '{"ndarray": [[1, 2]]}') + END, headers=PARTS),
    Case("multipart strData", body=part("strData", "text é") + END, headers=PARTS),
    Case("multipart strData file", body=part("strData", "in a file", '; filename="s.txt"') + END, headers=PARTS),
    Case("multipart binData file", body=part("binData", b"\x00\xff", '; filename="b.bin"') + END, headers=PARTS),
    Case("multipart jsonData and meta", headers=PARTS,
         body=part("jsonData", '{"a": 1}') + part("meta", '{"puid": "m"}') + END),
    Case("multipart broken", body=part("data", "{") + END, headers=PARTS),
    Case("multipart nothing", body=END, headers=PARTS),
    Case("with an origin", body={"strData": "a"}, headers={**JSON, "Origin": "http://page.example"}),
    Case("preflight", PREDICT, None, "OPTIONS",
         {"Origin": "http://page.example", "Access-Control-Request-Method": "POST"}),
    Case("v0.1", "/api/v0.1/predictions", {"strData": "a"}),
    Case("/predict", "/predict", {"strData": "a"}),
    Case("slash at the end", f"{PREDICT}/", {"strData": "a"}),
    Case("two slashes", "//predict", {"strData": "a"}),
    Case("escaped path", "/pre%64ict", {"strData": "a"}),
    Case("PUT", body={"strData": "a"}, method="PUT"),
    Case("HEAD", "/health/ping", None, "HEAD", {}),
    Case("POST of a health", "/health/ping", {}),
    Case("GET predictions", PREDICT, None, "GET", {}),
    Case("OPTIONS", PREDICT, None, "OPTIONS", {}),
    get("/"), get("/nowhere"), get("/health/ping"), get("/health/status"), get("/api/v1.0/health/status"),
    get("/metadata"), get("/api/v1.0/metadata"), get("/seldon.json"), get("/predict"), get("/metrics"),
    get("/metrics", metrics=True), get("/nowhere", metrics=True),
]  # fmt: skip

ROLES = [
    Case("transform-input", "/transform-input", {"data": {"names": ["a", "b"], "ndarray": TABLE}}),
    Case("transform-input tensor", "/transform-input", {"data": {"tensor": {"shape": [1], "values": [1]}}}),
    Case("transform-input strData", "/transform-input", {"strData": "s"}),
    Case("transform-output", "/transform-output", {"data": {"ndarray": TABLE}, "meta": {"tags": {"t": 1}}}),
    Case("transform-output binData", "/transform-output", {"binData": "AAH/"}),
    Case("route", "/route", {"data": {"ndarray": [[1]]}, "meta": {"puid": "p", "tags": {"t": 1}}}),
    Case("route to a text", "/route", {"data": {"ndarray": [[7]]}}),
    Case("aggregate", "/aggregate", {"seldonMessages": [
        {"data": {"ndarray": [[1, 2]]}, "meta": {"tags": {"a": 1}, "requestPath": {"m": "i"}, "puid": "p"}},
        {"data": {"ndarray": [[3, 4]]}, "meta": {"metrics": [{"key": "k", "type": "GAUGE", "value": 1}]}}]}),
    Case("aggregate a list", "/aggregate", [{"data": {"tensor": {"shape": [1], "values": [1]}}}]),
    Case("aggregate nothing", "/aggregate", {"seldonMessages": []}),
    Case("aggregate another", "/aggregate", {"data": {"ndarray": [[1]]}}),
    Case("feedback", FEEDBACK, {"request": {"data": {"names": ["a"], "ndarray": [[1, 2]]}, "meta": {"puid": "q"}},
                                "response": {"meta": {"routing": {"unit": 1}}}, "reward": 1.5,
                                "truth": {"data": {"ndarray": [[1]]}}}),
    Case("feedback without routing", "/send-feedback", {"request": {"data": {"tensor": {
        "shape": [1, 2], "values": [1, 2]}}}, "reward": 1}),
    Case("feedback of nothing", FEEDBACK, {}),
    Case("feedback with an unknown field", FEEDBACK, {"rewards": 1}),
    Case("feedback broken", FEEDBACK, b"{"),
    Case("feedback v0.1", "/api/v0.1/feedback", {"reward": -2}),
    get("/health/status"), get("/metadata"), get("/metrics", metrics=True),
]  # fmt: skip


def named(prefix: str, names: list[str]) -> list[Case]:
    return [Case(f"{prefix}{name}", body={"strData": f"{prefix}{name}"}) for name in names]


OUT = ["str", "bytes", "bytearray", "dict", "empty dict", "list", "ragged", "text list", "text array",
       "object array", "bools", "float32", "float64", "int", "uint8", "vector", "scalar", "cube", "nothing",
       "no rows", "nan", "nan in dict", "complex", "dates", "none", "number", "tuple", "generator",
       "numpy in list", "numpy in dict", "array in dict", "set in dict", "big int", "int keys", "mixed keys",
       "surrogate", "response", "bad metric", "response str"]  # fmt: skip
RAISED = ["value", "type", "key", "attribute", "runtime", "bad", "os", "empty", "not implemented"]
ANSWERS = [*named("", OUT), *named("raise ", RAISED)]

CASES: dict[str, list[Case]] = {
    "Plain": [*PAYLOADS, *TRANSPORT],
    "Full": [*PAYLOADS, *ROLES],
    "Component": [*PAYLOADS[:4], *ROLES],
    "Answers": [*ANSWERS, get("/metrics", metrics=True)],
    "Ours": [*ANSWERS, *PAYLOADS, *TRANSPORT],
    "Raw": [
        Case("fail", body={"strData": "fail"}),
        Case("skip", body={"strData": "skip"}),
        *PAYLOADS[:2],
        *ROLES,
    ],
    "Nameless": [
        each for each in PAYLOADS if each.name in ("ndarray", "ndarray of text", "tensor", "strData")
    ],
    "Router": ROLES,
    "Combiner": ROLES,
    "BadMetadata": [*PAYLOADS[:1], get("/metadata"), get("/health/status")],
}
COMPONENTS = ("Component", "Raw")  # of wrapper_components.py
"""What a process is started with besides; the classes that are not here get nothing."""
ENVIRONMENT: dict[str, dict[str, str]] = {
    "Full": {
        "PREDICTIVE_UNIT_PARAMETERS": '[{"name": "factor", "value": "3", "type": "INT"}]',
        "PREDICTIVE_UNIT_ID": "unit",
        "PREDICTIVE_UNIT_IMAGE": "registry.example:5000/unit:1.2",
        "SELDON_DEPLOYMENT_ID": "deployed",
        "PREDICTOR_ID": "main",
        "PREDICTOR_LABELS": '{"version": "v7"}',
    },
    "Router": {"PREDICTIVE_UNIT_ID": "unit", "MODEL_METADATA": "{name: given, versions: [v2]}"},
    "Combiner": {
        "INCLUDE_METRICS_IN_CLIENT_RESPONSE": "false",
        "PREDICTIVE_UNIT_METRICS_ENDPOINT": "/prometheus",
    },
}
