"""argolane.report in headless Chromium: under the page's own policy, at the widths that people have."""

import base64
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from test_charts import CHARTS

from argolane.report import render

pytestmark = pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium; make browser")

# What is asked of the page, by name: JavaScript that gives a value.
ASKED = {
    "wide": "document.documentElement.scrollWidth - document.documentElement.clientWidth",
    "uncut": """[...document.querySelectorAll(".graph rect")].map((box) => box.getBoundingClientRect())
        .filter((box, _, all) => box.top === all[0].top
          && box.right <= document.querySelector(".wide").getBoundingClientRect().right + .5).length""",
    "marked": """[...document.querySelectorAll(".wide.more + .hint")]
        .map((one) => getComputedStyle(one).display).join()""",
    "page": "getComputedStyle(document.body).backgroundColor",
    "smallest": """Math.min(...[...document.querySelectorAll(".chart text, .graph text")]
        .filter((one) => one.textContent).map((one) => one.getScreenCTM().a
          * parseFloat(getComputedStyle(one).fontSize)))""",
    "opened": """(() => { const link = document.querySelectorAll(".graph a")[6];
        link.dispatchEvent(new MouseEvent("click", {bubbles: true, cancelable: true}));
        reveal(); const found = document.querySelector(link.getAttribute("href"));
        return [found.tagName, found.open, document.activeElement.tagName]; })()""",
    "focusable": """[...document.querySelectorAll(".graph a")].every((link) => { link.focus();
        return document.activeElement === link; })""",
}


def node(i: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"n{i}", "displayName": f"task-{i}", "type": "Pod", "phase": "Succeeded", "boundaryID": "w",
        "startedAt": f"2026-01-01T00:00:{i:02}Z", "finishedAt": f"2026-01-01T00:00:{i + 1:02}Z",
        "children": [f"n{i + 1}"] if i < 9 else [], **more,
    }  # fmt: skip


@pytest.fixture(scope="module")
def text() -> str:
    """A chain of ten tasks, of which the last has charts of all kinds and a log with long lines."""
    charts = {"name": "charts", "value": json.dumps(CHARTS)}
    nodes = [node(i) for i in range(9)] + [node(9, outputs={"parameters": [charts]})]
    root = {"id": "w", "displayName": "w", "type": "DAG", "phase": "Succeeded", "children": ["n0"]}
    status = {"phase": "Succeeded", "nodes": {str(one["id"]): one for one in [root, *nodes]}}
    return render(name="w", status=status, parameters={"a": "b" * 300}, logs={"w/task-9": "x" * 2000})


def asked(text: str, folder: Path, *, width: int, dark: bool = False) -> dict[str, Any]:
    """The page's answers at a width; its policy takes one script more, beside its own."""
    questions = ",".join(f"{json.dumps(name)}: {code}" for name, code in ASKED.items())
    probe = f"parent.postMessage(JSON.stringify({{{questions}}}), '*');"
    digest = base64.b64encode(hashlib.sha256(probe.encode()).digest()).decode()
    # A window is no narrower than 500 pixels: a phone is a frame in one.
    file, frame = folder / "report.html", folder / "frame.html"
    allowed = text.replace("script-src ", f"script-src 'sha256-{digest}' ")
    file.write_text(allowed.replace("</body>", f"<script>{probe}</script></body>"))
    frame.write_text(
        f"""<title>none</title><iframe src="report.html" width="{width}" height="900" style="border:0">"""
        "</iframe><script>onmessage = (event) => { document.title = event.data; }</script>"
    )
    scheme = 0 if dark else 1
    done = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         f"--blink-settings=preferredColorScheme={scheme}", "--virtual-time-budget=4000",
         f"--user-data-dir={folder / 'profile'}", f"--window-size={max(width, 500)},900", "--dump-dom",
         frame.as_uri()],
        capture_output=True, text=True, timeout=100, check=True,
    )  # fmt: skip
    title = re.search(r"<title>(\{.*?\})</title>", done.stdout)
    assert title, done.stdout[:500]
    found: dict[str, Any] = json.loads(title[1].replace("&amp;", "&"))
    return found


@pytest.mark.parametrize(("width", "boxes"), [(390, 2), (768, 4), (1280, 6)])
def test_it_fits_the_width(text: str, tmp_path: Path, width: int, boxes: int) -> None:
    """Only what is marked scrolls sideways, boxes are whole, letters can be read, and a click opens."""
    found = asked(text, tmp_path, width=width)
    assert found["wide"] == 0
    assert found["uncut"] >= boxes
    assert set(found["marked"].split(",")) == {"block"}
    assert found["smallest"] >= 9.5
    assert found["opened"] == ["DETAILS", True, "SUMMARY"]
    assert found["focusable"] is True
    assert found["page"] == "rgb(255, 255, 255)"


def test_it_is_dark_where_the_system_is(text: str, tmp_path: Path) -> None:
    """By the browser's own preference."""
    assert asked(text, tmp_path, width=500, dark=True)["page"] == "rgb(18, 23, 28)"
