"""What a live stream says, from its first message to its last, whatever carries it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from api.live import LiveHub, Subscription
from contracts.live import StreamEnded, StreamGap, StreamMessage, StreamOpened, StreamPing
from footfall.errors import ServiceUnavailableError, UnauthenticatedError

logger = logging.getLogger(__name__)

PING_SECONDS = 15.0
SEND_SECONDS = 20.0
"""A caller that takes nothing for this long is gone, or might as well be."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Until when, and as long as what holds, a stream may go on. `check` raises UnauthenticatedError once the token is
    good no more."""

    expires_at: datetime
    check: Callable[[], Awaitable[object]]

    @property
    def seconds_left(self) -> float:
        return (self.expires_at - datetime.now(UTC)).total_seconds()


async def messages(
    hub: LiveHub, subscription: Subscription, standing: Standing, *, after: int | None
) -> AsyncIterator[StreamMessage]:
    """From `after`, the id of the last event that the caller has seen; None: from now on. Ends with StreamEnded."""
    yield StreamOpened(position=subscription.position if after is None else min(after, subscription.position))
    if after is not None:
        span = await hub.span(subscription.tenant_id)
        if span.holds_all_after(after):
            async for page in hub.replay(subscription, after):
                for event in page:
                    yield event
        else:
            yield StreamGap(after=after, position=subscription.position)
    while True:
        events = await subscription.wait(min(PING_SECONDS, standing.seconds_left))
        if subscription.ended is not None:
            yield StreamEnded(reason=subscription.ended)
            return
        if not await _stands(standing):
            subscription.end("token-ended")
            yield StreamEnded(reason="token-ended")
            return
        for event in events:
            yield event
        if not events:
            yield StreamPing()


async def _stands(standing: Standing) -> bool:
    if standing.seconds_left <= 0:
        return False
    try:
        await standing.check()
    except UnauthenticatedError:
        return False
    except ServiceUnavailableError as error:
        # Nobody can say; the token's own end is near in any case.
        logger.warning("the standing of a stream's caller cannot be read: %s", error.message)
    return True
