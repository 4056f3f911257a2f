"""`argolane lint --format`: findings with their lines, for GitHub and for code scanning."""

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from argolane.cli import main

BAD = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: x}
---
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: bad-}
spec:
  entrypoint: main
  templates:
  - name: main
    steps:
    - - name: a
        template: nosuch
  - name: odd
    container: {image: x, command: [a], nosuch: 1}
"""


@pytest.fixture
def bad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, outside of any project."""
    (tmp_path / "a b,c.yaml").write_text(BAD)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lint(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["lint", *arguments], catch_exceptions=False)


@pytest.mark.usefixtures("bad")
def test_github_shows_each_finding_at_its_line() -> None:
    """A workflow command a finding, with what parts its fields escaped."""
    done = lint("--format", "github", "a b,c.yaml")
    first, second = done.stdout.splitlines()
    assert first == (
        "::error file=a b%2Cc.yaml,line=14,title=spec.templates[0].steps[0][0].template::"
        "template name 'nosuch' undefined"
    )
    assert second.startswith(
        "::error file=a b%2Cc.yaml,line=16,title=spec.templates[1].container.nosuch::No field"
    )
    assert done.exit_code == 1


@pytest.mark.usefixtures("bad")
def test_sarif_has_what_the_schema_requires() -> None:
    """Version, tool and its rules; a message, a level, a relative URI and a line of each result."""
    report = json.loads(lint("--format", "sarif", "a b,c.yaml").stdout)
    assert report["version"] == "2.1.0" and report["$schema"].endswith("sarif-2.1.0.json")
    [run] = report["runs"]
    rules = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert run["tool"]["driver"]["name"] == "argolane" and len(run["results"]) == 2
    for result in run["results"]:
        assert result["ruleId"] in rules and result["level"] in ("error", "warning", "note", "none")
        assert result["message"]["text"]
        [location] = result["locations"]
        assert location["physicalLocation"]["artifactLocation"] == {"uri": "a%20b%2Cc.yaml"}
        assert location["physicalLocation"]["region"]["startLine"] > 1


def test_other_yaml_is_passed_over_where_that_is_asked_for(bad: Path) -> None:
    """As the pre-commit hook does, which is given every YAML file of a repository."""
    (bad / "values.yaml").write_text("a: {{ .Values.b }}\n")
    done = lint("--known", "values.yaml", "a b,c.yaml")
    assert "1 files: 2 errors" in done.stdout
    assert lint("--known", "values.yaml").exit_code == 0
    assert lint("values.yaml").exit_code == 1
    [hook] = yaml.safe_load((Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text())
    assert hook["entry"].split()[:2] == ["argolane", "lint"] and hook["entry"].split()[2:] == ["--known"]
