"""Every error of `argo lint --offline` is one of ours; needs argo, on PATH or in ARGOLANE_ARGO."""

import importlib.util
import json
import os
import random
import re
import shutil
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from argolane.manifest import Document, load
from argolane.workflow.lint import lint, schema
from argolane.workflow.lint.argo.base import Base, Library
from argolane.workflow.lint.argo.workflow import check_document

ARGO = os.environ.get("ARGOLANE_ARGO") or shutil.which("argo")
CASES = Path(__file__).parents[2] / "conformance" / "argo" / "cases"
NUMBER = 400

pytestmark = pytest.mark.skipif(ARGO is None, reason="needs Argo's own command")


def _mutations() -> ModuleType:
    spec = importlib.util.spec_from_file_location("mutations", Path(__file__).with_name("mutations.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _said(folder: Path) -> dict[str, str]:
    """File -> what argo lint says of it. A Go panic or a file it cannot parse would end the whole answer."""
    command = [str(ARGO), "lint", "--offline", "--no-color", "-o", "simple", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "panic" not in done.stderr and "failed to parse" not in done.stdout + done.stderr, done.stderr[
        -2000:
    ]
    said: dict[str, str] = {}
    current = ""
    for line in done.stdout.splitlines():
        if found := re.match(r'(\S+\.yaml): in ".*?" \(\w+\): (.*)', line):
            current = found[1]
            said[current] = found[2]
        elif current:
            said[current] += f"\n{line}"
    return said


def _panics(body: dict[str, Any]) -> bool:
    """Argo 3.7's lint dereferences nil at a templateRef of a ClusterWorkflowTemplate."""
    return body["kind"] == "ClusterWorkflowTemplate" and '"templateRef"' in json.dumps(body)


def test_mutated_cases(tmp_path: Path) -> None:
    """The recorded cases, each with something wrong: what argo refuses we refuse, in the same words."""
    chance, mutations = random.Random(20260815), _mutations()
    bodies = [
        load(case / "workflow.yaml")[0].body
        for case in sorted(CASES.iterdir())
        if case.is_dir() and not (case / "templates.yaml").exists()
    ]
    documents = []
    while len(documents) < NUMBER:
        body = mutations.mutated(chance.choice(bodies), chance, len(documents))
        complaint = schema.first_complaint(body)
        if (complaint and complaint.startswith(("json:", "quantities"))) or _panics(body):
            continue
        path = tmp_path / f"{len(documents):04}.yaml"
        path.write_text(json.dumps(body), encoding="utf-8")
        documents.append(Document(body, path, str(path)))
    said, library = _said(tmp_path), Library.of(documents)
    missed, invented, other = [], [], []
    for document in documents:
        wanted = said.get(str(document.path))
        fault = next(check_document(Base.of(document), library), None)
        found = schema.first_complaint(document.body) or (fault.text if fault else None)
        if wanted is not None and not any(f.severity == "error" for f in lint([document], others=documents)):
            missed.append((document.where, wanted))
        if found is not None and wanted is None:
            invented.append((document.where, found))
        if found != wanted:
            other.append((document.where, wanted, found))
    assert len(said) > NUMBER / 3
    assert missed == [], missed
    assert invented == [], invented
    # Go goes through the tasks of a DAG in an order of chance: which of several faults is first may differ.
    assert len(other) <= NUMBER / 50, other


def test_recorded_cases_and_our_own_manifests() -> None:
    """Files that argo finds nothing wrong with have no error of the controller's from us either."""
    root = Path(__file__).parents[3]
    files = sorted((root / "workflows" / "rendered").glob("*.yaml"))
    documents = [document for file in files for document in load(file)]
    assert documents
    command = [str(ARGO), "lint", "--offline", "--no-color", str(files[0].parent)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert [str(finding) for finding in lint(documents) if finding.severity == "error"] == []
