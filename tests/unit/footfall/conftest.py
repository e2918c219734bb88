"""How property tests run here: without a deadline, for the machine is shared and no test asserts times."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("footfall", deadline=None)
settings.load_profile("footfall")
