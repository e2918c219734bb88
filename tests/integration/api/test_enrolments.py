"""Several photographs in one request over HTTP, reminders and consistency; and the import command against the API."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app as cli
from client.errors import ApiProblem
from contracts.enrolment import MAX_PHOTOGRAPHS
from footfall import access
from tests.integration.api.conftest import Tenant
from tests.integration.api.harness import Json, photograph, slug_of
from tests.integration.api.test_staff import ADA, GRACE, upload


def images(*contents: bytes) -> list[tuple[str, tuple[str, bytes]]]:
    return [("images", (f"{number}.jpg", content)) for number, content in enumerate(contents)]


def enrol(tenant: Tenant, staff: Json, *contents: bytes, query: str = "") -> Json:
    return tenant.admin.post(f"/v1/staff/{staff['staff_id']}/enrolments{query}", files=images(*contents))


def test_each_photograph_gets_its_verdict_and_repeating_changes_nothing(tenant: Tenant) -> None:
    ada = tenant.staff()
    sent = (photograph(ADA), b"text", photograph(ADA, faces=2), photograph(GRACE))
    first = enrol(tenant, ada, photograph(ADA))
    assert (first["enrolled"], first["items"][0]["verdict"]) == (1, "enrolled")

    again = enrol(tenant, ada, *sent)

    assert [item["verdict"] for item in again["items"]] == [
        "duplicate_photograph", "not_an_image", "several_faces", "disagrees_with_others",
    ]  # fmt: skip
    assert [item["filename"] for item in again["items"]] == ["0.jpg", "1.jpg", "2.jpg", "3.jpg"]
    assert tenant.admin.get(f"/v1/staff/{ada['staff_id']}")["faces"] == 1


def test_a_twin_is_enrolled_when_the_administrator_says_so(tenant: Tenant) -> None:
    ada, twin = tenant.staff("Ada"), tenant.staff("Anne")
    enrol(tenant, ada, photograph(ADA))
    [refused] = enrol(tenant, twin, photograph(ADA))["items"]
    assert refused["verdict"] == "already_enrolled_as"
    assert refused["other"]["display_name"] == "Ada"
    single = f"/v1/staff/{twin['staff_id']}/faces"
    found = tenant.admin.refused("POST", single, **upload(photograph(ADA)))
    assert (found.status, slug_of(found)) == (409, "already-enrolled-as")

    tenant.admin.post(f"{single}?overrule=already_enrolled_as", **upload(photograph(ADA)))

    kinds = [item["kind"] for item in tenant.admin.get("/v1/staff/reminders")["items"]]
    assert kinds == ["resembles_other"]


def test_an_unknown_objection_is_refused(quiet: Tenant) -> None:
    ada = quiet.staff()
    path = f"/v1/staff/{ada['staff_id']}/enrolments?overrule=no_face"
    assert quiet.admin.refused("POST", path, files=images(photograph(ADA))).status == 422


def test_more_photographs_than_one_request_may_hold_are_refused(quiet: Tenant) -> None:
    ada = quiet.staff()
    path = f"/v1/staff/{ada['staff_id']}/enrolments"
    found = quiet.admin.refused("POST", path, files=images(*[b"x"] * (MAX_PHOTOGRAPHS + 1)))
    assert found.status in (400, 422)
    assert quiet.admin.refused("POST", path, files={"image": ("a.jpg", b"x")}).status == 422


def test_reading_is_for_site_managers_too_and_enrolling_is_not(tenant: Tenant) -> None:
    ada = tenant.staff()
    enrol(tenant, ada, photograph(ADA))
    manager = tenant.caller("site_manager")
    assert manager.get("/v1/staff/reminders")["items"] == []
    found = manager.get(f"/v1/staff/{ada['staff_id']}/consistency")
    assert (found["score"], [face["crop"] for face in found["faces"]]) == (None, ["ok"])
    path = f"/v1/staff/{ada['staff_id']}/enrolments"
    assert manager.refused("POST", path, files=images(photograph(ADA))).status == 403


def test_another_tenants_staff_are_not_there(tenant: Tenant, other_tenant: Tenant) -> None:
    theirs = other_tenant.staff()
    path = f"/v1/staff/{theirs['staff_id']}"
    assert tenant.admin.refused("GET", f"{path}/consistency").status == 404
    assert tenant.admin.refused("POST", f"{path}/enrolments", files=images(photograph(ADA))).status == 404


# --- the import command -----------------------------------------------------------------------------


@pytest.fixture
def key_file(tenant: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A key of the tenant's administrator; the command finds the running API."""
    monkeypatch.setenv("FOOTFALL_API__URL", str(tenant.running.nobody.http.base_url))
    path = tmp_path / "key"
    path.write_text(
        access.create_api_key(tenant.running.engine, tenant.tenant_id, name="import", role="tenant_admin") + "\n"
    )
    return path


