"""What is there, what was applied last and what is applied now in, the object out: `kubectl apply`.

What an earlier apply said and this one does not is removed, what others have set stays, the rest is merged;
lists are replaced as a whole.
"""

import json
from collections.abc import Mapping
from typing import Any

from argolane.kubernetes.patching import merge_patch

NOTE = "kubectl.kubernetes.io/last-applied-configuration"


def applied(before: Mapping[str, Any] | None, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The object to keep, with the note that kubectl leaves for the next time."""
    note = json.dumps(wanted, ensure_ascii=False, separators=(",", ":"))
    fresh = json.loads(note)
    fresh.setdefault("metadata", {}).setdefault("annotations", {})[NOTE] = note
    if before is None:
        return dict(fresh)
    last = (before.get("metadata") or {}).get("annotations") or {}
    pruned = _without(before, json.loads(last.get(NOTE) or "{}"), wanted)
    return dict(merge_patch(pruned, fresh))


def _without(live: Any, last: Any, wanted: Any) -> Any:
    if not (isinstance(live, dict) and isinstance(last, dict)):
        return live
    wanted = wanted if isinstance(wanted, dict) else {}
    return {
        key: _without(value, last.get(key), wanted.get(key))
        for key, value in live.items()
        if key not in last or key in wanted
    }
