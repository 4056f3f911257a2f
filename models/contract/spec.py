"""A model.yaml in, a Unit out: what it is called, trains on, is judged by, needs, and how it is served.

The trainer makes its flags of it (job.py), the workflow programs their parameters and their graphs.
"""

import functools
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from models.contract import skill
from models.contract.errors import ModelError
from models.contract.fields import Kebab, Quantity, Snake, Strict, Text, fault, loads, text_of
from models.contract.metric import SCORES
from models.contract.params import Param
from models.contract.search import Space, space

FILE = "model.yaml"
LOCK = "unit.lock"  # one environment, and one image, to train and to serve
MODELS = Path(__file__).resolve().parents[1]
AUTO = "auto"  # the best data set that can be had


class Judged(Strict):
    """What versions of the unit are judged by, and from where on they are accepted."""

    name: Snake
    better: Literal["higher", "lower"]
    accept: float = Field(allow_inf_nan=False)

    @model_validator(mode="after")
    def _known(self) -> Self:
        known = SCORES.get(self.name)
        if known and known.better != self.better:
            raise ValueError(f"has better {self.better!r}; expected {known.better!r} for {self.name}.")
        if known and not known.low <= self.accept <= known.high:
            raise ValueError(
                f"has accept {self.accept:g}; expected {known.low:g} to {known.high:g}, as {self.name} is."
            )
        if self.name in skill.NAMES and self.better != "higher":
            raise ValueError(f"has better {self.better!r}; expected 'higher' for {self.name}.")
        return self


class SearchedBy(Strict):
    """The score of a training that a search goes by, where that is not the metric."""

    name: Snake
    better: Literal["higher", "lower"]


class Train(Strict):
    """The unit is trained: it has a train.py and a train.lock."""


class Serve(Strict):
    """The unit is served: it has a predict.py and a runtime.lock, and is a node of this kind.

    `server` is what speaks the protocol: seldon or fast, of models/runtimes/server; own where the image of
    the unit does it by itself, whatever it is written in.
    """

    type: Literal["MODEL", "TRANSFORMER", "OUTPUT_TRANSFORMER", "ROUTER", "COMBINER"]
    server: Literal["seldon", "fast", "own"] = "seldon"
    loads: Snake | None = None  # the unit whose versions it serves, where they are not its own


class Resources(Strict):
    """A container's resources, as Kubernetes writes them."""

    requests: Mapping[str, Quantity]
    limits: Mapping[str, Quantity]


class Needs(Strict):
    """What the containers of a unit need."""

    train: Resources | None = None
    serve: Resources | None = None


class _File(Strict):
    """What model.yaml says."""

    name: Snake
    title: Text
    description: Text
    answers: Kebab
    data: tuple[Kebab, ...] = Field(default=(), strict=False)
    metric: Judged | None = None
    params: Mapping[Snake, Param] = Field(default_factory=dict)
    search: Mapping[Snake, Any] = Field(default_factory=dict)  # what a sweep tries out: see search.py
    search_by: SearchedBy | None = None
    train: Train | None = None
    serve: Serve | None = None
    resources: Needs

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.train is None and self.serve is None:
            raise ValueError("has neither train nor serve; expected one of them, or both.")
        if self.train is not None and self.metric is None:
            raise ValueError("has train and no metric; expected what its versions are judged by.")
        for part in ("train", "serve"):
            if getattr(self, part) is not None and getattr(self.resources, part) is None:
                raise ValueError(f"has {part} and no resources.{part}; expected what its container needs.")
        for part in ("data", "metric", "params", "search", "search_by"):
            if self.train is None and getattr(self, part):
                raise ValueError(f"has {part} and no train; expected train: {{}}, or no {part}.")
        if self.search_by is not None and not self.search:
            raise ValueError("has search_by and no search; expected what is searched, or no search_by.")
        return self


