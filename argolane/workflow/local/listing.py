"""A data template in, what its store holds and its expressions make of that out: `argoexec data`, from this
machine's folders.
"""

import time

from argolane.languages import expr
from argolane.languages.gotext import NilList, to_json
from argolane.workflow.local.pod.artifacts import Repository, keys
from argolane.workflow.local.pod.exits import NO_PROGRAM, Exit, over
from argolane.workflow.local.reconciler.ports import PodOrder, PodResult


class _Amiss(Exception):
    """In Argo's words."""


def run(order: PodOrder, repository: Repository) -> PodResult:
    """The result is JSON: the keys below the source's key, or what the last expression has made of them."""
    began = time.time()
    try:
        result = _made(order, repository)
    except _Amiss as reason:
        failed = Exit("main", NO_PROGRAM, f"unable to process data template: {reason}")
        return over("Failed", failed.message, outputs={"exitCode": str(NO_PROGRAM)}, began=began)
    return over("Succeeded", outputs={"result": to_json(result), "exitCode": "0"}, began=began)


def _made(order: PodOrder, repository: Repository) -> object:
    data = order.template["data"]
    source = (data.get("source") or {}).get("artifactPaths")
    if source is None:
        raise _Amiss("unable to process data source: no valid source is used for data template")
    try:
        made: object = keys(source, repository) or NilList("[]string")
    except OSError as error:
        raise _Amiss(f"unable to process data source: unable to source artifact paths: {error}") from None
    for number, step in enumerate(data.get("transformation") or ()):
        if not step.get("expression"):
            continue
        try:
            made = expr.evaluate(str(step["expression"]), {"data": made})
        except expr.ExprError as error:
            words = f"error processing data step {number}: {error}"
            raise _Amiss(f"unable to process data transformation: {words}") from None
    return made
