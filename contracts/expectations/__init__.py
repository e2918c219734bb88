"""What must be true of tables and marts, written down as suites that Great Expectations runs. Plain data: no query is
made here, and Great Expectations itself, which takes seconds to import, is `footfall.stores.expectations`' alone."""

from contracts.expectations.marts import MARTS
from contracts.expectations.record import RECORD
from contracts.expectations.suite import Suite

SUITES: tuple[Suite, ...] = (*RECORD, *MARTS)