class Unit(_File):
    """A folder with a model.yaml: it trains, or serves, or both.

    `answers` is the question it answers: units with the same one may stand in one A/B test.
    """

    folder: str  # below models/: sk_mnist, comments/clean
    family: str = ""  # the folder whose one image, made from its unit.lock, trains and serves this unit

    @property
    def kebab(self) -> str:
        """The unit's name in Kubernetes."""
        return kebab(self.name)

    @property
    def module(self) -> str:
        """What its train.py and predict.py are imported from."""
        return ".".join(["models", *self.folder.split("/")])

    @property
    def space(self) -> Space:
        """What a sweep tries out, by param; empty where the unit has no search."""
        return space(self.params, self.search) if self.search else {}

    @property
    def searched_by(self) -> SearchedBy | Judged | None:
        """What a sweep looks for the best of."""
        return self.search_by or self.metric

    @property
    def loads(self) -> str:
        """The unit whose versions it serves."""
        return (self.serve and self.serve.loads) or self.name

    @property
    def image_folder(self) -> str:
        """The folder below models/ that the unit's images are built from."""
        return self.family or self.folder

    def image(self, target: str) -> str:
        """The last part of an image's reference: `sk-mnist-trainer`; `comments-unit` for a whole family."""
        return f"{kebab(self.family.replace('/', '_'))}-unit" if self.family else f"{self.kebab}-{target}"

    @property
    def datasets(self) -> tuple[str, ...]:
        """What `dataset` may be: auto, and the unit's own data sets; nothing where it has none."""
        return (AUTO, *self.data) if self.data else ()


class SpecError(ModelError):
    """A model.yaml is wrong: every fault in it, one a line."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(faults))


def read(folder: Path) -> Unit:
    """The unit in `folder`. Raises SpecError with every fault at once."""
    path = folder / FILE
    where = _shown(path)
    try:
        text = text_of(path)
    except ValueError as error:
        raise SpecError([f"{where}: {error}"]) from None
    place = _below_models(folder)
    return _unit(text, where, place, _family(folder, place))


# To render all workflows is to read the same files a thousand times.
@functools.lru_cache(maxsize=256)
def _unit(text: str, where: str, place: tuple[str, ...], family: str) -> Unit:
    try:
        tree = loads(text)
    except ValueError as error:
        raise SpecError([f"{where}: {error}"]) from None
    expected = "_".join(place)
    faults = []
    if isinstance(tree, dict):
        if isinstance(tree.get("name"), str) and tree["name"] != expected:
            named = "the folder's name" if len(place) == 1 else "the names of the folders below models"
            faults.append(f"name is {tree['name']!r}; expected {expected!r}, {named}.")
        empty = [part for part in ("train", "serve", "metric") if part in tree and tree[part] is None]
        faults += [f"{part} is empty; expected a mapping, such as {{}}, or no such field." for part in empty]
        tree = {"answers": kebab(expected), **tree}
    try:
        said = _File.model_validate(tree)
    except ValidationError as errors:
        faults += dict.fromkeys(fault(error) for error in errors.errors())
    else:
        try:
            _ = space(said.params, said.search) if said.search else None
        except ValueError as errors:
            faults += str(errors).splitlines()
    if faults:
        raise SpecError([f"{where}: {fault}" for fault in faults])
    return Unit(
        folder="/".join(place),
        family=family,
        **{name: getattr(said, name) for name in _File.model_fields},
    )


def read_all(models: Path = MODELS) -> list[Unit]:
    """All units below `models`, by folder. Raises SpecError also where two have one name."""
    units = [read(path.parent) for path in sorted(models.rglob(FILE))]
    for name, count in Counter(unit.name for unit in units).items():
        if count > 1:
            folders = " and ".join(f"models/{unit.folder}" for unit in units if unit.name == name)
            raise SpecError([f"{folders} are both named {name!r}; rename one of the folders."])
    return units


def kebab(name: str) -> str:
    """A name as a flag, a workflow parameter or an object of Kubernetes."""
    return name.replace("_", "-")


def _below_models(folder: Path) -> tuple[str, ...]:
    """The folders from below `models` on; a folder that is below none stands for itself."""
    *above, own = folder.resolve().parts
    below = above[::-1].index(MODELS.name) if MODELS.name in above else 0
    return (*above[len(above) - below :], own)


def _family(folder: Path, place: tuple[str, ...]) -> str:
    """The nearest folder with a unit.lock: the unit's own, or one that it is in."""
    for depth, above in zip(range(len(place), 0, -1), (folder, *folder.parents), strict=False):
        if (above / LOCK).is_file():
            return "/".join(place[:depth])
    return ""


def _shown(path: Path) -> str:
    """Relative to the working folder where it is below it."""
    resolved = path.resolve()
    return str(resolved.relative_to(Path.cwd())) if resolved.is_relative_to(Path.cwd()) else str(path)
