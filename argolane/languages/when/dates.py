"""A quoted text of a `when` in, a moment out if govaluate takes it for a date.

`'2021-01-02' == '2021-01-02 00:00:00'` is true in a `when`, because both are dates there.
"""

import re
from dataclasses import dataclass
from datetime import date

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY_NAME = r"(?:mon|tue|wed|thu|fri|sat|sun)"
_MONTH_NAME = rf"(?P<month_name>{'|'.join(_MONTHS)})"
_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d\d):(?P<second>\d\d)(?P<fraction>[.,]\d+)?"
_DATE = r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)"
_ZONE = r"(?P<sign>[+-])(?P<zone_hours>\d\d){}(?P<zone_minutes>\d\d)"
_NAMED_ZONE = r"(?P<zone_name>(?-i:[A-Z]{3,4}))"

_FORMATS = tuple(
    re.compile(pattern, re.ASCII | re.IGNORECASE)
    for pattern in (
        rf"{_DAY_NAME} +{_MONTH_NAME} +(?P<day>\d{{1,2}}) +{_CLOCK} +(?P<year>\d{{4}})",
        rf"{_DAY_NAME} +{_MONTH_NAME} +(?P<day>\d{{1,2}}) +{_CLOCK} +{_NAMED_ZONE} +(?P<year>\d{{4}})",
        rf"{_DAY_NAME} +{_MONTH_NAME} +(?P<day>\d\d) +{_CLOCK} +{_ZONE.format('')} +(?P<year>\d{{4}})",
        r"(?P<hour12>\d{1,2}):(?P<minute>\d\d)(?P<half>(?-i:AM|PM))",
        rf"{_DATE}(?-i:T){_CLOCK}(?-i:Z|{_ZONE.format(':')})",
        _DATE,
        rf"{_DATE} +(?P<hour>\d{{1,2}}):(?P<minute>\d\d)",
        rf"{_DATE} +{_CLOCK}",
        rf"{_DATE} +{_CLOCK}{_ZONE.format(':')}",
        rf"{_DATE}(?-i:T)(?P<hour>\d{{1,2}})(?-i:Z|{_ZONE.format('')})",
        rf"{_DATE}(?-i:T)(?P<hour>\d{{1,2}}):(?P<minute>\d\d)(?-i:Z|{_ZONE.format('')})",
        rf"{_DATE}(?-i:T){_CLOCK}(?-i:Z|{_ZONE.format('')})",
    )
)
_YEARS = 400
_DAYS = 146_097


@dataclass(frozen=True)
class Moment:
    """`seconds` since 1970, and how Go prints the time."""

    seconds: float
    shown: str


def moment(text: str) -> Moment | None:
    """The time `text` says in a format govaluate knows (UTC is the controller's zone), or None."""
    for format_ in _FORMATS:
        if found := format_.fullmatch(text):
            try:
                return _moment({k: v for k, v in found.groupdict().items() if v is not None})
            except ValueError:
                continue
    return None


def _moment(part: dict[str, str]) -> Moment:
    month = (
        _MONTHS.index(part["month_name"].lower()) + 1 if "month_name" in part else int(part.get("month", 1))
    )
    year, hour, minute, second = (int(part.get(key, 0)) for key in ("year", "hour", "minute", "second"))
    if "hour12" in part:
        hour = int(part["hour12"]) % 12 + (12 if part["half"] == "PM" else 0)
        if int(part["hour12"]) > 12:
            raise ValueError("hour out of range")
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError("time out of range")
    # datetime has no year 0, where a bare time of day lies for Go; the calendar repeats every 400 years.
    day = int(part.get("day", 1))
    days = (date(year + _YEARS, month, day) - date(1970, 1, 1)).days - _DAYS
    zone = int(part.get("zone_hours", 0)) * 3600 + int(part.get("zone_minutes", 0)) * 60
    sign = part.get("sign", "+")
    offset = f"{sign}{zone // 3600:02}{zone % 3600 // 60:02}"
    place = part.get("zone_name") or (offset if zone else "UTC")
    fraction = (part.get("fraction") or "").replace(",", ".").rstrip("0.")
    return Moment(
        float(days * 86_400 + hour * 3600 + minute * 60 + second - (-zone if sign == "-" else zone)),
        f"{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}{fraction} {offset} {place}",
    )
