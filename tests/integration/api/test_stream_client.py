"""The typed client follows the stream."""

from __future__ import annotations

from uuid import UUID

import pytest

from client import ApiProblem, FootfallClient
from contracts.live import LiveEvent, StreamGap, StreamOpened
from tests.integration.api.conftest import Tenant
from tests.integration.api.test_stream import admin_token, publish, url_of


def test_it_hears_what_came_after_the_last_event(tenant: Tenant) -> None:
    told = [publish(tenant) for _ in range(3)]
    with FootfallClient(url_of(tenant), token=admin_token(tenant)) as client:
        stream = client.follow(after=1)
        opened, second, third = next(stream), next(stream), next(stream)
        stream.close()
    assert opened == StreamOpened(position=1)
    assert isinstance(second, LiveEvent)
    assert isinstance(third, LiveEvent)
    assert [str(second.subject_id), str(third.subject_id)] == told[1:]


def test_it_is_told_of_a_gap(tenant: Tenant) -> None:
    publish(tenant)
    with FootfallClient(url_of(tenant), token=admin_token(tenant)) as client:
        stream = client.follow(after=500)
        assert [next(stream), next(stream)] == [StreamOpened(position=1), StreamGap(after=500, position=1)]
        stream.close()


def test_a_refusal_is_a_problem_as_elsewhere(tenant: Tenant, other_tenant: Tenant) -> None:
    foreign = UUID(other_tenant.site("Theirs, for a client")["site_id"])
    with FootfallClient(url_of(tenant), token=admin_token(tenant)) as client, pytest.raises(ApiProblem) as refused:
        next(client.follow(site_id=foreign))
    assert refused.value.slug == "not-found"
