"""When a token is fetched, kept, renewed and forgotten, on a clock that the test turns."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import uuid4

import pytest

from client.credentials import ApiKey, Password, TokenKeeper
from client.errors import ApiProblem
from contracts.access import TokenResponse
from contracts.problems import Problem


class Issuer:
    def __init__(self, expires_in: int) -> None:
        self.expires_in = expires_in
        self.issued = 0
        self.now = 1000.0

    def fetch(self, grant: Mapping[str, str]) -> TokenResponse:
        assert grant == {"grant_type": "api_key", "api_key": "secret"}
        self.issued += 1
        return TokenResponse(
            access_token=f"token-{self.issued}",
            expires_in=self.expires_in,
            tenant_id=uuid4(),
            tenant_name="Acme",
            role="worker",
        )

    def keeper(self) -> TokenKeeper:
        return TokenKeeper(self.fetch, ApiKey("secret"), clock=lambda: self.now)


def test_a_token_is_kept_until_a_minute_before_its_end() -> None:
    issuer = Issuer(expires_in=900)
    keeper = issuer.keeper()
    assert keeper.current().access_token == "token-1"
    issuer.now += 839
    assert keeper.current().access_token == "token-1"
    issuer.now += 1
    assert keeper.current().access_token == "token-2"


def test_a_short_token_is_kept_for_nine_tenths_of_its_life() -> None:
    issuer = Issuer(expires_in=10)
    keeper = issuer.keeper()
    keeper.current()
    issuer.now += 8.9
    assert keeper.current().access_token == "token-1"
    issuer.now += 0.1
    assert keeper.current().access_token == "token-2"


def test_a_refused_token_is_forgotten_and_a_newer_one_is_not() -> None:
    issuer = Issuer(expires_in=900)
    keeper = issuer.keeper()
    keeper.current()
    keeper.discard("token-1")
    assert keeper.current().access_token == "token-2"
    keeper.discard("token-1")
    assert keeper.current().access_token == "token-2"


class Renewing:
    """A server of access tokens that gives refresh tokens along, each good for one renewal."""

    def __init__(self, *, refuses: int | None = None) -> None:
        self.grants: list[Mapping[str, str]] = []
        self.refuses = refuses
        self.now = 0.0

    def fetch(self, grant: Mapping[str, str]) -> TokenResponse:
        self.grants.append(grant)
        if grant["grant_type"] == "refresh_token" and self.refuses is not None:
            problem = Problem(type="urn:footfall:problem:x", title="No", status=self.refuses, detail="No.")
            raise ApiProblem(problem)
        number = len(self.grants)
        return TokenResponse(
            access_token=f"token-{number}",
            expires_in=900,
            tenant_id=uuid4(),
            tenant_name="Acme",
            role="tenant_admin",
            refresh_token=f"refresh-{number}",
        )

    def keeper(self, *, keeps_credentials: bool = True) -> TokenKeeper:
        who = Password("acme", "ada@acme.test", "hush")
        return TokenKeeper(self.fetch, who, keeps_credentials=keeps_credentials, clock=lambda: self.now)

    def kinds(self) -> list[str]:
        return [grant["grant_type"] for grant in self.grants]


def test_a_token_is_renewed_by_the_refresh_token_that_came_with_it() -> None:
    server = Renewing()
    keeper = server.keeper()
    for _ in range(3):
        keeper.current()
        server.now += 900
    assert [grant.get("refresh_token") for grant in server.grants] == [None, "refresh-1", "refresh-2"]
    assert keeper.holds is not None


def test_a_refresh_token_that_is_no_longer_taken_gives_way_to_the_password() -> None:
    server = Renewing(refuses=401)
    keeper = server.keeper()
    keeper.current()
    server.now += 900
    assert keeper.current().access_token == "token-3"
    assert server.kinds() == ["password", "refresh_token", "password"]


def test_a_password_that_was_forgotten_cannot_be_used_again() -> None:
    server = Renewing(refuses=401)
    keeper = server.keeper(keeps_credentials=False)
    keeper.current()
    server.now += 900
    with pytest.raises(ApiProblem) as refused:
        keeper.current()
    assert refused.value.problem.status == 401
    assert server.kinds() == ["password", "refresh_token"]
    assert "hush" not in str(vars(keeper))


def test_a_server_that_is_busy_has_not_used_the_refresh_token() -> None:
    server = Renewing(refuses=429)
    keeper = server.keeper(keeps_credentials=False)
    keeper.current()
    server.now += 900
    with pytest.raises(ApiProblem):
        keeper.current()
    server.refuses = None
    assert keeper.current().access_token == "token-3"
    assert server.grants[-1]["refresh_token"] == "refresh-1"


def test_secrets_do_not_show() -> None:
    assert "hush" not in repr(Password("acme", "ada@acme.test", "hush")) + repr(ApiKey("hush"))
