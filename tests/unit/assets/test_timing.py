"""Seconds are told with what an asset made, unless the asset told them itself."""

from __future__ import annotations

import time

from dagster import DagsterInstance, MaterializeResult, materialize
from dagster import asset as as_asset

from assets.timing import timed


@as_asset
@timed
def slow() -> MaterializeResult[None]:
    time.sleep(0.02)
    return MaterializeResult(metadata={"rows": 3})


@as_asset
@timed
def its_own() -> MaterializeResult[None]:
    return MaterializeResult(metadata={"seconds": 7.0})


def test_seconds_are_beside_what_the_asset_told() -> None:
    # With an instance of its own: without one Dagster looks into whatever another test's left behind.
    with DagsterInstance.ephemeral() as instance:
        result = materialize([slow, its_own], instance=instance)
    told = {
        event.asset_key.to_user_string(): event.materialization.metadata
        for event in result.get_asset_materialization_events()
        if event.asset_key
    }
    seconds = told["slow"]["seconds"].value
    assert isinstance(seconds, float)
    assert 0.02 <= seconds < 5
    assert told["slow"]["rows"].value == 3
    assert told["its_own"]["seconds"].value == 7.0
