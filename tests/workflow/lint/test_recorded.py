"""What the real controller said about each recorded case, lint and submit_error say."""

import json
from pathlib import Path

import pytest

from argolane.manifest import Document, load
from argolane.workflow.lint import lint, schema, submit_error
from argolane.workflow.lint.argo.base import Base, Library
from argolane.workflow.lint.argo.workflow import check_document

CASES = sorted(
    p for p in (Path(__file__).parents[2] / "conformance" / "argo" / "cases").iterdir() if p.is_dir()
)


def _documents(path: Path) -> list[Document]:
    return load(path) if path.exists() else []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_submission(case: Path) -> None:
    """The submission is taken, or refused with the controller's whole text."""
    wanted = json.loads((case / "expected.json").read_text(encoding="utf-8"))["submit_error"]
    given, settings = case / "params.json", case / "submit.json"
    found = submit_error(
        load(case / "workflow.yaml")[0],
        _documents(case / "templates.yaml"),
        json.loads(given.read_text(encoding="utf-8")) if given.exists() else {},
        entrypoint=json.loads(settings.read_text(encoding="utf-8")).get("entrypoint")
        if settings.exists()
        else None,
    )
    assert found == wanted


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_lint(case: Path) -> None:
    """argo lint's first error is our first one, word for word, and is a finding."""
    wanted = json.loads((case / "expected.json").read_text(encoding="utf-8"))["lint_error"]
    documents = [*load(case / "workflow.yaml"), *_documents(case / "templates.yaml")]
    body = documents[0].body
    first = schema.first_complaint(body) or next(
        (fault.text for fault in check_document(Base.of(documents[0]), Library.of(documents))), None
    )
    if wanted is None:
        assert first is None
    else:
        assert first is not None and wanted.endswith(first)
        assert any(finding.severity == "error" for finding in lint(documents))
