"""When a token is fetched, kept, renewed and forgotten, on a clock that the test turns."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import uuid4

from client.credentials import ApiKey, Password, TokenKeeper
from contracts.access import TokenResponse


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


def test_secrets_do_not_show() -> None:
    assert "hush" not in repr(Password("acme", "ada@acme.test", "hush")) + repr(ApiKey("hush"))
