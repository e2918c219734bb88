"""Sends what waits in the outbox, each camera's events in their order, until the server has them. What the server
makes of a face is not looked at here."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from random import Random
from threading import Event
from uuid import UUID

from client.api import FootfallClient
from client.errors import ApiError, ApiProblem
from contracts.events import FaceDetectedV1
from contracts.people import EventReceipt
from footfall.errors import ServiceUnavailableError
from ingest_daemon.backoff import BackoffPolicy, wait_seconds
from ingest_daemon.outbox.records import Pending
from ingest_daemon.outbox.store import Outbox
from ingest_daemon.tally import Count, Tally

logger = logging.getLogger(__name__)

_WORTH_REPEATING = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,  # a key is renewed, a server's database comes back: the event is not to blame
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)
_LONGEST_RETRY_AFTER_SECONDS = 3600.0
_IDLE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event that the server has. `latency_seconds`: from the frame that made it due; None for events of an
    earlier process, whose clock is gone."""

    event: FaceDetectedV1
    receipt: EventReceipt
    latency_seconds: float | None


@dataclass(frozen=True, slots=True)
class SendingState:
    """`last_error` is None while sending works; it never quotes what was sent."""

    failures: int
    last_error: str | None


def is_refused_for_good(error: ApiError) -> bool:
    """Whether the server has judged the event itself, so that it would be refused every time.

    An error page of a proxy is no judgement (a server that is being replaced answers 404 for a minute), except that
    what is too large for it stays too large.
    """
    if not isinstance(error, ApiProblem):
        return False
    status = error.problem.status
    if not HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR or status in _WORTH_REPEATING:
        return False
    return error.problem.type != "about:blank" or status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class Sender:
    """Works in a thread of its own: `work` until `halt`, or, after `finish`, until nothing waits."""

    def __init__(
        self,
        outbox: Outbox,
        client: FootfallClient,
        *,
        run: str,
        tally: Tally,
        delivered: Callable[[Delivery], None],
        backoff: BackoffPolicy | None = None,
        random: Random | None = None,
    ) -> None:
        self._outbox = outbox
        self._client = client
        self._run = run
        self._tally = tally
        self._delivered = delivered
        self._backoff = backoff or BackoffPolicy()
        self._random = random or Random()  # noqa: S311 - spreads retries, guards no secret
        self._failures: dict[UUID, int] = {}
        self._not_before: dict[UUID, float] = {}
        self._last_error: str | None = None
        self._wake = Event()
        self._finishing = Event()
        self._halted = Event()

    def state(self) -> SendingState:
        return SendingState(max(self._failures.values(), default=0), self._last_error)

    def wake(self) -> None:
        """Says that something new waits."""
        self._wake.set()

    def finish(self) -> None:
        """Lets `work` return once nothing waits any more."""
        self._finishing.set()
        self._wake.set()

    def halt(self) -> None:
        """Lets `work` return after the attempt that is under way; what waits stays in the outbox."""
        self._halted.set()
        self._wake.set()

    def work(self) -> None:
        while not self._halted.is_set():
            self._wake.clear()
            try:
                if self._finishing.is_set() and self._outbox.state().pending == 0:
                    self._outbox.rest()
                    return
                if not self._send_due(self._outbox.heads()) and not self._wake.wait(self._pause_seconds()):
                    self._outbox.rest()
            except ServiceUnavailableError as error:
                # The outbox's disk: what was sent will be sent again, which the server takes for a repetition.
                self._note_trouble(str(error))
                self._wake.wait(self._pause_seconds())

    def _send_due(self, heads: list[Pending]) -> bool:
        now = time.monotonic()
        due = [head for head in heads if self._not_before.get(head.event.camera_id, 0.0) <= now]
        for head in due:
            if self._halted.is_set():
                break
            self._send(head)
        return bool(due)

    def _send(self, head: Pending) -> None:
        camera_id = head.event.camera_id
        try:
            # Signing in comes first and apart: what is wrong with the key is never the event's fault.
            signed_in = self._sign_in(camera_id)
            receipt = self._client.send_face_event(head.event, head.image) if signed_in else None
        except ApiError as error:
            self._failed(head, error)
            return
        if receipt is None:
            return
        self._outbox.sent(head.seq)
        if self._last_error is not None:
            logger.info("The server takes events again.")
        self._last_error = None
        self._failures.pop(camera_id, None)
        self._tally.add(Count.EVENTS_SENT)
        if receipt.duplicate:
            self._tally.add(Count.EVENTS_REPEATED)
        latency = time.monotonic() - head.read_at if head.run == self._run else None
        self._delivered(Delivery(head.event, receipt, latency))

    def _sign_in(self, camera_id: UUID) -> bool:
        try:
            self._client.authenticate()
        except ApiError as error:
            self._retry_later(camera_id, error)
            return False
        return True

    def _failed(self, head: Pending, error: ApiError) -> None:
        if not is_refused_for_good(error):
            self._outbox.postponed(head.seq)
            self._retry_later(head.event.camera_id, error)
            return
        problem = error.problem if isinstance(error, ApiProblem) else None
        carries_face = head.event.embedding is not None or head.image is not None
        if isinstance(error, ApiProblem) and error.slug == "privacy-mode-forbids" and carries_face:
            # The tenant's mode changed under us: the sighting still counts, the face has to go.
            stripped = self._outbox.strip_faces(head.event.camera_id)
            logger.warning("The tenant's privacy mode has changed; %d waiting events lost their faces.", stripped)
            return
        self._outbox.set_aside(head.seq, status=problem.status if problem else 0, reason=str(error))
        self._tally.add(Count.EVENTS_SET_ASIDE)
        logger.error("Event %s was refused for good and set aside: %s", head.event.event_id, error)

    def _retry_later(self, camera_id: UUID, error: ApiError) -> None:
        failures = self._failures.get(camera_id, 0) + 1
        self._failures[camera_id] = failures
        wait = wait_seconds(self._backoff, failures, self._random)
        if error.retry_after_seconds is not None:
            wait = max(wait, min(error.retry_after_seconds, _LONGEST_RETRY_AFTER_SECONDS))
        self._not_before[camera_id] = time.monotonic() + wait
        self._tally.add(Count.EVENTS_RETRIED)
        self._note_trouble(str(error))

    def _note_trouble(self, message: str) -> None:
        # Once for each kind of trouble: an API that is away for a week must not fill the log.
        if message != self._last_error:
            logger.warning("Events wait in the outbox: %s", message)
        self._last_error = message

    def _pause_seconds(self) -> float:
        waits = [moment - time.monotonic() for moment in self._not_before.values()]
        upcoming = [wait for wait in waits if wait > 0]
        return max(0.01, min([_IDLE_SECONDS, *upcoming]))
