"""Many callers who want the server's memory at once: it stays within what the settings allow, and others are served."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from client import FootfallClient
from contracts.people import StaffCreate
from tests.abuse.pictures import png_bomb, png_that_says_less
from tests.integration.api.own_process import own_process
from tests.servers import ADMIN_PASSWORD, MigratedPostgres, TenantFactory

logger = logging.getLogger(__name__)

_UPLOAD_BYTES, _MEMORY_BYTES = 8_000_000, 64_000_000
_CALLERS = 200
# The bodies; each once more while the parser hands it over; two pictures of 40 megapixels that are being decoded, which
# is the most that is believed; and as much again for what the allocator keeps.
_BOUND_BYTES = 2 * (2 * _MEMORY_BYTES + 2 * 40_000_000)


@contextmanager
def highest_of(process: psutil.Process) -> Iterator[list[int]]:
    """The resident memory, looked at a hundred times a second; its one item grows until the block ends."""
    found, done = [process.memory_info().rss], threading.Event()

    def look() -> None:
        while not done.wait(0.01):
            found[0] = max(found[0], process.memory_info().rss)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        done.set()
        thread.join()


def _body(picture: bytes) -> bytes:
    head = b'--x\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    return head + picture + b"\r\n--x--\r\n"


@pytest.mark.e2e
def test_two_hundred_who_abuse_it_at_once_take_no_more_memory_than_is_theirs(
    postgres: MigratedPostgres, tenant_factory: TenantFactory, tmp_path: Path
) -> None:
    for slug in ("hungry", "honest"):
        tenant_factory(slug=slug)
    settings = {
        "API__MAX_UPLOAD_BYTES": str(_UPLOAD_BYTES),
        "API__UPLOAD_MEMORY_BYTES": str(_MEMORY_BYTES),
        "API__UPLOAD_SECONDS": "5",
    }
    slow = threading.Event()

    def trickle(size: int) -> Iterator[bytes]:
        yield _body(bytes(size // 2))[:-9]
        slow.wait(8)

    with own_process(postgres, tmp_path, **settings) as api, ExitStack() as stack:
        hungry, honest = (
            stack.enter_context(
                FootfallClient(api.url, tenant=slug, email="admin@example.com", password=ADMIN_PASSWORD)
            )
            for slug in ("hungry", "honest")
        )
        staff_id = hungry.create_staff(StaffCreate(display_name="Ada")).staff_id
        path = f"/v1/staff/{staff_id}/recognition-test"
        headers = {
            "Authorization": f"Bearer {hungry.authenticate().access_token}",
            "Content-Type": "multipart/form-data; boundary=x",
        }
        pool = httpx.Limits(max_connections=_CALLERS)
        http = stack.enter_context(httpx.Client(base_url=api.url, timeout=60, limits=pool))
        bombs = [_body(png_bomb()), _body(png_that_says_less())]
        huge = _body(bytes(_UPLOAD_BYTES - 1_000))
        too_much = bytes(3 * _UPLOAD_BYTES)

        def abuse(number: int) -> int | None:
            kinds = (huge, bombs[number % 2], too_much, trickle(_UPLOAD_BYTES), trickle(_UPLOAD_BYTES))
            try:
                return http.post(path, content=kinds[number % len(kinds)], headers=headers).status_code
            except httpx.TransportError:
                return None  # refused before it had sent everything

        process = psutil.Process(api.process.pid)
        # What the process needs for its first picture it keeps.
        assert http.post(path, content=bombs[0], headers=headers).status_code in {413, 422}
        before = process.memory_info().rss
        with highest_of(process) as highest, ThreadPoolExecutor(_CALLERS) as callers:
            sent = [callers.submit(abuse, number) for number in range(_CALLERS)]
            for _ in range(50):
                assert honest.sites(limit=1).items == ()
            slow.set()
            statuses = {one.result() for one in sent}
        # None of it breaks anything. 200: a picture that says less than it holds is read as what it says: nobody.
        assert statuses <= {200, 400, 408, 413, 422, 429, None}, statuses
        assert 429 in statuses
        grown = highest[0] - before
        logger.info("%d at once: %.0f MB more than before, of %.0f", _CALLERS, grown / 1e6, _BOUND_BYTES / 1e6)
        assert grown < _BOUND_BYTES
        assert honest.sites(limit=1).items == ()
