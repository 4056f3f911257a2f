"""A deployment that answers in, a template out that loads it, and keeps what it found.

What is sent, counted and drawn is the text of argolane's own load test, which the command `load` runs. What
it keeps is a folder a run, below LOADS on the store; docs/load-testing.md has what is in it.
"""

import json
from dataclasses import replace
from typing import Any

from hera.workflows import Parameter, Resource, Script
from hera.workflows import models as m

from k8s_serving.deployment import MODEL_STORE
from models.contract.spec import MODELS, read_all
from workflows.parts import batch, pods
from workflows.parts import parameters as p
from workflows.parts.download import URL as ROWS
from workflows.parts.embedding import machinery_source

_HAND_ON = ("ROUTER", "COMBINER")
LOADS = f"{MODEL_STORE}/.load"
DEPLOYMENT = replace(batch.DEPLOYMENT, value="sk-mnist", description="SeldonDeployment that is loaded.")
URL = p.Checked(
    "url",
    "",
    "Where predictions are asked for, if not at the deployment's own address.",
    {
        "pattern": str(ROWS.rule["pattern"]).replace("(https?|file)", "http"),
        "expected": "http://, or nothing",
    },
)
REQUEST = p.Checked(
    "request",
    "",
    "JSON that is sent; empty sends that of the deployment's first unit, as models/*/request.json has it.",
    {"pattern": r"(\{.*\})?", "expected": "JSON in { and }, or nothing"},
)
RATE = replace(
    p.RATE,
    description="Requests that begin each second, come what may; with 0 each client waits for its answer.",
)
CLIENTS = p.count("clients", 4, "Of rate 0: clients with one request at a time each.", most=10_000)
_TIME = {"type": "float", "low": 0.1, "high": 3600, "expected": "seconds, 0.1 to 3600"}
DURATION = p.Checked("duration", "60", "Seconds that are measured.", _TIME)
WARM_UP = p.Checked("warm-up", "5", "Seconds of the same load before them.", {**_TIME, "low": 0})
TIMEOUT = p.Checked("timeout", "10", "Seconds to wait for an answer.", _TIME)
MAX_P99 = p.Checked(
    "max-p99",
    "0",
    "Milliseconds of the 99th percentile beyond which the run fails; 0 for any.",
    {"type": "float", "low": 0, "expected": "a number of at least 0"},
)
MAX_ERRORS = p.share("max-errors", "0.01", "Share of the requests that may fail in a run that succeeds.")
INPUTS = (DEPLOYMENT, URL, REQUEST, RATE, CLIENTS, DURATION, WARM_UP, TIMEOUT, MAX_P99, MAX_ERRORS)


def find() -> Resource:
    """Template `find`: the URL of the deployment once it is available, and what its containers run."""
    images = "{.spec.predictors[*].componentSpecs[*].spec.containers[*].image}"
    return batch.find(
        Parameter(
            name="images",
            description="Images of the deployment's containers.",
            value_from=m.ValueFrom(json_path=images, default=""),
        )
    )


def load() -> Script:
    """Template `load`; its inputs are the URL and the names of the images that answer there."""
    return pods.small_step(
        "load",
        source=machinery_source("serving/load/step.py"),
        inputs=["url", "images"],
        env={
            "URL": p.given("url"),
            "IMAGES": p.given("images"),
            "REQUEST": REQUEST.tag,
            "REQUESTS": json.dumps(requests()),
            "RATE": RATE.tag,
            "CLIENTS": CLIENTS.tag,
            "DURATION": DURATION.tag,
            "WARM_UP": WARM_UP.tag,
            "TIMEOUT": TIMEOUT.tag,
            "MAX_P99": MAX_P99.tag,
            "MAX_ERRORS": MAX_ERRORS.tag,
            "FOLDER": f"{LOADS}/{{{{workflow.name}}}}",
        },
        outputs=[
            pods.output(
                "figures", "What was measured, as JSON; with each second in figures.json of the folder."
            ),
            pods.output("rate", "Answers a second."),
            pods.output("p50", "Median latency in milliseconds."),
            pods.output("p99", "99th percentile of the latency in milliseconds."),
            pods.output("failed", "Requests that failed."),
            pods.output("charts", "Latencies and answers over time, for the report.", default=""),
        ],
        store="write",
        deadline=3 * 3600,
    )


def requests() -> dict[str, Any]:
    """What the units of this repository are asked, by image; routers and combiners ask what others take."""
    found = {}
    for unit in read_all():
        file = MODELS / unit.image_folder / "request.json"
        if unit.serve and unit.serve.type not in _HAND_ON and file.is_file():
            found[unit.image("runtime")] = json.loads(file.read_text(encoding="utf-8"))
    return found
