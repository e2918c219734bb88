"""What every object store promises, over the stand-in and over S3 alike."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from footfall.errors import InputError, NotFoundError, ObjectsUnavailableError
from footfall.stores.base import BucketKind, ObjectStore
from tests.contract.templates import new_tenant

JPEG = "image/jpeg"
BUCKETS: list[BucketKind] = ["raw", "derived"]


@pytest.mark.parametrize(
    "call",
    [
        lambda store: store.put(new_tenant(), "raw", "a.jpg", b"a", JPEG),
        lambda store: store.get(tenant := new_tenant(), "raw", f"{tenant}/a.jpg"),
        lambda store: store.delete(tenant := new_tenant(), "raw", [f"{tenant}/a.jpg"]),
        lambda store: list(store.list(new_tenant(), "raw")),
        lambda store: store.lifecycle_days("raw"),
        lambda store: store.ping(),
    ],
    ids=["put", "get", "delete", "list", "lifecycle_days", "ping"],
)
def test_nothing_works_before_ensure(untouched_objects: ObjectStore, call: Callable[[ObjectStore], object]) -> None:
    with pytest.raises(ObjectsUnavailableError, match="bucket"):
        call(untouched_objects)


def test_ensure_again_changes_nothing(objects: ObjectStore) -> None:
    tenant = new_tenant()
    key = objects.put(tenant, "raw", "a.jpg", b"a", JPEG)
    objects.ensure()
    assert objects.get(tenant, "raw", key) == b"a"


def test_raw_images_expire_and_derived_ones_do_not(objects: ObjectStore) -> None:
    assert objects.lifecycle_days("raw") == 30
    assert objects.lifecycle_days("derived") is None


def test_ping_describes_the_store(objects: ObjectStore) -> None:
    assert any(word in objects.ping() for word in ("S3", "in-memory"))


# --- storing and reading -------------------------------------------------------------------------------


@pytest.mark.parametrize("bucket", BUCKETS)
@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", bytes(range(256)) * 12_000], ids=["empty", "few", "3 MB"])
def test_what_was_stored_is_read_back(objects: ObjectStore, bucket: BucketKind, data: bytes) -> None:
    tenant = new_tenant()
    key = objects.put(tenant, bucket, "2026/11/22/face.jpg", data, JPEG)
    assert key == f"{tenant}/2026/11/22/face.jpg"
    assert objects.get(tenant, bucket, key) == data


def test_buckets_are_apart(objects: ObjectStore) -> None:
    tenant = new_tenant()
    key = objects.put(tenant, "raw", "a.jpg", b"a", JPEG)
    with pytest.raises(NotFoundError):
        objects.get(tenant, "derived", key)


def test_storing_again_replaces(objects: ObjectStore) -> None:
    tenant = new_tenant()
    objects.put(tenant, "raw", "a.jpg", b"first", JPEG)
    key = objects.put(tenant, "raw", "a.jpg", b"second", JPEG)
    assert objects.get(tenant, "raw", key) == b"second"
    assert [item.key for item in objects.list(tenant, "raw")] == [key]


def test_a_missing_object_is_not_found(objects: ObjectStore) -> None:
    tenant = new_tenant()
    with pytest.raises(NotFoundError):
        objects.get(tenant, "raw", f"{tenant}/never.jpg")


# --- names and tenants ---------------------------------------------------------------------------------

NOT_PLAIN = [
    "",
    "/a.jpg",
    "a.jpg/",
    "..",
    "../a.jpg",
    "a/../b.jpg",
    "a/./b.jpg",
    "a//b.jpg",
    "a b.jpg",
    "a\\b.jpg",
    "a\x00.jpg",
    "a\n.jpg",
    "a%2e%2e.jpg",
    "gesicht-ä.jpg",
    "a?b",
    "a" * 201,
    "/".join(["a" * 100] * 6),
]


@pytest.mark.parametrize("name", NOT_PLAIN)
def test_a_name_that_is_not_plain_is_refused_and_nothing_is_stored(objects: ObjectStore, name: str) -> None:
    tenant = new_tenant()
    with pytest.raises(InputError):
        objects.put(tenant, "raw", name, b"a", JPEG)
    assert list(objects.list(tenant, "raw")) == []


@pytest.mark.parametrize("name", ["a", "A-_.9", "...", "a/b/c.d", "x..y.jpg", "a" * 200, "/".join(["a" * 101] * 5)])
def test_a_plain_name_is_taken(objects: ObjectStore, name: str) -> None:
    tenant = new_tenant()
    key = objects.put(tenant, "raw", name, b"a", JPEG)
    assert [item.key for item in objects.list(tenant, "raw")] == [key]
    assert objects.get(tenant, "raw", key) == b"a"
    objects.delete(tenant, "raw", [key])
    assert list(objects.list(tenant, "raw")) == []


@pytest.mark.parametrize(
    "way",
    [
        "{theirs}/a.jpg",
        "{ours}/../{theirs}/a.jpg",
        "{ours}{theirs}/a.jpg",
        "/{theirs}/a.jpg",
        "a.jpg",
        "{ours}",
        "{ours}/",
        "",
    ],
)
def test_no_key_leads_to_another_tenants_object(objects: ObjectStore, way: str) -> None:
    ours, theirs = new_tenant(), new_tenant()
    kept = objects.put(theirs, "raw", "a.jpg", b"theirs", JPEG)
    own = objects.put(ours, "raw", "own.jpg", b"ours", JPEG)
    key = way.format(ours=ours, theirs=theirs)
    with pytest.raises(NotFoundError) as missing:
        objects.get(ours, "raw", key)
    with pytest.raises(NotFoundError):
        objects.delete(ours, "raw", [own, key])
    assert objects.get(theirs, "raw", kept) == b"theirs"
    assert objects.get(ours, "raw", own) == b"ours", "nothing was deleted before the check"
    with pytest.raises(NotFoundError) as nothing:
        objects.get(ours, "raw", f"{ours}/never.jpg")
    assert str(missing.value) == str(nothing.value), "nobody learns whether another tenant has it"


# --- listing and deleting ------------------------------------------------------------------------------


def test_a_list_holds_the_tenants_own_with_size_and_time(objects: ObjectStore) -> None:
    ours, theirs = new_tenant(), new_tenant()
    objects.put(theirs, "raw", "a.jpg", b"theirs", JPEG)
    before = datetime.now(UTC) - timedelta(seconds=2)  # S3 tells seconds
    keys = [objects.put(ours, "raw", name, b"12345", JPEG) for name in ("b/c.jpg", "a.jpg", "b/a/x.jpg")]
    listed = list(objects.list(ours, "raw"))
    assert sorted(item.key for item in listed) == sorted(keys)
    assert {item.size_bytes for item in listed} == {5}
    assert all(before <= item.modified_at <= datetime.now(UTC) + timedelta(seconds=2) for item in listed)


def test_a_list_can_be_left_in_the_middle(objects: ObjectStore) -> None:
    tenant = new_tenant()
    for number in range(5):
        objects.put(tenant, "raw", f"{number}.jpg", b"a", JPEG)
    assert len(list(islice(objects.list(tenant, "raw"), 2))) == 2
    assert len(list(objects.list(tenant, "raw"))) == 5


def test_more_are_listed_and_deleted_than_one_request_takes(objects: ObjectStore) -> None:
    """S3 lists and deletes a thousand at a time."""
    tenant = new_tenant()
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda number: objects.put(tenant, "raw", f"{number}", b"", JPEG), range(1_100)))
    assert {item.key for item in objects.list(tenant, "raw")} == set(keys)
    objects.delete(tenant, "raw", keys[1:])
    assert [item.key for item in objects.list(tenant, "raw")] == keys[:1]


def test_deleting_ignores_what_is_missing(objects: ObjectStore) -> None:
    tenant = new_tenant()
    key = objects.put(tenant, "raw", "a.jpg", b"a", JPEG)
    objects.delete(tenant, "raw", [f"{tenant}/never.jpg", key, key])
    objects.delete(tenant, "raw", [key])
    objects.delete(tenant, "raw", [])
    assert list(objects.list(tenant, "raw")) == []


# --- many threads --------------------------------------------------------------------------------------


def test_threads_read_what_they_stored(objects: ObjectStore) -> None:
    tenant = new_tenant()

    def store_and_read(number: int) -> str:
        key = objects.put(tenant, "derived", f"{number}.jpg", str(number).encode(), JPEG)
        assert objects.get(tenant, "derived", key) == str(number).encode()
        if number % 2:
            objects.delete(tenant, "derived", [key])
        return key

    with ThreadPoolExecutor(16) as pool:
        keys = list(pool.map(store_and_read, range(160)))
    assert {item.key for item in objects.list(tenant, "derived")} == set(keys[::2])
