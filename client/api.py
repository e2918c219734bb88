"""`FootfallClient`: API v1, a typed method an operation. What an answer means is the caller's business."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from types import TracebackType
from typing import Self
from uuid import UUID

import urllib3
from pydantic import BaseModel

from client.administration import AdministrationOperations
from client.analytics import AnalyticsOperations
from client.credentials import ApiKey, Credentials, Password, TokenKeeper
from client.errors import ApiProblem
from client.events import EventOperations
from client.galleries import GalleryOperations
from client.identities import IdentityOperations
from client.records import RecordOperations
from client.stream import StreamOperations
from client.transport import Answer, Model, Parameter, Part, Transport, parsed
from client.workers import WorkerOperations
from contracts.access import TokenResponse
from contracts.calibration import CalibrationReport
from contracts.enrolment import EnrolmentReport, Objection, ReminderList, StaffConsistency
from contracts.people import (
    RecognitionTestResult,
    StaffFace,
    StaffFaceList,
)
from contracts.reports import Readiness

DEFAULT_TIMEOUT_SECONDS = 30.0
_CONNECT_TIMEOUT_SECONDS = 5.0


class FootfallClient(
    AdministrationOperations,
    AnalyticsOperations,
    EventOperations,
    GalleryOperations,
    IdentityOperations,
    RecordOperations,
    StreamOperations,
    WorkerOperations,
):
    """A caller of one Footfall server, as one user or one machine. Thread-safe; close it, or use it as a context.

    Give exactly one of `api_key`, `token`, or `tenant` with `email` and `password`. With a key or a password the
    access token is fetched at the first call, renewed before it expires, and once more when the server refuses it;
    a `token` is used as it is. With `keep_password` False the password is forgotten once the server has given a refresh
    token. `timeout` is in seconds, for each wait on the server.

    Every method raises ApiProblem when the server refuses and ApiUnavailable when it does not answer.
    """

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str | None = None,
        tenant: str | None = None,
        email: str | None = None,
        password: str | None = None,
        token: str | None = None,
        keep_password: bool = True,
        timeout: float = DEFAULT_TIMEOUT_SECONDS,
    ) -> None:
        credentials = _credentials(api_key, tenant, email, password, token)
        self._transport = Transport(
            base_url, timeout=urllib3.Timeout(connect=min(timeout, _CONNECT_TIMEOUT_SECONDS), read=timeout)
        )
        self._token = token
        self._keeper = (
            TokenKeeper(self._fetch_token, credentials, keeps_credentials=keep_password)
            if credentials is not None
            else None
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._transport.close()

    # access

    def authenticate(self) -> TokenResponse:
        """Signs in, unless a token is held already, and answers who the caller is. ValueError with a bare `token`."""
        if self._keeper is None:
            raise ValueError("a client made with a token does not know its tenant and role")
        return self._keeper.current()

    def sign_out(self) -> None:
        """Ends the session at the server. Does nothing when there is none."""
        held = self._token if self._keeper is None else self._keeper.holds
        if held is not None:
            token = held if isinstance(held, str) else held.access_token
            self._transport.send("POST", "/v1/auth/revoke", token=token, also_answers=[HTTPStatus.UNAUTHORIZED])

    # staff

    def staff_faces(self, staff_id: UUID) -> StaffFaceList:
        return self._get(f"/v1/staff/{staff_id}/faces", StaffFaceList)

    def enrol_face(self, staff_id: UUID, image: bytes, filename: str = "photo") -> StaffFace:
        """Enrols the one face of a photograph."""
        return self._post(f"/v1/staff/{staff_id}/faces", StaffFace, parts={"image": _image_part(image, filename)})

    def enrol_photographs(
        self, staff_id: UUID, photographs: Sequence[tuple[str, bytes]], *, overrule: Sequence[Objection] = ()
    ) -> EnrolmentReport:
        """A verdict for each (file name, content), at most `contracts.enrolment.MAX_PHOTOGRAPHS` of them. `overrule`:
        objections to set aside, for instance for twins."""
        return self._post(
            f"/v1/staff/{staff_id}/enrolments",
            EnrolmentReport,
            parts=[("images", _image_part(image, filename)) for filename, image in photographs],
            params={"overrule": overrule},
        )

    def staff_consistency(self, staff_id: UUID) -> StaffConsistency:
        """How well the person's photographs agree with each other."""
        return self._get(f"/v1/staff/{staff_id}/consistency", StaffConsistency)

    def staff_reminders(self) -> ReminderList:
        """What the enrolments of the tenant's staff need."""
        return self._get("/v1/staff/reminders", ReminderList)

    def remove_face(self, staff_id: UUID, face_id: UUID) -> None:
        self._send("DELETE", f"/v1/staff/{staff_id}/faces/{face_id}")

    def recognition_test(self, staff_id: UUID, image: bytes, filename: str = "photo") -> RecognitionTestResult:
        """What would be made of each face in a photograph; nothing of it is stored."""
        return self._post(
            f"/v1/staff/{staff_id}/recognition-test",
            RecognitionTestResult,
            parts={"image": _image_part(image, filename)},
        )

    # reports

    def calibration(self) -> CalibrationReport:
        """The thresholds in force and what they rest on."""
        return self._get("/v1/calibration", CalibrationReport)

    def readiness(self) -> Readiness:
        """Answers for a server that is not ready, too. Needs no sign-in."""
        answer = self._transport.send("GET", "/readyz", also_answers=[HTTPStatus.SERVICE_UNAVAILABLE])
        return parsed(answer, Readiness)

    # how it is sent

    def _get(self, path: str, model: type[Model], **params: Parameter) -> Model:
        return parsed(self._send("GET", path, params=params), model)

    def _post(
        self,
        path: str,
        model: type[Model],
        *,
        body: BaseModel | None = None,
        parts: Mapping[str, Part] | Sequence[tuple[str, Part]] | None = None,
        params: Mapping[str, Parameter] | None = None,
    ) -> Model:
        return parsed(self._send("POST", path, body=body, parts=parts, params=params), model)

    def _patch(self, path: str, model: type[Model], *, body: BaseModel, version: int) -> Model:
        """Changes version `version` of a record; what `body` does not set stays as it is."""
        changes = body.model_dump(mode="json", exclude_unset=True)
        return parsed(self._send("PATCH", path, body=changes, headers={"If-Match": f'"{version}"'}), model)

    def _send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Parameter] | None = None,
        body: BaseModel | Mapping[str, object] | None = None,
        parts: Mapping[str, Part] | Sequence[tuple[str, Part]] | None = None,
        headers: Mapping[str, str] | None = None,
        also_answers: Collection[int] = (),
    ) -> Answer:
        def once(token: str | None) -> Answer:
            return self._transport.send(
                method,
                path,
                token=token,
                params=params,
                body=body,
                parts=parts,
                headers=headers,
                also_answers=also_answers,
            )

        if self._keeper is None:
            return once(self._token)
        token = self._keeper.current().access_token
        try:
            return once(token)
        except ApiProblem as error:
            if error.problem.status != HTTPStatus.UNAUTHORIZED:
                raise
        # The server's keys or its clock may have changed under a token that looked good.
        self._keeper.discard(token)
        return once(self._keeper.current().access_token)

    @contextmanager
    def _lines(
        self, path: str, *, params: Mapping[str, Parameter], headers: Mapping[str, str], silence_seconds: float
    ) -> Iterator[Iterator[str]]:
        token = self._token if self._keeper is None else self._keeper.current().access_token
        with self._transport.lines(
            path, token=token, params=params, headers=headers, silence_seconds=silence_seconds
        ) as lines:
            yield lines

    def _fetch_token(self, grant: Mapping[str, str]) -> TokenResponse:
        return parsed(self._transport.send("POST", "/v1/auth/token", body=grant), TokenResponse)


def _credentials(
    api_key: str | None, tenant: str | None, email: str | None, password: str | None, token: str | None
) -> Credentials | None:
    sign_in = (tenant, email, password)
    ways = [api_key is not None, token is not None, any(part is not None for part in sign_in)]
    if sum(ways) != 1:
        raise ValueError("give exactly one of api_key, token, or tenant with email and password")
    if api_key is not None:
        return ApiKey(api_key)
    if token is not None:
        return None
    if tenant is None or email is None or password is None:
        raise ValueError("a password sign-in needs tenant, email and password")
    return Password(tenant, email, password)


def _image_part(image: bytes, filename: str) -> Part:
    # The server looks at the bytes; a stated type would only be one more thing to get wrong.
    return filename, image, "application/octet-stream"
