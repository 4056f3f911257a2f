"""A CronWorkflow in, Argo's complaints about its name, schedules and zone out."""

import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from argolane.languages.gotext import quote
from argolane.workflow.lint.argo.base import Base, Complaint, mapping, tidy

_FIELDS = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of month", 1, 31),
    ("month", 1, 12),
    ("day of week", 0, 6),
)
_NAMES = {
    "month": "jan feb mar apr may jun jul aug sep oct nov dec".split(),  # noqa: SIM905
    "day of week": "sun mon tue wed thu fri sat".split(),  # noqa: SIM905
}
_NICKNAMES = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")


def check_cron(base: Base) -> Iterator[Complaint]:
    """What is wrong with a CronWorkflow apart from its workflow."""
    spec = mapping(tidy(base.document.body).get("spec"))
    name = str(mapping(base.document.body.get("metadata")).get("name") or "")
    schedules = list(spec.get("schedules") or [])
    if schedules and spec.get("schedule"):
        yield base.complaint(
            "cron workflow cant be configured with both Spec.Schedule and Spec.Schedules", "spec.schedule"
        )
    if len(name.encode()) > 52:
        yield base.complaint(
            f'cron workflow name "{quote(name)}" must not be more than 52 characters long '
            f"(currently {len(name.encode())})",
            "metadata.name",
        )
    for schedule in [*([spec["schedule"]] if spec.get("schedule") else []), *schedules]:
        if reason := schedule_fault(str(schedule)):
            yield base.complaint(f"cron schedule {schedule} is malformed: {reason}", "spec.schedules")
    zone = str(spec.get("timezone") or "")
    if zone and not _zone_exists(zone):
        yield base.complaint(f'invalid timezone "{quote(zone)}": unknown time zone {zone}', "spec.timezone")
    policy = spec.get("concurrencyPolicy", "")
    if policy not in ("", "Allow", "Forbid", "Replace"):
        yield base.complaint(f"'{policy}' is not a valid concurrencyPolicy", "spec.concurrencyPolicy")
    deadline = spec.get("startingDeadlineSeconds")
    if isinstance(deadline, int) and deadline < 0:
        yield base.complaint("startingDeadlineSeconds must be positive", "spec.startingDeadlineSeconds")


def _zone_exists(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def schedule_fault(schedule: str) -> str:
    """What is wrong with a line of cron's, or ''."""
    text = schedule
    if text.startswith(("TZ=", "CRON_TZ=")):
        zone, _, text = text.partition(" ")
        if not _zone_exists(zone.partition("=")[2]):
            return f"provided bad location {zone.partition('=')[2]}"
    if not schedule:
        return "empty spec string"
    text = text.strip()
    if text.startswith("@"):
        if text in _NICKNAMES or re.fullmatch(r"@every ([0-9.]+(ns|us|µs|ms|s|m|h))+", text):
            return ""
        return f"unrecognized descriptor: {text}"
    fields = text.split()
    if len(fields) != 5:
        return f"expected exactly 5 fields, found {len(fields)}: [{' '.join(fields)}]"
    return next(
        (reason for field, rule in zip(fields, _FIELDS, strict=True) if (reason := _field(field, *rule))), ""
    )


def _field(text: str, name: str, low: int, high: int) -> str:
    for part in text.split(","):
        range_, _, step = part.partition("/")
        if range_ in ("*", "?"):
            start, end = low, high
        else:
            first, dash, last = range_.partition("-")
            bounds = [_number(bound, name) for bound in ([first, last] if dash else [first])]
            if None in bounds:
                return f'failed to parse int from {range_}: strconv.Atoi: parsing "{range_}": invalid syntax'
            start = bounds[0] or 0
            end = (bounds[-1] or 0) if dash or not step else high
        if "/" in part and not re.fullmatch(r"[1-9]\d*", step):
            return f"step of range should be a positive number: {part}"
        if start < low:
            return f"beginning of range ({start}) below minimum ({low}): {part}"
        if end > high:
            return f"end of range ({end}) above maximum ({high}): {part}"
        if start > end:
            return f"beginning of range ({start}) beyond end of range ({end}): {part}"
    return ""


def _number(text: str, field: str) -> int | None:
    names = _NAMES.get(field, [])
    if text.lower() in names:
        return names.index(text.lower()) + (1 if field == "month" else 0)
    return int(text) if re.fullmatch(r"\d+", text) else None
