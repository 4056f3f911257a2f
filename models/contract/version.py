"""A folder of the model store in, what is known of the version in it out: version.json and its files.

The one record that gates, deployments, servers and reports read. Standard library only: servers need it, too.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from models.contract.errors import ModelError
from models.contract.metric import Metric

FILE = "version.json"
SAMPLES = "samples.json.gz"
TRAINING = "training.json.gz"


@dataclass(frozen=True)
class Data:
    """What the version was trained and tested on."""

    name: str
    description: str  # `mnist-t10k (8000/2000)`: goes with every score
    sha256: str
    rows: Mapping[str, int]  # train and test


@dataclass(frozen=True)
class Inputs:
    """What a version is made of: two with the same inputs are the same version."""

    params: Mapping[str, Any]
    data: Data
    code: str


@dataclass(frozen=True, kw_only=True)
class Version:
    """A trained version: what it is made of, what it consists of, how good it is."""

    unit: str
    version: str
    files: Mapping[str, str] = field(default_factory=dict)  # name to sha256, of all but version.json
    decides: Sequence[str] = ()  # the files that its answers come from
    digest: str = ""  # over those
    metric: Metric
    scores: Mapping[str, float]
    data: Data
    params: Mapping[str, Any]
    code: str  # sha256 of what decides what is learned
    commit: str | None
    dirty: bool | None
    image: str | None
    seconds: float  # of fitting
    versions: Mapping[str, str]  # of Python and the packages in use
    samples: str | None = None  # the file to verify a deployment with
    curve: Sequence[Mapping[str, float]] = field(default_factory=list)  # by epoch
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def inputs(self) -> Inputs:
        return Inputs(self.params, self.data, self.code)

    @property
    def text(self) -> str:
        """version.json."""
        return json.dumps(asdict(self), indent=1, allow_nan=False) + "\n"

    @property
    def described(self) -> str:
        """`sk_mnist 0.1: accuracy 0.9825 on mnist-t10k (8000/2000)`."""
        return f"{self.unit} {self.version}: {self.metric.text} on {self.data.description}"


def write(folder: Path, version: Version) -> None:
    (folder / FILE).write_text(version.text, encoding="utf-8")


def load(folder: Path) -> Version:
    """The version in `folder`, every file of it checked. Raises ModelError that names the file."""
    path = folder / FILE
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        known = {one.name for one in fields(Version)}
        parts = {"metric": Metric(**told["metric"]), "data": Data(**told["data"])}
        version = Version(**{name: value for name, value in told.items() if name in known} | parts)
        found = hashes(folder, version.files)
    except OSError as error:
        raise ModelError(f"{error.filename or path}: cannot be read: {error.strerror}.") from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ModelError(f"{path}: not what a training writes ({type(error).__name__}: {error}).") from None
    for name, digest in version.files.items():
        if found[name] != digest:
            raise ModelError(f"{folder / name} is cut or not the file that {FILE} is about.")
    return version


def hashes(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """sha256 of each of the files, by name."""
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in sorted(names)}


def digest(files: Mapping[str, str], decides: Sequence[str]) -> str:
    """One sha256 over the sorted lines `<sha256>  <name>` of the files that decide the answers."""
    lines = sorted(f"{files[name]}  {name}\n" for name in decides)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def differences(stored: Inputs, new: Inputs) -> Iterator[str]:
    """How the inputs of two versions differ, in words: `params.epochs is 8, now 12`."""
    for name in sorted(stored.params.keys() | new.params.keys()):
        if stored.params.get(name) != new.params.get(name):
            yield f"params.{name} is {stored.params.get(name)!r}, now {new.params.get(name)!r}"
    if stored.data.sha256 != new.data.sha256:
        yield f"its data are {stored.data.description}, now {new.data.description}"
    if stored.code != new.code:
        yield "the training code has changed since"
