"""Idempotency-Key, for every POST in this one place: no route knows of it. What is kept, and for whom, is
`footfall.idempotency`'s; why it is safe: docs/adr/idempotency-keys.md."""

from __future__ import annotations

import hashlib
import logging
import re

import anyio
from anyio import to_thread
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import ANSWER_NOT_KEPT, KEY_IN_USE, KEY_REUSED, MALFORMED, TIMEOUT, RefusedRequestError
from api.state import ApiState
from footfall import idempotency
from footfall.access import Principal
from footfall.errors import FootfallError
from footfall.idempotency import MAX_KEPT_BYTES, Answered, Claimed, Done
from footfall.origin import note_claim
from footfall.stores.postgres.idempotency import KeptAnswer

logger = logging.getLogger(__name__)

KEY_HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotency-Replayed"
KEY_PATTERN = "^[!-~]+$"
MAX_KEY_CHARACTERS = 200
_KEY = re.compile(f"{KEY_PATTERN[1:-1]}")
_EXCHANGE = "footfall.idempotent_exchange"
_KEPT_HEADERS = ("content-type", "location", "etag")
_LEASE_SECONDS = 60.0  # beside the time that an upload may take

# Sign-ins have no tenant yet, and events have ids of their own, which hold for ever.
_EXEMPT = ("/v1/auth/", "/v1/events/")
# Their answers hold a secret that is shown once, and is not to be found in any table.
SECRET_ANSWERS = frozenset(
    {
        "/v1/api-keys",
        "/v1/api-keys/{key_id}/rotate",
        "/v1/workers",
        "/v1/workers/{worker_id}/registration",
    }
)


def takes_key(method: str, path: str, *, public: bool) -> bool:
    """Whether the operation honours the header."""
    return method == "POST" and not public and not path.startswith(_EXEMPT)


class ReplayedAnswerError(Exception):
    """The request was carried out before. `api.handlers` gives the answer of then."""

    def __init__(self, answer: KeptAnswer) -> None:
        super().__init__("answered before")
        self.answer = answer


class Fingerprint:
    """SHA-256 over method, path, query, media type and body, as the body passes. A multipart body's boundary, which
    clients make up anew for each attempt, is left out."""

    def __init__(self, scope: Scope) -> None:
        media_type, _, parameters = Headers(scope=scope).get("content-type", "").partition(";")
        found = re.search(r'boundary="?([^";,\s]+)', parameters) if media_type.startswith("multipart/") else None
        self._boundary = b"" if found is None else found[1].encode("latin-1")
        self._held = b""
        parts = (scope["method"], scope["path"], scope["query_string"].decode("latin-1"), media_type.strip().lower())
        self._hash = hashlib.sha256("\n".join((*parts, "")).encode("utf-8", "surrogateescape"))

    def update(self, data: bytes) -> None:
        if not self._boundary:
            self._hash.update(data)
            return
        seen = (self._held + data).replace(self._boundary, b"")
        # A boundary may lie across two chunks.
        kept = min(len(seen), len(self._boundary) - 1)
        self._hash.update(seen[: len(seen) - kept])
        self._held = seen[len(seen) - kept :]

    def digest(self) -> bytes:
        whole = self._hash.copy()
        whole.update(self._held)
        return whole.digest()


