"""A small step in, the text of one script out: before it stands what it imports of ours.

The steps run on a stock Python image that holds none of our code. So what they import of it is standard
library only, and is imported by name: `from models.contract.rules import fits`. One of them is a module of
argolane, whose text is carried along like theirs; nothing here imports it.
"""

import ast
import functools
import importlib.util
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STEPS = ROOT / "workflows" / "parts" / "steps"
OURS = ("models", "workflows")
MACHINERY = "argolane"


class EmbeddingError(ValueError):
    """A step that cannot stand alone."""


def step_source(file: str) -> str:
    """The text of a file of `steps/`, which can run alone."""
    text = (STEPS / file).read_text(encoding="utf-8")
    return alone(STEPS / file) if file.endswith(".py") else text


def machinery_source(module: str) -> str:
    """The text of a module of argolane, `serving/judging.py`, which can run alone."""
    found = importlib.util.find_spec(MACHINERY)
    if found is None or not found.submodule_search_locations:
        raise EmbeddingError(f"{MACHINERY} is not installed, whose {module} goes into a step.")
    return alone(Path(found.submodule_search_locations[0]) / module)


def alone(path: Path) -> str:
    """The text of a module, after that of all modules of ours that it needs."""
    order: list[Path] = []
    _needed(path, order)
    if len(order) == 1:
        return path.read_text(encoding="utf-8")
    trees = {module: _tree(module.read_text(encoding="utf-8")) for module in order}
    counted = Counter(name for tree in trees.values() for name in _defined(tree))
    if twice := sorted(name for name, count in counted.items() if count > 1):
        raise EmbeddingError(f"{_shown(path)}: {', '.join(twice)} would be defined twice; rename one.")
    parts = [f'"""{ast.get_docstring(trees[path], clean=False)}"""\n']
    parts += [
        f"# {'' if module == path else 'From '}{_shown(module)}\n\n{_body(module, trees[module])}"
        for module in order
    ]
    return "\n".join(parts)


@functools.lru_cache(maxsize=64)
def _tree(text: str) -> ast.Module:
    """Most steps need the same modules, and stand in many workflows."""
    return ast.parse(text)


def _needed(path: Path, order: list[Path]) -> None:
    """Puts the modules of ours that `path` needs into `order`, each once, and last itself."""
    for statement in _tree(path.read_text(encoding="utf-8")).body:
        module = _ours(statement, path)
        if module and module not in order:
            _needed(module, order)
    order.append(path)


def _ours(statement: ast.stmt, path: Path) -> Path | None:
    """The file of ours that a statement imports from."""
    if isinstance(statement, ast.Import):
        names = [alias.name for alias in statement.names]
    elif isinstance(statement, ast.ImportFrom):
        names = [statement.module or ""]
    else:
        return None
    machinery = _machinery(path)
    if not any(name.split(".")[0] in (*OURS, *([MACHINERY] if machinery else [])) for name in names):
        return None
    file = (machinery or ROOT).joinpath(*names[0].split(".")).with_suffix(".py")
    if (
        not isinstance(statement, ast.ImportFrom)
        or any(a.asname for a in statement.names)
        or not file.is_file()
    ):
        raise EmbeddingError(
            f"{_shown(path)}: line {statement.lineno}: import what is needed of ours by its name: "
            "from models.contract.rules import fits."
        )
    return file


@functools.lru_cache(maxsize=256)
def _machinery(path: Path) -> Path | None:
    """What a module of argolane is imported from; None for one of the content."""
    found = [
        above.parent for above in path.parents if above.name == MACHINERY and (above / "py.typed").exists()
    ]
    return found[0] if found else None


def _body(path: Path, tree: ast.Module) -> str:
    """The text without the docstring and without imports of ours."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    dropped = [tree.body[0]] if ast.get_docstring(tree) is not None else []
    dropped += [statement for statement in tree.body if _ours(statement, path)]
    for statement in reversed(dropped):
        del lines[statement.lineno - 1 : statement.end_lineno]
    return "".join(lines).lstrip("\n")


def _defined(tree: ast.Module) -> Iterator[str]:
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            yield statement.name
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        targets = [statement.target] if isinstance(statement, ast.AnnAssign) else targets
        yield from (target.id for target in targets if isinstance(target, ast.Name))


def _shown(path: Path) -> Path:
    root = _machinery(path) or ROOT
    return path.relative_to(root) if path.is_relative_to(root) else path
