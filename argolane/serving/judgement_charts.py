"""A judgement in, charts of it for the report out: each difference with its interval over the requests.

docs/reports.md has what a chart is made of.
"""

from typing import Any

from argolane.serving.judged import Judgement


def charts(judgement: Judgement) -> list[dict[str, Any]]:
    """One chart a pair of arms; a look before there was an interval is left out."""
    names = {arm.arm: arm.name for arm in judgement.arms}
    pairs = dict.fromkeys((one.one, one.other) for one in judgement.intervals)
    made = []
    for pair in pairs:
        points = [
            [one.scores, one.low, one.value, one.high]
            for one in judgement.intervals
            if (one.one, one.other) == pair and one.low is not None
        ]
        if points:
            first, second = (names[letter] for letter in pair)
            made.append(
                {
                    "kind": "band",
                    "title": f"{second} against {first}",
                    "x": "requests with a score",
                    "y": f"{second} better by ({judgement.score})",
                    "levels": [{"y": 0, "name": "no difference"}],
                    "series": [{"name": "difference, valid at any look", "points": points}],
                    "note": f"{judgement.verdict}: {judgement.reason}",
                }
            )
    return made
