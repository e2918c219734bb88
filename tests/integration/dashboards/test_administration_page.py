"""Users, API keys and the privacy mode on their page, over a real API."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr
from streamlit.testing.v1 import AppTest

from client import FootfallClient
from client.errors import ApiProblem
from contracts.tenants import OwnTenantPatch
from contracts.users import UserCreate
from tests.integration.dashboards.conftest import APP, LiveApi
from tests.integration.dashboards.test_pages import RUN_SECONDS, open_page, signed_in

PASSWORD = "another-horse-battery"


@pytest.fixture
def page(live_api: LiveApi) -> AppTest:
    return open_page(signed_in(live_api), "administration")


def named(widgets: Any, label: str) -> Any:
    return next(widget for widget in widgets if widget.label == label)


def press(app: AppTest, label: str) -> AppTest:
    pressed: AppTest = named(app.button, label).click().run()
    return pressed


def test_a_user_is_added_and_signs_in(live_api: LiveApi, page: AppTest) -> None:
    named(page.text_input, "E-mail of the new user").input("grace@example.com")
    named(page.text_input, "First password").input(PASSWORD)
    site = live_api.client.sites().items[0].site_id
    named(page.multiselect, "Sites of the new user").set_value([site])
    press(page, "Add user")
    assert not page.exception
    assert "grace@example.com" in list(page.dataframe[0].value["E-mail"])
    with FootfallClient(live_api.url, tenant=live_api.tenant, email="grace@example.com", password=PASSWORD) as grace:
        me = grace.me()
    assert (me.role, me.site_ids) == ("site_manager", (site,))


def test_a_short_password_is_not_even_sent(page: AppTest) -> None:
    named(page.text_input, "E-mail of the new user").input("grace@example.com")
    named(page.text_input, "First password").input("short")
    press(page, "Add user")
    assert "12 characters" in page.warning[0].value


def test_what_the_api_refuses_is_said_where_the_form_stands(live_api: LiveApi, page: AppTest) -> None:
    """The only administrator cannot take the role off themselves."""
    named(page.selectbox, "Role").set_value("site_manager")
    press(page, "Save user")
    assert not page.exception
    assert "without an active administrator" in page.error[0].value
    assert len(page.dataframe) == 2, "the rest of the page is there"
    assert live_api.client.users().items[0].role == "tenant_admin"


def test_a_user_is_deleted_once_that_is_meant(live_api: LiveApi) -> None:
    grace = live_api.client.create_user(
        UserCreate(email="zoe@example.com", password=SecretStr(PASSWORD), role="site_manager")
    )
    page = open_page(signed_in(live_api), "administration")
    named(page.selectbox, "User").set_value(grace).run()
    assert named(page.button, "Delete user").disabled
    named(page.checkbox, "Delete zoe@example.com for good").check().run()
    press(page, "Delete user")
    assert [user.email for user in live_api.client.users().items] == ["admin@example.com"]


def test_a_key_is_shown_once_and_works_until_it_is_revoked(live_api: LiveApi, page: AppTest) -> None:
    named(page.text_input, "What the key is for").input("Entrance")
    press(page, "Make key")
    assert not page.exception
    key = page.code[0].value
    with FootfallClient(live_api.url, api_key=key) as worker:
        assert worker.me().key_name == "Entrance"
    press(page, "I have copied it")
    assert not page.code
    named(page.checkbox, "For good").check().run()
    press(page, "Revoke key")
    assert list(page.dataframe[1].value["State"]) == ["revoked"]
    with FootfallClient(live_api.url, api_key=key) as worker, pytest.raises(ApiProblem):
        worker.me()


def test_identify_is_refused_without_its_basis_and_taken_with_it(live_api: LiveApi) -> None:
    tenant = live_api.client.own_tenant()
    changed = live_api.client.change_own_tenant(
        OwnTenantPatch(privacy_mode="staff_only", legal_basis=None, retention_days=None), version=tenant.version
    )
    page = open_page(signed_in(live_api), "administration")
    named(page.radio, "Privacy mode").set_value("identify")
    press(page, "Save privacy mode")
    assert "legal basis" in page.error[0].value
    named(page.text_input, "Legal basis").input("Consent, form 17")
    named(page.number_input, "Retention days").set_value(30)
    named(page.radio, "Privacy mode").set_value("identify")
    press(page, "Save privacy mode")
    assert not page.error
    after = live_api.client.own_tenant()
    assert (after.privacy_mode, after.retention_days, after.version) == ("identify", 30, changed.version + 1)


def test_a_site_manager_changes_nothing_here(live_api: LiveApi) -> None:
    live_api.client.create_user(UserCreate(email="zoe@example.com", password=SecretStr(PASSWORD), role="site_manager"))
    app = AppTest.from_file(str(APP), default_timeout=RUN_SECONDS).run()
    for field, value in zip(app.text_input, (live_api.tenant, "zoe@example.com", PASSWORD), strict=True):
        field.input(value)
    app.button[0].click().run()
    assert not app.exception
    script = AppTest.from_file(str(APP.parent / "app_pages" / "administration.py"), default_timeout=RUN_SECONDS)
    script.session_state["footfall_session"] = app.session_state["footfall_session"]
    script.run()
    assert [info.value for info in script.info] == [
        "Users, API keys, the privacy mode and erasures are for administrators."
    ]
    assert not script.dataframe


def test_signing_out_ends_the_session_at_the_server(live_api: LiveApi) -> None:
    app = signed_in(live_api)
    client = app.session_state["footfall_session"].client
    token = client.authenticate().access_token
    press(app, "Sign out")
    with FootfallClient(live_api.url, token=token) as held, pytest.raises(ApiProblem, match="ended"):
        held.me()
