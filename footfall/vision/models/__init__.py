"""Model weights as local files with a checked sha256: what they are, where they come from, how they are prepared.

Nothing here runs a model: `footfall.vision.runtime` does.
"""

from footfall.vision.models.files import VerifiedFile, list_models, verify
from footfall.vision.models.manifest import MODELS, ModelSpec, model
from footfall.vision.models.pull import PullReport, pull

__all__ = ["MODELS", "ModelSpec", "PullReport", "VerifiedFile", "list_models", "model", "pull", "verify"]
