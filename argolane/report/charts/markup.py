"""A tag's name, attributes and inside in, markup out that nothing inside can break out of."""

from collections.abc import Iterable

from markupsafe import Markup, escape

Inside = str | Markup | Iterable[Markup]


def tag(name: str, *inside: Inside, **attributes: object) -> Markup:
    """`class_` is class, `text_anchor` is text-anchor; an attribute that is None is left out."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_shown(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    body = "".join(escape(one) if isinstance(one, str) else "".join(map(escape, one)) for one in inside)
    return Markup(f"<{name}{given}>{body}</{name}>")  # noqa: S704  all of it is escaped above


def _shown(value: object) -> str:
    """Coordinates to a tenth of a pixel: enough for an eye, and half the bytes."""
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
