"""The address of an MLflow server in, its registered versions out, and which of them is the champion.

Standard library only, so that a step of a workflow can carry it along. What may pass (no connection, an
answer of 5xx, another who writes just now) is tried again; what may not, is a ModelError that says what the
server said.
"""

import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from models.contract.errors import ModelError

CHAMPION = "champion"  # the alias of the version that serves
PAUSES = (1, 2, 4, 8, 16)  # seconds before each further attempt
_API = "/api/2.0/mlflow/"
_PAGE = 200
# What MLflow calls an error of its database, as when another writes the same just now.
_OF_ITS_DATABASE = ("BAD_REQUEST", "TEMPORARILY_UNAVAILABLE")
# An address inside the cluster is never a proxy's business.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class NotRegistered(ModelError):
    """The server answers, and knows no such thing."""


class Unreachable(ModelError):
    """The server did not answer, or only with errors of its own, in all attempts."""


@dataclass(frozen=True)
class Registered:
    """A version of a registered model."""

    number: str
    source: str  # where its files are: mlflow-artifacts:/1/models/m-.../artifacts
    run: str
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Registry:
    """An MLflow server, and one registered model in it."""

    uri: str
    model: str

    def check(self) -> None:
        """Raises ModelError unless the server is there."""
        self._call("GET", "experiments/search", max_results=1)

    def versions(self) -> Iterator[Registered]:
        """All versions, the newest first as MLflow has it."""
        page: str | None = ""
        while page is not None:
            asked: dict[str, Any] = {"filter": f"name = '{self.model}'", "max_results": _PAGE}
            told = self._call(
                "GET", "model-versions/search", **asked, **({"page_token": page} if page else {})
            )
            yield from map(_version, told.get("model_versions", []))
            page = told.get("next_page_token") or None

    def find(self, version: str, digest: str) -> Registered | None:
        """The newest one that is this version of the model store, by its digest."""
        same = [
            one for one in self.versions()
            if one.tags.get("version") == version and one.tags.get("digest") == digest
        ]  # fmt: skip
        return max(same, key=lambda one: int(one.number), default=None)

    def champion(self) -> Registered | None:
        """The version that the alias points to; None where there is no such alias."""
        try:
            told = self._call("GET", "registered-models/alias", name=self.model, alias=CHAMPION)
        except NotRegistered:
            return None
        return _version(told["model_version"])

    def pages(self, one: Registered) -> dict[str, str]:
        """Where a browser finds a version and its run, by what they are."""
        pages = f"{self.uri.rstrip('/')}/#"
        model = urllib.parse.quote(self.model, safe="")
        found = {f"version {one.number} of {self.model}": f"{pages}/models/{model}/versions/{one.number}"}
        try:
            told = self._call("GET", "runs/get", run_id=one.run)
        except NotRegistered:  # its run was deleted
            return found
        experiment = told["run"]["info"]["experiment_id"]
        return {"run in MLflow": f"{pages}/experiments/{experiment}/runs/{one.run}"} | found

    def crown(self, number: str) -> None:
        """Let the alias point to this version."""
        self._call("POST", "registered-models/alias", name=self.model, alias=CHAMPION, version=number)

    def tag(self, number: str, key: str, value: str) -> None:
        self._call("POST", "model-versions/set-tag", name=self.model, version=number, key=key, value=value)

    def _call(self, method: str, path: str, **values: Any) -> Any:
        """Raises NotRegistered, Unreachable or ModelError."""
        said = ""
        for pause in (*PAUSES, None):
            try:
                return self._once(method, path, values)
            except Unreachable as error:
                said = str(error)
                if pause is not None:
                    print(f"MLflow at {self.uri}: {said}; again in {pause} s", file=sys.stderr, flush=True)
                    time.sleep(pause)
        raise Unreachable(
            f"MLflow at {self.uri} does not answer ({1 + len(PAUSES)} attempts): {said}. Is it up, and is the"
            " address right?"
        )

    def _once(self, method: str, path: str, values: Mapping[str, Any]) -> Any:
        url, body = f"{self.uri.rstrip('/')}{_API}{path}", None
        if method == "GET":
            url += "?" + urllib.parse.urlencode(values)
        else:
            body = json.dumps(values).encode()
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"}, method=method)  # noqa: S310
        try:
            with _OPENER.open(request, timeout=30) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            raise _refusal(error, f"{method} {path}") from None
        except OSError as error:
            raise Unreachable(str(getattr(error, "reason", error)) or repr(error)) from None
        except ValueError as error:
            raise ModelError(f"{url} does not answer as MLflow does: {error}.") from None


def _version(told: Mapping[str, Any]) -> Registered:
    tags = {tag["key"]: tag["value"] for tag in told.get("tags", [])}
    return Registered(str(told["version"]), told.get("source", ""), told.get("run_id", ""), tags)


def _refusal(error: urllib.error.HTTPError, what: str) -> ModelError:
    text = error.read(2000).decode(errors="replace")
    try:
        said = json.loads(text)
        code, message = str(said["error_code"]), str(said["message"])
    except (ValueError, KeyError, TypeError):
        code, message = "", " ".join(text.split())[:200]
    if code == "RESOURCE_DOES_NOT_EXIST" or (code == "INVALID_PARAMETER_VALUE" and "alias" in message):
        return NotRegistered(f"{what}: {message}")
    if error.code >= 500 or error.code == 429 or code in _OF_ITS_DATABASE:
        return Unreachable(f"HTTP {error.code}: {message}")
    hint = " Start it with this name among its --allowed-hosts." if "Invalid Host" in message else ""
    return ModelError(f"{what}: HTTP {error.code}: {message}{hint}")
