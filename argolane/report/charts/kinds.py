"""The text of an output `charts` in, charts out: docs/reports.md has the shape of each kind.

Frozen values that forbid what they do not know. A list of which one is wrong is refused, by its place.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

MOST = 40  # charts of one task
LARGEST = 1 << 20  # characters of JSON

Text = Annotated[str, Field(max_length=400)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Cell = bool | int | Number | Text | None
Better = Literal["higher", "lower", ""]


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Chart(_Given):
    """What all have: `name` is that of a picture, without its ending, that this one takes the place of."""

    title: Text
    name: Text = ""
    note: Text = ""


class Level(_Given):
    """A line across the chart, such as no difference, or what a simple forecast reaches."""

    y: Number
    name: Text = ""


class Series(_Given):
    points: tuple[tuple[Number, Number], ...]
    name: Text = ""
    mark: Literal["line", "points", "step", ""] = ""


class Interval(_Given):
    """Points are (x, low, value, high)."""

    points: tuple[tuple[Number, Number, Number, Number], ...]
    name: Text = ""


class Curves(_Chart):
    """`line` or `scatter`: that is how a series is drawn which does not say its own mark."""

    kind: Literal["line", "scatter"]
    series: tuple[Series, ...] = Field(min_length=1)
    x: Text = ""
    y: Text = ""
    levels: tuple[Level, ...] = ()


class Band(_Chart):
    """Intervals over what grows, such as an estimate over time."""

    kind: Literal["band"]
    series: tuple[Interval, ...] = Field(min_length=1)
    x: Text = ""
    y: Text = ""
    levels: tuple[Level, ...] = ()


class Bar(_Given):
    name: Text
    value: Number
    spread: Number = 0.0


class Bars(_Chart):
    kind: Literal["bars"]
    bars: tuple[Bar, ...] = Field(min_length=1, max_length=60)
    x: Text = ""


class Axis(_Given):
    name: Text
    log: bool = False


class Parallel(_Chart):
    """A line for each row, over an axis for each column; the last is what it came to."""

    kind: Literal["parallel"]
    axes: tuple[Axis, ...] = Field(min_length=2, max_length=30)
    rows: tuple[tuple[Cell, ...], ...] = Field(min_length=1)
    better: Better = ""

    @model_validator(mode="after")
    def _whole(self) -> "Parallel":
        _same_length(self.rows, len(self.axes), "axes")
        if any(cell is None for row in self.rows for cell in row):
            raise ValueError("a row has no value on an axis; leave that row out")
        return self


class Matrix(_Chart):
    """Counts or shares: `rows` and `columns` are the names of both sides."""

    kind: Literal["matrix"]
    rows: tuple[Text, ...] = Field(min_length=1, max_length=60)
    columns: tuple[Text, ...] = Field(min_length=1, max_length=60)
    cells: tuple[tuple[Number, ...], ...]
    x: Text = ""
    y: Text = ""

    @model_validator(mode="after")
    def _whole(self) -> "Matrix":
        if len(self.cells) != len(self.rows):
            raise ValueError(f"cells has {len(self.cells)} rows; rows names {len(self.rows)}")
        _same_length(self.cells, len(self.columns), "columns")
        return self


class Table(_Chart):
    """`best` is the number of a row, counted from 0."""

    kind: Literal["table"]
    columns: tuple[Text, ...] = Field(min_length=1, max_length=40)
    rows: tuple[tuple[Cell, ...], ...]
    best: int | None = None

    @model_validator(mode="after")
    def _whole(self) -> "Table":
        _same_length(self.rows, len(self.columns), "columns")
        return self


Chart = Annotated[Curves | Band | Bars | Parallel | Matrix | Table, Field(discriminator="kind")]
_CHARTS: TypeAdapter[list[Chart]] = TypeAdapter(list[Chart])


def read(text: str) -> list[Chart]:
    """Charts, in their order. ValueError names the place of what is wrong, and what is allowed."""
    if len(text) > LARGEST:
        raise ValueError(f"charts: {len(text):,} characters; at most {LARGEST:,}. Give fewer points.")
    try:
        found = _CHARTS.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise ValueError(f"charts{f'.{place}' if place else ''}: {first['msg']}{more}") from None
    if len(found) > MOST:
        raise ValueError(f"charts: {len(found)} charts; at most {MOST}.")
    return found


def _same_length(rows: tuple[tuple[Cell, ...], ...], length: int, of: str) -> None:
    for i, row in enumerate(rows):
        if len(row) != length:
            raise ValueError(f"row {i} has {len(row)} values; {of} has {length}")
