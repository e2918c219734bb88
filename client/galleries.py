"""The client's operation on the gallery of staff, as a worker: a part of `FootfallClient`."""

from __future__ import annotations

from http import HTTPStatus

from client.sending import Sends
from client.transport import parsed
from contracts.gallery import StaffGallery


class GalleryOperations:
    """Every method raises as those of `FootfallClient`."""

    def staff_gallery(self: Sends, held: str | None = None) -> tuple[StaffGallery, str] | None:
        """The gallery and its ETag; None when `held`, the ETag of the one the caller has, is the newest still."""
        headers = {"If-None-Match": held} if held is not None else None
        answer = self._send("GET", "/v1/gallery/staff", headers=headers, also_answers=(HTTPStatus.NOT_MODIFIED,))
        if answer.status == HTTPStatus.NOT_MODIFIED:
            return None
        return parsed(answer, StaffGallery), answer.headers.get("etag", "")
