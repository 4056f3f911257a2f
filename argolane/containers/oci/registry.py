"""A registry's address in, its manifests and blobs out: a client of the OCI distribution API.

Public libraries for it check no digests and choose how to log in by an option, not by what the registry
asks; so this is httpx, which brings the rest: proxies and certificates of the environment, and redirects that
do not carry a password to another host.
"""

import base64
import contextlib
import re
import ssl
import urllib.parse
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self

import httpx
import tenacity

from argolane.containers.oci import credentials
from argolane.containers.oci.documents import MANIFESTS
from argolane.errors import ArgolaneError

_LOCAL = ("localhost", "127.0.0.1", "::1")
_DOCUMENT_BYTES = 4 << 20
_TRIES = 3
_UNTRUSTED = "CERTIFICATE_VERIFY_FAILED"
_PART = re.compile(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s,]+))')


class RegistryError(ArgolaneError):
    """A registry did not give what it was asked for; `missing`: it says that it has none."""

    def __init__(self, text: str, *, missing: bool = False) -> None:
        super().__init__(text)
        self.missing = missing


class _BusyError(Exception):
    """The registry, or the way to it, may do better next time."""


def address(place: str) -> str:
    """The URL of a registry: https, but for one on this machine, and where the scheme is said."""
    if place.startswith(("http://", "https://")):
        return place.rstrip("/")
    host = urllib.parse.urlsplit(f"//{place}").hostname
    return f"{'http' if host in _LOCAL else 'https'}://{place}"


class Registry:
    """A connection to the registry at `url`; a context manager. `ca` is a file of certificates to trust."""

    def __init__(self, url: str, *, login: str, ca: str = "") -> None:
        self.url = url
        self._login = login
        self._authorization: dict[str, str] = {}
        local = urllib.parse.urlsplit(url).hostname in _LOCAL
        try:
            verify: ssl.SSLContext | bool = ssl.create_default_context(cafile=ca) if ca else True
        except OSError as error:
            raise ArgolaneError(
                f"{ca}: no certificates to trust {url} by: {error.strerror or error}"
            ) from None
        self._client = httpx.Client(
            verify=verify, timeout=30, follow_redirects=True, trust_env=not local,
            headers={"User-Agent": "argolane"},
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def manifest(self, repository: str, wanted: str) -> tuple[bytes, str]:
        """The document of a tag or digest, and its media type."""
        accept = {"Accept": ", ".join(MANIFESTS)}
        with self._get(f"/v2/{repository}/manifests/{wanted}", accept, f"{repository}:{wanted}") as answer:
            content = b""
            for chunk in answer.iter_bytes():
                content += chunk
                if len(content) > _DOCUMENT_BYTES:
                    raise RegistryError(f"{self.url}: the manifest of {repository} has more than 4 MiB.")
            return content, answer.headers.get("Content-Type", "").partition(";")[0].strip()

    @contextlib.contextmanager
    def blob(self, repository: str, digest: str) -> Iterator[Iterator[bytes]]:
        """Its content, in pieces; whoever reads it checks it."""
        with self._get(
            f"/v2/{repository}/blobs/{digest}", {}, f"blob {digest[:19]} of {repository}"
        ) as answer:
            yield answer.iter_raw(1 << 20)

    @contextlib.contextmanager
    def _get(self, path: str, headers: Mapping[str, str], what: str) -> Iterator[httpx.Response]:
        try:
            answer = self._answer(path, headers)
        except _BusyError as error:
            raise RegistryError(f"{self.url} does not give {what}: {error}") from None
        try:
            if answer.status_code in (401, 403):
                raise RegistryError(
                    f"{self.url} refuses {what} ({answer.status_code}): log in with `docker login "
                    f"{self._login}`, or check that the image may be read by you."
                )
            if answer.status_code == 404:
                raise RegistryError(f"{self.url} has no {what}.", missing=True)
            if answer.status_code != 200:
                raise RegistryError(f"{self.url} answers {answer.status_code} to {what}.")
            yield answer
        except httpx.HTTPError as error:
            raise RegistryError(f"{self.url}: {what} breaks off: {_said(error)}") from None
        finally:
            answer.close()

    def _answer(self, path: str, headers: Mapping[str, str]) -> httpx.Response:
        answer = self._send(path, headers)
        if answer.status_code == 401:
            answer.close()
            self._authorization = self._authorize(answer.headers.get("WWW-Authenticate", ""))
            answer = self._send(path, headers)
        return answer

    @tenacity.retry(
        retry=tenacity.retry_if_exception_type(_BusyError),
        stop=tenacity.stop_after_attempt(_TRIES),
        wait=tenacity.wait_exponential(0.5),
        reraise=True,
    )
    def _send(self, path: str, headers: Mapping[str, str]) -> httpx.Response:
        request = self._client.build_request(
            "GET", self.url + path, headers={"Accept-Encoding": "identity", **headers, **self._authorization}
        )
        try:
            answer = self._client.send(request, stream=True)
        except (httpx.TransportError, httpx.TooManyRedirects) as error:
            if _UNTRUSTED in str(error):
                raise RegistryError(f"{self.url}: {_said(error)}") from None
            raise _BusyError(_said(error)) from None
        if answer.status_code == 429 or answer.status_code >= 500:
            answer.close()
            raise _BusyError(f"it answers {answer.status_code}")
        return answer

    def _authorize(self, challenge: str) -> dict[str, str]:
        """The header that the registry asks for; none where nobody has logged in and none can be had."""
        scheme, _, rest = challenge.partition(" ")
        parts = {name.lower(): quoted or plain for name, quoted, plain in _PART.findall(rest)}
        known = credentials.find(self._login)
        if scheme.lower() == "basic":
            if known is None or known.identity:
                return {}
            login = base64.b64encode(f"{known.user}:{known.password}".encode()).decode()
            return {"Authorization": f"Basic {login}"}
        if scheme.lower() != "bearer" or "realm" not in parts:
            raise RegistryError(f"{self.url} asks for an unknown way to log in: {challenge[:80]!r}.")
        return self._token(parts, known)

    def _token(self, parts: Mapping[str, str], known: credentials.Credentials | None) -> dict[str, str]:
        realm = parts["realm"]
        if not realm.startswith("https://") and not self.url.startswith("http://"):
            raise RegistryError(f"{self.url} wants the password to be sent unencrypted, to {realm}.")
        asked = {name: parts[name] for name in ("service", "scope") if parts.get(name)}
        try:
            if known and known.identity:
                form = {
                    "grant_type": "refresh_token", "refresh_token": known.identity, "client_id": "argolane"
                } | asked  # fmt: skip
                answer = self._client.post(realm, data=form)
            else:
                login = httpx.BasicAuth(known.user, known.password) if known else None
                answer = self._client.get(realm, params=asked, auth=login)
            body: Any = answer.json() if answer.status_code == 200 else {}
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise RegistryError(f"{self.url}: no token from {realm}: {_said(error)}") from None
        token = body.get("token") or body.get("access_token") if isinstance(body, dict) else None
        return {"Authorization": f"Bearer {token}"} if token else {}


def _said(error: Exception) -> str:
    text = str(error) or type(error).__name__
    if _UNTRUSTED in text:
        return (
            f"{text}. Name the file of its certificate authority: `ca` of a [[registry]], or SSL_CERT_FILE."
        )
    return text
