"""sprig's functions of dates: a layout of Go and seconds since the epoch in, the text of that time out.

As in sprig, anything that is neither a number nor a time stands for now: a text such as
`workflow.creationTimestamp` as well. The zone is UTC, which the controller's pods have.
"""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from argolane.languages.expr.values import Int64

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# The parts of Go's reference time, longer ones before those that they begin with.
_PARTS: dict[str, Callable[[datetime], str]] = {
    "January": lambda at: _MONTHS[at.month - 1],
    "Jan": lambda at: _MONTHS[at.month - 1][:3],
    "Monday": lambda at: _DAYS[at.weekday()],
    "Mon": lambda at: _DAYS[at.weekday()][:3],
    "MST": lambda at: at.tzname() or "UTC",
    "2006": lambda at: f"{at.year:04}",
    "002": lambda at: f"{at.timetuple().tm_yday:03}",
    "01": lambda at: f"{at.month:02}",
    "02": lambda at: f"{at.day:02}",
    "03": lambda at: f"{at.hour % 12 or 12:02}",
    "04": lambda at: f"{at.minute:02}",
    "05": lambda at: f"{at.second:02}",
    "06": lambda at: f"{at.year % 100:02}",
    "15": lambda at: f"{at.hour:02}",
    "__2": lambda at: f"{at.timetuple().tm_yday:3}",
    "_2": lambda at: f"{at.day:2}",
    "PM": lambda at: "AM" if at.hour < 12 else "PM",
    "pm": lambda at: "am" if at.hour < 12 else "pm",
    "Z07:00:00": lambda at: "Z" if not at.utcoffset() else _offset(at, ":") + ":00",
    "Z070000": lambda at: "Z" if not at.utcoffset() else _offset(at, "") + "00",
    "Z07:00": lambda at: "Z" if not at.utcoffset() else _offset(at, ":"),
    "Z0700": lambda at: "Z" if not at.utcoffset() else _offset(at, ""),
    "-07:00:00": lambda at: _offset(at, ":") + ":00",
    "-070000": lambda at: _offset(at, "") + "00",
    "-07:00": lambda at: _offset(at, ":"),
    "-0700": lambda at: _offset(at, ""),
    "-07": lambda at: _offset(at, "")[:3],
    "1": lambda at: str(at.month),
    "2": lambda at: str(at.day),
    "3": lambda at: str(at.hour % 12 or 12),
    "4": lambda at: str(at.minute),
    "5": lambda at: str(at.second),
}
# A short name of a month or day is none before a small letter, and fractions of a second are so many zeros or
# nines behind a point or a comma.
_ENDS = {"Jan": "(?![a-z])", "Mon": "(?![a-z])", "_2": "(?!006)"}
_WORDS = re.compile(
    "|".join(["[.,](?:0+|9+)(?!\\d)", *(re.escape(part) + _ENDS.get(part, "") for part in _PARTS)])
)


def date(layout: str, at: object) -> str:
    """The time in Go's layout."""
    return date_in_zone(layout, at, "Local")


def date_in_zone(layout: str, at: object, zone: str) -> str:
    """The same in a zone by its IANA name; sprig takes UTC for one that it does not know."""
    seconds = float(int(at)) if isinstance(at, (int, Int64)) and not isinstance(at, bool) else time.time()
    try:
        known = UTC if zone in ("", "UTC", "Local") else ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        known = UTC
    moment = datetime.fromtimestamp(seconds, known)
    return _WORDS.sub(lambda found: _written(found[0], moment), layout)


def html_date(at: object) -> str:
    return date("2006-01-02", at)


def html_date_in_zone(at: object, zone: str) -> str:
    return date_in_zone("2006-01-02", at, zone)


def _written(part: str, at: datetime) -> str:
    if part[0] not in ".,":
        return _PARTS[part](at)
    digits = f"{at.microsecond * 1000:09}"[: len(part) - 1]
    if part[1] == "0":
        return part[0] + digits
    digits = digits.rstrip("0")
    return part[0] + digits if digits else ""


def _offset(at: datetime, between: str) -> str:
    offset = at.utcoffset()
    minutes = int(offset.total_seconds()) // 60 if offset is not None else 0
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02}{between}{abs(minutes) % 60:02}"
