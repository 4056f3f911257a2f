"""A kustomization.yaml in, its fields out: those that are read here, and every other refused by its name."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from argolane.errors import ManifestError
from argolane.manifest import loads

FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_CURE = "Install kustomize (or kubectl), which then builds it."


def _text(value: Any) -> Any:
    """A label that YAML reads as a number or a boolean is none for kustomize either."""
    if isinstance(value, bool | int | float):
        raise ValueError("is no text: write it in quotes")  # noqa: TRY004  (pydantic reports this one)
    return value


Text = Annotated[str, BeforeValidator(_text)]


class _Fields(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, validate_by_name=True)


class Options(_Fields):
    """Of generators: `options` of one, `generatorOptions` of all."""

    disable_name_suffix_hash: bool = False
    immutable: bool = False
    labels: dict[str, Text] = {}
    annotations: dict[str, Text] = {}


class Generator(_Fields):
    name: Text
    namespace: Text = ""
    behavior: Literal["create", "merge", "replace", ""] = ""
    files: list[str] = []
    literals: list[Text] = []
    envs: list[str] = []
    env: str = ""
    options: Options = Options()


class SecretGenerator(Generator):
    type: Text = "Opaque"


class Label(_Fields):
    pairs: dict[str, Text]
    include_selectors: bool = False
    include_templates: bool = False


class Image(_Fields):
    name: Text
    new_name: Text = ""
    new_tag: Text = ""
    digest: Text = ""


class Replica(_Fields):
    name: Text
    count: int


class Selector(_Fields):
    """Of objects; what is empty is anything."""

    group: str = ""
    version: str = ""
    kind: str = ""
    name: Text = ""
    namespace: Text = ""
    label_selector: str = ""
    annotation_selector: str = ""


class PatchOptions(_Fields):
    allow_name_change: bool = False
    allow_kind_change: bool = False


class Patch(_Fields):
    path: str = ""
    patch: str = ""
    target: Selector | None = None
    options: PatchOptions = PatchOptions()


class FieldOptions(_Fields):
    delimiter: str = ""
    index: int = 0
    create: bool = False


class Source(Selector):
    field_path: str = "metadata.name"
    options: FieldOptions = FieldOptions()


class Target(_Fields):
    select: Selector
    reject: list[Selector] = []
    field_paths: list[str] = ["metadata.name"]
    options: FieldOptions = FieldOptions()


class Replacement(_Fields):
    source: Source | None = None
    targets: list[Target] = []
    path: str = ""


class Kustomization(_Fields):
    api_version: str = ""
    kind: Literal["Kustomization", "Component"] = "Kustomization"
    metadata: dict[str, Any] = {}
    resources: list[str] = []
    components: list[str] = []
    config_map_generator: list[Generator] = []
    secret_generator: list[SecretGenerator] = []
    generator_options: Options = Options()
    namespace: Text = ""
    name_prefix: Text = ""
    name_suffix: Text = ""
    labels: list[Label] = []
    common_labels: dict[str, Text] = {}
    common_annotations: dict[str, Text] = {}
    images: list[Image] = []
    replicas: list[Replica] = []
    patches: list[Patch] = []
    patches_strategic_merge: list[str] = []
    patches_json6902: list[Patch] = []
    replacements: list[Replacement] = []
    # In which order the documents are printed means nothing here.
    sort_options: Any = None


def read(folder: Path) -> tuple[Path, Kustomization]:
    """The file and what it says; ManifestError with all that is wrong with it."""
    found = [folder / name for name in FILES if (folder / name).is_file()]
    if len(found) != 1:
        what = "is no folder" if not folder.is_dir() else "holds several of" if found else "holds none of"
        raise ManifestError([f"{folder}: {what}{'' if not folder.is_dir() else ' ' + ', '.join(FILES)}."])
    file = found[0]
    try:
        bodies = loads(file.read_text(encoding="utf-8"), str(file))
    except UnicodeDecodeError:
        raise ManifestError([f"{file}: not UTF-8 text."]) from None
    except OSError as error:
        raise ManifestError([f"{file}: {error.strerror or error}."]) from None
    if len(bodies) != 1 or not isinstance(bodies[0], dict):
        raise ManifestError([f"{file}: expected one mapping, with resources, say."])
    # An empty field is one that is left out.
    said = {key: value for key, value in bodies[0].items() if value is not None}
    try:
        return file, Kustomization.model_validate(said)
    except ValidationError as error:
        raise ManifestError(f"{file}: {fault}" for fault in _faults(error)) from None


def replacements(value: Any, *, where: str) -> list[Replacement]:
    """Those of a file that a replacement's `path` names."""
    several = value if isinstance(value, list) else [value]
    try:
        return [Replacement.model_validate(each) for each in several]
    except ValidationError as error:
        raise ManifestError(f"{where}: {fault}" for fault in _faults(error)) from None


def _faults(error: ValidationError) -> Iterator[str]:
    for each in error.errors():
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in each["loc"])
        place = place.removeprefix(".")
        if each["type"] == "extra_forbidden":
            yield f"{place}: is a field that argolane's own kustomize does not read. {_CURE}"
        elif each["type"] == "missing":
            yield f"{place}: is missing."
        else:
            yield f"{place}: {each['msg'].removeprefix('Value error, ').lower()}; found {each['input']!r}."
