"""An API process that is told to stop while streams are open."""

from __future__ import annotations

import signal
from uuid import uuid4

from client import FootfallClient
from tests.integration.api.listening import listening, socket_listening
from tests.integration.api.own_process import ApiProcess
from tests.integration.api.test_process import api
from tests.servers import ADMIN_PASSWORD, TenantFactory

__all__ = ["api"]


def test_its_streams_are_ended_with_a_reason_and_hold_up_nothing(
    api: ApiProcess, tenant_factory: TenantFactory
) -> None:
    """Without the command's own limit on how long a stop may take: nothing but the streams' end lets it stop."""
    slug = f"stream-{uuid4().hex[:8]}"
    tenant_factory(slug=slug)
    with FootfallClient(api.url, tenant=slug, email="admin@example.com", password=ADMIN_PASSWORD) as admin:
        token = admin.authenticate().access_token
        with listening(api.url, token) as over_sse, socket_listening(api.url, {"access_token": token}) as over_socket:
            over_socket.until("opened")
            api.process.send_signal(signal.SIGTERM)
            assert over_sse.until("ended")["reason"] == "server-stopping"
            assert over_socket.until("closed")["code"] == 1012
            assert api.process.wait(60) in {0, -signal.SIGTERM}
