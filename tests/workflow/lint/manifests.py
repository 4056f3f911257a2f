"""Small manifests for the tests: a workflow from its templates, in one line."""

from pathlib import Path

from argolane.manifest import Document, loads


def documents(text: str, file: str = "w.yaml") -> list[Document]:
    """The documents of YAML `text`, as if they stood in `file`."""
    return [Document(body, Path(file), file) for body in loads(text, file)]


def workflow(templates: str, *, extra: str = "", kind: str = "Workflow") -> list[Document]:
    """A document whose templates are given as YAML; `extra` are further lines of its spec."""
    spec = "".join(f"  {line}\n" for line in extra.splitlines())
    listed = "".join(f"  {line}\n" for line in templates.strip("\n").splitlines())
    text = (
        f"apiVersion: argoproj.io/v1alpha1\nkind: {kind}\nmetadata: {{name: w}}\nspec:\n  entrypoint: main\n"
        f"{spec}  templates:\n{listed}"
    )
    return documents(text)
