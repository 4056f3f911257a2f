"""Rows in, what the deployment answers to each out.

What passes is tried again; rows that are refused are halved until the one that is meant stands alone.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from argolane.errors import ArgolaneError
from argolane.serving import client
from argolane.serving.batch import answers
from argolane.serving.batch.rows import Answered, Chunk

_PASSING = (408, 425, 429, 502, 503, 504)
# Whatever is sent.
_NOT_OF_ROWS = (401, 403, 404, 405)
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 5.0
# What an executor says, as a 500, of a unit that it does not reach.
_UNREACHED = 'Post "http'
_TAKEN = ("EOF", "connection reset")
# So often a row may lose the connection; more rows are halved at once, for a model that ends is away longer
# each time.
_LOST_AT_MOST = 2


class Refused(ArgolaneError):
    """The deployment's answer to these rows is an error that will stay; perhaps not if it is `its_own`."""

    its_own = False


class Away(ArgolaneError):
    """Nobody answers now; perhaps later."""


class Lost(Away):
    """Somebody took the request and was gone: perhaps these rows end the model."""


@dataclass(frozen=True)
class Asking:
    """Rows to the deployment at `url`, over connections that are kept."""

    http: Any
    url: str
    names: list[str]
    patience: float
    timeout: float
    unit: str = "line"
    suspects: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def answered(self, chunk: Chunk, *, again: bool = True) -> Answered:
        """ArgolaneError where the deployment is away longer than `patience` seconds."""
        try:
            answer = await self._patiently(chunk)
        except Refused as refused:
            if len(chunk.rows) > 1:
                first, second = [await self.answered(half) for half in chunk.halves()]
                return Answered(
                    chunk.first, first.values + second.values, first.columns or second.columns,
                    first.failed | second.failed,
                )  # fmt: skip
            if refused.its_own and again:
                await asyncio.sleep(_FIRST_WAIT)
                return await self.answered(chunk, again=False)
            return Answered(chunk.first, [None], [], {chunk.first: (chunk.lines[0], str(refused))})
        columns, rows = answers.values(answer, sent=len(chunk.rows))
        return Answered(chunk.first, list(rows), columns)

    async def _patiently(self, chunk: Chunk, *, lost: int = 0) -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        until, wait = loop.time() + self.patience, _FIRST_WAIT
        while True:
            try:
                return await self._once(chunk)
            except Away as away:
                lost += isinstance(away, Lost)
                if lost == (_LOST_AT_MOST if len(chunk.rows) == 1 else 1):
                    raise Refused(str(away).removeprefix(f"{self.url}: ")) from None
                if isinstance(away, Lost):
                    break
                if loop.time() + wait > until:
                    where = f"{self.unit}s {chunk.lines[0]} to {chunk.lines[-1]}"
                    told = f"{away} Tried for {self.patience:g} s, with {where}."
                    if len(chunk.rows) > 1:
                        told += " Should a row of these end the model, --rows-per-request 1 finds it."
                    raise ArgolaneError(told) from None
            await asyncio.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT)
        # One suspect after the other, or a row would answer for what another did.
        async with self.suspects:
            return await self._patiently(chunk, lost=lost)

    async def _once(self, chunk: Chunk) -> dict[str, Any]:
        import httpx

        body = client.request(chunk.rows, names=self.names)
        try:
            response = await self.http.post(self.url, json=body)
        except httpx.TimeoutException:
            cure = "Wait longer with --timeout, or ask less with --rows-per-request."
            raise Away(f"{self.url}: no answer within {self.timeout:g} s. {cure}") from None
        except httpx.ConnectError as error:
            if "[Errno -" in str(error):  # of getaddrinfo: there is no such host, now or later
                raise ArgolaneError(f"{self.url}: {error}.") from None
            raise Away(f"{self.url}: nothing answers there.") from None
        except (httpx.NetworkError, httpx.RemoteProtocolError) as error:
            raise Lost(f"{self.url}: {error or type(error).__name__}.") from None
        except (httpx.HTTPError, ValueError) as error:
            raise ArgolaneError(f"{self.url}: {error or type(error).__name__}.") from None
        if response.status_code in _NOT_OF_ROWS:
            client.answer(self.url, response)
        try:
            return client.answer(self.url, response)
        except ArgolaneError as error:
            told = str(error).removeprefix(f"{self.url}: ")
            unreached = response.status_code == 500 and _UNREACHED in told
            if response.status_code in _PASSING or unreached:
                lost = unreached and any(word in told for word in _TAKEN)
                raise (Lost if lost else Away)(f"{self.url}: {told}.") from None
            refused = Refused(told)
            refused.its_own = response.status_code >= 500
            raise refused from None