@pytest.fixture
def people(tmp_path: Path) -> Path:
    folder = tmp_path / "people"
    for name, contents in {
        "Ada Lovelace [P-1815]": [photograph(ADA), photograph(GRACE), b"no picture"],
        "Grace Hopper": [photograph(GRACE)],
    }.items():
        (folder / name).mkdir(parents=True)
        for number, content in enumerate(contents):
            (folder / name / f"{number}.jpg").write_bytes(content)
    return folder


def imported(source: Path, key_file: Path, report: Path) -> list[dict[str, str]]:
    result = CliRunner().invoke(
        cli, ["staff", "import", str(source), "--key-file", str(key_file), "--report", str(report)]
    )
    assert result.exception is None, result.output
    text = report.read_text("utf-8")
    return list(csv.DictReader(text.splitlines())) if report.suffix == ".csv" else json.loads(text)


@pytest.mark.parametrize("name", ["report.csv", "report.json"])
def test_a_folder_is_imported_with_a_verdict_for_every_photograph(
    tenant: Tenant, key_file: Path, people: Path, tmp_path: Path, name: str
) -> None:
    rows = imported(people, key_file, tmp_path / name)

    # Ada's two photographs show two people, and nobody guesses which one is her.
    assert [(row["name"], row["verdict"]) for row in rows] == [
        ("Ada Lovelace", "disagrees_with_others"),
        ("Ada Lovelace", "disagrees_with_others"),
        ("Ada Lovelace", "not_an_image"),
        ("Grace Hopper", "enrolled"),
    ]
    assert all(row["reason"] and row["sha256"] for row in rows)
    staff = {member["display_name"]: member for member in tenant.admin.get("/v1/staff")["items"]}
    assert (staff["Ada Lovelace"]["external_ref"], staff["Ada Lovelace"]["faces"]) == ("P-1815", 0)
    assert (staff["Grace Hopper"]["external_ref"], staff["Grace Hopper"]["faces"]) == (None, 1)


def test_repeating_an_import_changes_nothing_and_brings_what_was_mended(
    tenant: Tenant, key_file: Path, people: Path, tmp_path: Path
) -> None:
    report = tmp_path / "report.csv"
    imported(people, key_file, report)
    (people / "Ada Lovelace [P-1815]" / "1.jpg").unlink()

    rows = imported(people, key_file, report)
    verdicts = {
        Path(row["photograph"]).parent.name + "/" + Path(row["photograph"]).name: row["verdict"] for row in rows
    }
    assert verdicts["Ada Lovelace [P-1815]/0.jpg"] == "enrolled"
    assert verdicts["Grace Hopper/0.jpg"] == "enrolled"

    # Without its report, too: the server knows people by number and name, and photographs by content.
    fresh = imported(people, key_file, tmp_path / "fresh.csv")
    assert [row["verdict"] for row in fresh] == ["duplicate_photograph", "not_an_image", "duplicate_photograph"]
    assert sorted(member["faces"] for member in tenant.admin.get("/v1/staff")["items"]) == [1, 1]


def test_a_csv_is_imported_and_a_name_that_two_people_have_is_not_guessed(
    tenant: Tenant, key_file: Path, tmp_path: Path
) -> None:
    tenant.staff("Grace Hopper")
    tenant.staff("Grace Hopper")
    (tmp_path / "ada.jpg").write_bytes(photograph(ADA))
    sheet = tmp_path / "staff.csv"
    sheet.write_text("name,number,photographs\nAda,P-1,ada.jpg;gone.jpg\nGrace Hopper,,ada.jpg\nMary,P-2,\n", "utf-8")

    rows = imported(sheet, key_file, tmp_path / "report.csv")

    assert sorted(row["verdict"] for row in rows) == ["ambiguous_name", "enrolled", "missing_file"]
    assert {"Ada", "Mary"} <= {member["display_name"] for member in tenant.admin.get("/v1/staff")["items"]}


def test_a_key_of_a_worker_imports_nothing(tenant: Tenant, key_file: Path, people: Path, tmp_path: Path) -> None:
    key_file.write_text(access.create_api_key(tenant.running.engine, tenant.tenant_id, name="door", role="worker"))
    result = CliRunner().invoke(
        cli, ["staff", "import", str(people), "--key-file", str(key_file), "--report", str(tmp_path / "r.csv")]
    )
    assert isinstance(result.exception, ApiProblem)
    assert tenant.admin.get("/v1/staff")["items"] == []
