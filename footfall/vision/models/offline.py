"""Model versions of the offline mode, by name. What makes their vectors is `footfall.vision.embedders.mock`."""

from __future__ import annotations

MOCK_VERSIONS = ("mock-1", "mock-2")
"""Two, so that going from one model to another can be tried; their vectors have nothing to do with each other."""
