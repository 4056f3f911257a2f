"""Pages of metrics in, one page out."""

import asyncio
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from argolane.serving.metrics import Page, Unit, ask, merged

COUNTER = '# HELP pulls_total Pulls\n# TYPE pulls_total counter\npulls_total{arm="a"} 3.0\n'


def samples(page: bytes) -> dict[tuple[str, ...], float]:
    """Name and label values, in the order of the labels' names -> value."""
    found = text_string_to_metric_families(page.decode())
    return {(s.name, *s.labels.values()): s.value for family in found for s in family.samples}


def test_each_family_is_told_once_with_who_told_it() -> None:
    """Two replicas with one counter: one TYPE line, two samples that differ in their pod."""
    page = merged([Page("m-1", "m", COUNTER), Page("m-2", "m", COUNTER.replace("3.0", "5.0"))])
    assert page.decode().count("# TYPE pulls_total counter") == 1
    found = samples(page)
    assert found["pulls_total", "a", "m", "m-1"] == 3
    assert found["pulls_total", "a", "m", "m-2"] == 5


def test_histograms_and_summaries_stay_what_they_are() -> None:
    """The samples of a family stay together, as the format wants it."""
    text = (
        '# HELP t Times\n# TYPE t histogram\nt_bucket{le="1.0"} 2.0\nt_bucket{le="+Inf"} 3.0\n'
        "t_count 3.0\nt_sum 4.5\n"
        '# HELP s Sizes\n# TYPE s summary\ns{quantile="0.5"} 0.2\ns_count 1.0\ns_sum 0.2\n'
    )
    page = merged([Page("p", "c", text), Page("q", "c", text)]).decode()
    assert (page.count("# TYPE t histogram"), page.count("# TYPE s summary")) == (1, 1)
    order = [line.split("{")[0].split("_")[0] for line in page.splitlines() if not line.startswith("#")]
    assert order == ["t"] * 8 + ["s"] * 6 + ["argolane"] * 2


def test_a_name_with_two_types_keeps_its_samples() -> None:
    """Units of two people may call different things the same."""
    gauge = COUNTER.replace("counter", "gauge")
    found = samples(merged([Page("p", "a", COUNTER), Page("p", "b", gauge)]))
    assert [key[2] for key in found if key[0].startswith("pulls")] == ["a", "b"]


def test_one_that_does_not_answer_or_answers_nonsense_is_told() -> None:
    """The others' metrics are there all the same."""
    pages = [Page("p", "a", None), Page("p", "b", "{{{ 1 2 3"), Page("p", "c", COUNTER), Page("p", "d", "")]
    found = samples(merged(pages))
    up = {key[1]: value for key, value in found.items() if key[0] == "argolane_unit_metrics_up"}
    assert up == {"a": 0, "b": 0, "c": 1, "d": 1}
    assert found["pulls_total", "a", "c", "p"] == 3


class _Told(BaseHTTPRequestHandler):
    def log_message(self, *_: Any) -> None: ...
    def do_GET(self) -> None:
        body = COUNTER.encode()
        self.send_response(200 if self.path == "/prometheus" else 404)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def test_all_are_asked_at_once() -> None:
    """One that is not there, one that has no such page, one that answers."""
    with HTTPServer(("127.0.0.1", 0), _Told) as server, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        threading.Thread(target=server.serve_forever, daemon=True).start()
        at = f"http://127.0.0.1:{server.server_port}"
        gone = f"http://127.0.0.1:{taken.getsockname()[1]}/prometheus"
        units = [Unit("p", "a", gone), Unit("p", "b", f"{at}/other"), Unit("p", "c", f"{at}/prometheus")]
        pages = asyncio.run(ask(units))
        server.shutdown()
    assert [page.text for page in pages] == [None, None, COUNTER]
