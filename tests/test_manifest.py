"""argolane.manifest reads strictly and writes what reads back."""

from pathlib import Path

import pytest

from argolane import manifest
from argolane.errors import ManifestError


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "f.yaml: holds no document."),
        ("a: 1", "f.yaml: is not a Kubernetes object; expected a mapping with 'kind'."),
        ("- 1", "f.yaml: is not a Kubernetes object; expected a mapping with 'kind'."),
        ("kind: X\nkind: Y", "f.yaml:2:1: not valid YAML: the key 'kind' stands twice"),
        ("kind: [", "f.yaml:2:1: not valid YAML"),
        ("kind: X\nmetadata: 1", "f.yaml: metadata is not a mapping."),
        ("kind: X\n---\n{}", "f.yaml, document 2: is not a Kubernetes object"),
    ],
)
def test_bad_files_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
) -> None:
    """Each kind of bad file gets an error that names the file and the place."""
    monkeypatch.chdir(tmp_path)
    Path("f.yaml").write_text(text)
    with pytest.raises(ManifestError) as error:
        manifest.load(Path("f.yaml"))
    assert message in str(error.value)


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    """A missing file, a folder and a binary file are errors, not tracebacks."""
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "absent.yaml", tmp_path, tmp_path / "binary.yaml"):
        with pytest.raises(ManifestError, match=path.name):
            manifest.load(path)


def test_dates_stay_text() -> None:
    """Kubernetes knows no dates: 2021-01-02 is text."""
    assert manifest.loads("a: 2021-01-02", "x") == [{"a": "2021-01-02"}]


@pytest.mark.parametrize(
    "value",
    [
        {"script": "d = {{\nx\n"},
        {"args": ["a\n  b\n", "trailing \nblank", "tab\t\n"]},
        {"text": "yes", "number": "1.10", "octal": "010", "y": "n", "empty": "", "none": None},
        {"unicode": "zürich ✔", "tag": "{{inputs.parameters.x}}"},
    ],
)
def test_what_is_dumped_reads_back(value: dict[str, object]) -> None:
    """Scripts, trailing blanks and YAML's odd words survive dump and load."""
    assert manifest.loads(manifest.dump(value, comment="made by a test"), "x") == [value]


def test_a_scripts_lines_stay_lines() -> None:
    """A script is written as a block, so that a diff of a rendered file can be read."""
    assert "a: |\n  one\n  two\n" in manifest.dump({"a": "one\ntwo\n"})


def test_json_is_read_with_its_escapes(tmp_path: Path) -> None:
    """What `json.dumps` writes is a manifest too; a repeated key in it is still an error."""
    file = tmp_path / "f.yaml"
    file.write_text('{"kind": "X", "metadata": {"name": "\\ud83d\\ude00"}}')
    assert manifest.load(file)[0].body["metadata"]["name"] == "\U0001f600"
    file.write_text('{"kind": "X", "kind": "Y"}')
    with pytest.raises(ManifestError, match="stands twice"):
        manifest.load(file)


LOL = "a0: &a0 [x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
MERGED = "a0: &a0 {k0: 1}\n" + "".join(
    f"a{n}: &a{n} {{x: *a{n - 1}, y: *a{n - 1}, <<: *a{n - 1}}}\n" for n in range(1, 40)
)


@pytest.mark.parametrize("text", [LOL, MERGED, f"list: {{}}\n---\n{LOL}"], ids=["list", "merge", "second"])
def test_an_alias_bomb_is_refused(text: str) -> None:
    """A few lines that stand for millions of values end at once, by their place."""
    with pytest.raises(ManifestError, match=r"x.yaml:\d+:1: not valid YAML: its aliases make \d+ values of"):
        manifest.loads(text, "x.yaml")


@pytest.mark.parametrize("text", ["a: &a [*a]", "a: &a {b: [{c: *a}]}"])
def test_an_alias_of_what_it_stands_in_is_refused(text: str) -> None:
    """There is no such value in JSON."""
    with pytest.raises(ManifestError, match="an alias stands inside of what it stands for"):
        manifest.loads(text, "x.yaml")


def test_aliases_may_be_used() -> None:
    """An anchor that many objects share is what they are for; a long list without any is no bomb either."""
    shared = "env: &env [{name: a, value: b}]\nall: [" + ", ".join(["*env"] * 2000) + "]"
    assert len(manifest.loads(shared, "x.yaml")[0]["all"]) == 2000
    assert len(manifest.loads("\n".join(["- {a: 1}"] * 60_000), "x.yaml")[0]) == 60_000


@pytest.mark.parametrize("text", ["a: .inf", "a: -.Inf", "a: [1, .nan]", "a: 1e999", '{"a": .inf}'])
def test_a_number_that_json_lacks_is_refused(text: str) -> None:
    """As kubectl and argo refuse it, by line and column."""
    with pytest.raises(ManifestError, match=r"x.yaml:1:\d+: not valid YAML: \S+ is no number that JSON has"):
        manifest.loads(text, "x.yaml")


@pytest.mark.parametrize(
    "text",
    [
        *("[" * 200_000, '{"a":' * 200_000, "- " * 200_000, "? " * 200_000, "a: " + "[" * 300 + "]" * 300),
        "\n".join(" " * n + "a:" for n in range(300)),
    ],
)
def test_what_is_nested_too_deep_is_one_line(text: str) -> None:
    """No reader of ours falls over it."""
    with pytest.raises(ManifestError, match="nested deeper than 200 levels"):
        manifest.loads(text, "x.yaml")
