"""Programs in, rendered files out."""

import stat
import textwrap
from pathlib import Path

import pytest

from argolane import render
from argolane.errors import ManifestError
from argolane.manifest import load
from argolane.project import Project, ProjectSettings, RenderSettings

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project of somebody else's: one folder of programs, called as ours are."""
    (tmp_path / "workflows").mkdir()
    return Project(
        tmp_path.resolve(), ProjectSettings(render=RenderSettings(programs=["workflows/*.py", "other/*.py"]))
    )


def write(project: Project, path: str, text: str) -> Path:
    file = project.root / path
    file.parent.mkdir(exist_ok=True)
    file.write_text(textwrap.dedent(text))
    return file


ONE = """
    def manifests():
        return {"one": {"kind": "Workflow", "spec": {"source": "a = '{{'\\nb = 1\\n", "k": 1}}}
"""


def test_writes_beside_the_program_once(project: Project) -> None:
    """The first render writes, names its program in the first line, and the second has nothing to do."""
    write(project, "workflows/first.py", ONE)
    made = project.root / "workflows/rendered/one.yaml"
    assert render.check(project) == ["workflows/rendered/one.yaml: is missing; workflows/first.py makes it."]
    assert render.render(project) == [made]
    assert made.read_text().splitlines()[0] == (
        "# Rendered from workflows/first.py by `argolane render`. Do not edit."
    )
    assert load(made)[0].body["spec"] == {"source": "a = '{{'\nb = 1\n", "k": 1}
    assert stat.S_IMODE(made.stat().st_mode) & 0o444 == 0o444
    before = made.stat().st_mtime_ns
    assert render.render(project) == [] and render.check(project) == []
    assert made.stat().st_mtime_ns == before


def test_hera_objects_are_rendered_with_the_projects_own_modules(project: Project) -> None:
    """What has to_dict() is rendered by it, and a program imports its own project, not ours."""
    write(project, "workflows/names.py", "NAME = 'theirs'\n")
    write(
        project,
        "workflows/hera.py",
        """
        from hera.workflows import Container, WorkflowTemplate
        from workflows.names import NAME

        def manifests():
            with WorkflowTemplate(name=NAME, entrypoint="main") as w:
                Container(name="main", image="python:3.11-slim", command=["true"])
            return {NAME: w}
        """,
    )
    render.render(project)
    assert load(project.root / "workflows/rendered/theirs.yaml")[0].body["spec"]["entrypoint"] == "main"


def test_check_names_the_line_that_differs_and_writes_nothing(project: Project) -> None:
    """An edited file is a difference with its line; only render puts it right."""
    write(project, "workflows/first.py", ONE)
    (made,) = render.render(project)
    good = made.read_text()
    made.write_text(good.replace("k: 1", "k: 2"))
    (difference,) = render.check(project)
    line = 1 + good.splitlines().index("  k: 1")
    assert difference == f"workflows/rendered/one.yaml:{line}: differs from what workflows/first.py makes."
    assert "k: 2" in made.read_text()
    assert render.render(project) == [made] and made.read_text() == good


@pytest.mark.parametrize("text", ["", "# Rendered", b"\xff\xfe".decode("latin1")])
def test_broken_files_are_differences(project: Project, text: str) -> None:
    """A file that was cut off or is not text any more differs, and is written again."""
    write(project, "workflows/first.py", ONE)
    (made,) = render.render(project)
    made.write_bytes(text.encode("latin1"))
    assert len(render.check(project)) == 1
    assert render.render(project) == [made]


def test_left_over_files_go_and_foreign_ones_stay(project: Project) -> None:
    """A rendered file that no program makes is removed; a file that was not rendered is only reported."""
    program = write(project, "workflows/first.py", ONE)
    (made,) = render.render(project)
    foreign = write(project, "workflows/rendered/mine.yaml", "kind: Workflow\n")
    program.write_text("def manifests():\n    return {}\n")
    gone = [
        "workflows/rendered/mine.yaml: no program makes it.",
        "workflows/rendered/one.yaml: no program makes it.",
    ]
    assert render.check(project) == gone
    assert render.render(project) == [made] and not made.exists() and foreign.exists()


def test_files_without_manifests_are_no_programs(project: Project) -> None:
    """A module that has no manifests() renders nothing."""
    write(project, "workflows/parts.py", "X = 1\n")
    assert render.render(project) == [] and render.check(project) == []
    assert not (project.root / "workflows/rendered").exists()


def test_a_project_without_programs_renders_nothing(tmp_path: Path) -> None:
    """A project with no [render] in argolane.toml is fine."""
    assert render.render(Project(tmp_path)) == [] == render.check(Project(tmp_path))


