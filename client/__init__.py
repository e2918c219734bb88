"""The one typed client of API v1: calls, tokens and errors. No decisions about what comes back."""

from client.api import FootfallClient
from client.errors import ApiError, ApiProblem, ApiUnavailable

__all__ = ["ApiError", "ApiProblem", "ApiUnavailable", "FootfallClient"]