class Exchange:
    """One request with a key: its body is hashed as the route reads it, its answer held back until it is kept."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._fingerprint = Fingerprint(scope)
        self._ended = False
        self._start: Message | None = None
        self._body = bytearray()
        self._state: ApiState | None = None
        self._principal: Principal | None = None
        self._claimed: Claimed | None = None
        self._secret = False

    def hold(self, state: ApiState, principal: Principal, claimed: Claimed, *, secret: bool) -> None:
        """From now on the answer is this claim's."""
        self._state, self._principal, self._claimed, self._secret = state, principal, claimed, secret

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._fingerprint.update(message.get("body", b""))
            self._ended = not message.get("more_body", False)
        return message

    async def fingerprint(self) -> bytes:
        """Of the whole request: what nobody has read yet is read now. Raises ClientDisconnect."""
        while not self._ended:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
        return self._fingerprint.digest()

    async def send(self, message: Message) -> None:
        if self._claimed is None:
            await self._send(message)
        elif message["type"] == "http.response.start":
            self._start = message
        elif self._start is None:  # it was too long, and is on its way
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            more = message.get("more_body", False)
            if more and len(self._body) <= MAX_KEPT_BYTES:
                return
            start, self._start = self._start, None
            await self._settle(start, kept=not more and len(self._body) <= MAX_KEPT_BYTES)
            await self._send(start)
            await self._send({"type": "http.response.body", "body": bytes(self._body), "more_body": more})

    async def give_up(self) -> None:
        """The request ended in an error that is answered further out, or not at all."""
        if self._claimed is not None:
            await self._end(None)

    async def _settle(self, start: Message, *, kept: bool) -> None:
        """Keeps the answer before it is sent: whoever has seen it finds it again."""
        if not 200 <= start["status"] < 300:
            await self._end(None)
            return
        with anyio.move_on_after(_LEASE_SECONDS / 2):
            try:
                fingerprint = await self.fingerprint()
            except ClientDisconnect:
                pass
            else:
                await (self._keep(start, fingerprint) if kept and not self._secret else self._end(fingerprint))
                return
        await self._end(None)

    async def _keep(self, start: Message, fingerprint: bytes) -> None:
        given = Headers(raw=start["headers"])
        headers = {name: given[name] for name in _KEPT_HEADERS if name in given}
        answer = KeptAnswer(start["status"], headers, bytes(self._body))
        if self._state is None or self._principal is None or self._claimed is None:
            return
        engine, tenant_id, claim_id = self._state.services.engine, self._principal.tenant_id, self._claimed.claim_id
        self._claimed = None
        try:
            await to_thread.run_sync(lambda: idempotency.keep(engine, tenant_id, claim_id, fingerprint, answer))
        except FootfallError as error:
            # The work is done and its answer is on its way; a repetition will be told that it is not kept.
            logger.warning("the answer of claim %s could not be kept: %s", claim_id, error.message)

    async def _end(self, fingerprint: bytes | None) -> None:
        if self._state is None or self._principal is None or self._claimed is None:
            return
        engine, tenant_id, claim_id = self._state.services.engine, self._principal.tenant_id, self._claimed.claim_id
        self._claimed = None
        try:
            with anyio.CancelScope(shield=True):
                await to_thread.run_sync(lambda: idempotency.release(engine, tenant_id, claim_id, fingerprint))
        except FootfallError as error:
            logger.warning("the claim %s could not be released, and ends by its lease: %s", claim_id, error.message)


class IdempotentRequests:
    """Puts an exchange around every request that carries a key; `honour_key` decides what becomes of it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or KEY_HEADER not in Headers(scope=scope):
            await self._app(scope, receive, send)
            return
        exchange = Exchange(scope, receive, send)
        scope[_EXCHANGE] = exchange
        try:
            await self._app(scope, exchange.receive, exchange.send)
        finally:
            await exchange.give_up()


async def honour_key(request: Request, state: ApiState, principal: Principal | None) -> None:
    """Before every route, by `api.gate`, once the caller is known. Claims the request's key, or ends the request with
    the answer of before.

    Raises RefusedRequestError for a key that cannot be one, that is in use or was used for another request, and
    ReplayedAnswerError.
    """
    exchange, path = request.scope.get(_EXCHANGE), request.scope["route"].path
    if not isinstance(exchange, Exchange) or principal is None or path.startswith(_EXEMPT):
        return
    keys = request.headers.getlist(KEY_HEADER)
    if len(keys) != 1 or len(keys[0]) > MAX_KEY_CHARACTERS or not _KEY.fullmatch(keys[0]):
        raise RefusedRequestError(
            MALFORMED,
            f"{KEY_HEADER} cannot be read.",
            hint=f"Send one, of 1 to {MAX_KEY_CHARACTERS} visible ASCII characters; a UUID does well.",
        )
    wanted = idempotency.Request(principal.tenant_id, principal.subject, keys[0], f"POST {request.url.path}")
    api = state.settings.api
    outcome = await to_thread.run_sync(
        lambda: idempotency.claim(
            state.services.engine,
            wanted,
            lease_seconds=_LEASE_SECONDS + api.upload_seconds,
            kept_hours=api.idempotency_hours,
        )
    )
    if isinstance(outcome, Claimed):
        exchange.hold(state, principal, outcome, secret=path in SECRET_ANSWERS)
        note_claim(outcome.claim_id)
    elif isinstance(outcome, Answered | Done):
        await _answer_again(exchange, outcome, within_seconds=api.upload_seconds)
    else:
        raise RefusedRequestError(KEY_IN_USE, "Another request with this key is being carried out.")


async def _answer_again(exchange: Exchange, outcome: Answered | Done, *, within_seconds: float) -> None:
    try:
        with anyio.fail_after(within_seconds):
            fingerprint = await exchange.fingerprint()
    except TimeoutError:
        raise RefusedRequestError(TIMEOUT, f"The body had not arrived after {within_seconds:g} seconds.") from None
    if outcome.fingerprint is not None and outcome.fingerprint != fingerprint:
        raise RefusedRequestError(KEY_REUSED, "The key belongs to a request with another path, query or body.")
    if isinstance(outcome, Answered):
        raise ReplayedAnswerError(outcome.answer)
    action, kind, record_id = outcome.deed
    raise RefusedRequestError(
        ANSWER_NOT_KEPT,
        f"The request was carried out ({action}), last on the {kind} {record_id}, and its answer is not kept.",
        hint="Read that record before you decide whether to ask again, with a new key.",
    )