def returns(value: str) -> str:
    return f"def manifests():\n    x = 0\n    return {value}\n"


FAULTS = {
    "raise": (returns("1 / x"), "ZeroDivisionError: division by zero (workflows/bad.py:3)"),
    "syntax": ("def manifests(:\n", "SyntaxError"),
    "import": (
        "import nothing_of_that_name\n",
        "ModuleNotFoundError: No module named 'nothing_of_that_name'",
    ),
    "list": (returns("[]"), "manifests() returned list; expected a dict"),
    "text": (returns("{'a': 'kind: X'}"), "'a' is str; expected a Hera object or a dict, or a list of them."),
    "nothing": (returns("{'a': []}"), "'a' is an empty list; expected a Hera object"),
    "within": (returns("{'a': [{'kind': 'X'}, 1]}"), "'a[1]' is int; expected a Hera object"),
    "set": (returns("{'a': {'kind': {1}}}"), "'a' holds what is not plain data"),
    "tuple": (returns("{'a': {'kind': (1, 2)}}"), "'a' holds what is not plain data"),
    "number": (returns("{'a': {1: 'x'}}"), "'a' holds what is not plain data"),
    "path": (returns("{'../a': {'kind': 'X'}}"), "has the name '../a'; expected a file name"),
    "stem": (returns("{1: {'kind': 'X'}}"), "a file stem is 1; expected text."),
}


@pytest.mark.parametrize("case", FAULTS)
def test_faults_name_the_program(project: Project, case: str) -> None:
    """Whatever is wrong with a program is an error that names it and, where there is one, the line."""
    text, message = FAULTS[case]
    write(project, "workflows/bad.py", text)
    with pytest.raises(ManifestError) as error:
        render.render(project)
    assert str(error.value).startswith("workflows/bad.py: ") and message in str(error.value)


def test_all_faults_at_once_and_nothing_written(project: Project) -> None:
    """Two broken programs are two lines, and the good one beside them is not written either."""
    write(project, "workflows/good.py", ONE)
    write(project, "workflows/bad.py", FAULTS["raise"][0])
    write(project, "workflows/worse.py", FAULTS["list"][0])
    with pytest.raises(ManifestError) as error:
        render.render(project)
    assert len(error.value.faults) == 2
    assert not (project.root / "workflows/rendered").exists()


def test_what_fails_all_programs_is_told_once(project: Project) -> None:
    """Programs that read the same broken file fail alike: one line, which names them all."""
    write(project, "models.py", "raise ValueError('models/x/model.yaml: is wrong')")
    for name in ("a", "b", "c"):
        write(project, f"workflows/{name}.py", "import models")
    with pytest.raises(ManifestError) as error:
        render.render(project)
    (told,) = error.value.faults
    assert told.startswith("workflows/a.py: ValueError: models/x/model.yaml: is wrong (models.py:1)")
    assert told.endswith(" The same in workflows/b.py, workflows/c.py.")


def test_two_programs_may_not_make_the_same_file(project: Project) -> None:
    """A name belongs to one program of a folder; another folder may have it too."""
    write(project, "workflows/first.py", ONE)
    write(project, "other/first.py", ONE)
    assert len(render.render(project)) == 2
    write(project, "workflows/second.py", ONE)
    with pytest.raises(ManifestError, match=r"second\.py: makes 'one', as workflows/first\.py does"):
        render.render(project)


def test_what_programs_print_and_how_they_exit(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    """A program may print; one that ends the process is told of, not taken for done."""
    write(project, "workflows/first.py", "print('hello')\n" + textwrap.dedent(ONE))
    assert len(render.render(project)) == 1
    out, err = capfd.readouterr()
    assert "hello" in err and not out
    write(project, "workflows/second.py", "import os\nos._exit(3)\n")
    with pytest.raises(ManifestError, match="exit code 3"):
        render.render(project)
    write(project, "workflows/second.py", "import sys\nsys.exit('no')\n")
    with pytest.raises(ManifestError, match=r"workflows/second\.py: SystemExit: no"):
        render.render(project)


def test_leaves_no_trace_in_this_process(project: Project) -> None:
    """Programs run elsewhere: no module, no working folder and no file descriptor stays here."""
    import sys

    write(project, "workflows/first.py", ONE)
    modules, here, open_files = set(sys.modules), Path.cwd(), len(list(Path("/proc/self/fd").iterdir()))
    render.render(project)
    assert "workflows.first" not in set(sys.modules) - modules
    assert Path.cwd() == here and len(list(Path("/proc/self/fd").iterdir())) == open_files
