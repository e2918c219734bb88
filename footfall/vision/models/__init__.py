"""Model weights as local files with a checked sha256: what they are, where they come from, how they are prepared.

Nothing here runs a model: `footfall.vision.runtime` does. Pulling (`models.pull`) is imported by who pulls alone: the
HTTP client that it brings along takes a camera host a third of a second to load.
"""

from footfall.vision.models.files import VerifiedFile, list_models, verify
from footfall.vision.models.manifest import MODELS, ModelSpec, model

__all__ = ["MODELS", "ModelSpec", "VerifiedFile", "list_models", "model", "verify"]
