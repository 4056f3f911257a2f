"""Nothing in, workflow `batch-predict` out: a file of rows -> shards -> answers of a deployment -> one file.

The rows are a file on a claim, or are downloaded; the answers are in the order of the rows.
"""

from dataclasses import replace
from itertools import pairwise

from hera.workflows import DAG, Task, WorkflowTemplate

from workflows.parts import batch
from workflows.parts import download as web
from workflows.parts.guard import guard
from workflows.parts.pods import pair, workflow_template

URL = replace(
    web.URL, description="The rows at http://, https:// or file://; empty takes the file on the claim."
)
# Where the rows are on the claim.
FETCHED = "'.batch/' + workflow.name + '/input'"
FILE = f"{{{{=workflow.parameters.url == '' ? workflow.parameters.file : {FETCHED}}}}}"


def build() -> WorkflowTemplate:
    inputs = [*batch.INPUTS, URL, *(one for one in web.INPUTS if one is not web.URL)]
    with workflow_template(
        "batch-predict",
        title="Predictions for a file of rows",
        description="Asks a deployment for all rows of a CSV or Parquet file, and joins the answers.",
        parameters=inputs,
    ) as workflow:
        workflow.volumes = [batch.volume()]
        check, find = guard(inputs), batch.find()
        fetch = web.download(web.NOTHING, out=f"{batch.DATA}/{batch.FETCHED}", mounts=[batch.mount()])
        split, answer, join = batch.split(), batch.answer(), batch.join()
        image = {"image": batch.IMAGE.tag}

        with DAG(name="main"):
            checked = Task(name="guard", template=check)
            found = Task(name="find", template=find)
            fetched = Task(name="download", template=fetch, when=f"'{URL.tag}' != ''", arguments=image)
            parted = Task(name="split", template=split, arguments={**image, "file": FILE})
            shards = parted.get_parameter("shards")
            asked = Task(
                name="answer",
                template=answer,
                with_param=shards,
                arguments={**image, "url": found.get_parameter("url"), "shard": "{{item}}"},
            )
            joined = Task(name="join", template=join, arguments={**image, "shards": shards})
            for before, after in pairwise([checked, found, fetched, parted, asked, joined]):
                before >> after
    return workflow


def manifests() -> dict[str, object]:
    return dict(pair(build()))
