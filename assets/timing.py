"""How long making an asset took, told with what was made. What was made is each asset's own."""

from collections.abc import Callable
from functools import wraps
from time import perf_counter
from typing import ParamSpec

from dagster import MaterializeResult

P = ParamSpec("P")


def timed(make: Callable[P, MaterializeResult[None]]) -> Callable[P, MaterializeResult[None]]:
    """The asset's function, whose result tells `seconds` as well, unless it told them itself: Dagster draws numbers
    over time."""

    @wraps(make)
    def told(*args: P.args, **kwargs: P.kwargs) -> MaterializeResult[None]:
        began = perf_counter()
        made = make(*args, **kwargs)
        return made._replace(metadata={"seconds": round(perf_counter() - began, 3), **(made.metadata or {})})

    return told
