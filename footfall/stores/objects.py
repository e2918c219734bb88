"""The object store over S3, through the minio SDK, which any S3 server answers. Images are bytes here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from itertools import islice

import urllib3
from minio import Minio
from minio.commonconfig import ENABLED, Filter
from minio.deleteobjects import DeleteObject
from minio.error import MinioException, S3Error
from minio.lifecycleconfig import Expiration, LifecycleConfig, Rule
from urllib3.exceptions import HTTPError

from contracts.base import TenantId
from footfall.errors import ConfigurationError, ObjectsUnavailableError
from footfall.settings import S3Settings, Settings
from footfall.stores.base import BucketKind, ObjectStore, StoredObject
from footfall.stores.rules import missing_buckets, missing_object, object_key, owned_key
from footfall.stores.standins import MemoryObjectStore

RULE_ID = "footfall-raw-retention"

_MOST_AT_ONCE = 1000  # of S3's DeleteObjects
_CONNECT_SECONDS = 2.0
_POOL_CONNECTIONS = 16
_RETRIES = urllib3.Retry(total=2, connect=1, backoff_factor=0.2, status_forcelist=(500, 502, 503, 504))
"""Few, because the caller waits and the daemon's outbox retries in its own time: a dead S3 answers within seconds."""

_ENDPOINT = re.compile(r"[A-Za-z0-9._:\[\]-]+")
_AWAY_HINT = "Check that S3 runs and that FOOTFALL_S3__ENDPOINT is right: `footfall status`, `footfall doctor`."
_KEY_FAULTS = frozenset({"NoSuchKey", "NoSuchObject"})
_REFUSALS = frozenset({"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "AllAccessDisabled"})
_MADE_BY_ANOTHER = frozenset({"BucketAlreadyOwnedByYou", "BucketAlreadyExists", "OperationAborted"})


def open_objects(settings: Settings) -> ObjectStore:
    """The store that the settings name; connects on first use. Raises ConfigurationError for an unusable address."""
    return MemoryObjectStore(settings.s3) if settings.offline else S3ObjectStore(settings.s3)


class S3ObjectStore:
    """See ObjectStore."""

    def __init__(self, settings: S3Settings) -> None:
        if not settings.endpoint or not settings.access_key or not settings.secret_key:
            raise ConfigurationError(
                "S3 needs FOOTFALL_S3__ENDPOINT, FOOTFALL_S3__ACCESS_KEY and FOOTFALL_S3__SECRET_KEY.",
                hint="`footfall up` starts a server and sets them; FOOTFALL_OFFLINE=1 does without one.",
            )
        if not _ENDPOINT.fullmatch(settings.endpoint):
            raise _no_endpoint()
        self._settings = settings
        self._names: dict[BucketKind, str] = {"raw": settings.bucket_raw, "derived": settings.bucket_derived}
        self._seen = False
        self._pool = urllib3.PoolManager(
            maxsize=_POOL_CONNECTIONS,
            timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=settings.timeout_seconds),
            retries=_RETRIES,
            cert_reqs="CERT_REQUIRED",  # against the system's authorities, or SSL_CERT_FILE
        )
        try:
            self._client = Minio(
                settings.endpoint,
                access_key=settings.access_key.get_secret_value(),
                secret_key=settings.secret_key.get_secret_value(),
                secure=settings.secure,
                region=settings.region,  # stated, so that the client need not ask for each bucket's
                http_client=self._pool,
            )
        except ValueError as error:
            raise _no_endpoint() from error

    def ensure(self) -> None:
        """Also raises ConfigurationError when the server does not keep the lifecycle rule."""
        for name in self._names.values():
            self._make_bucket(name)
        if self.lifecycle_days("raw") == self._settings.raw_retention_days:
            return
        self._set_lifecycle()
        kept = self.lifecycle_days("raw")
        if kept != self._settings.raw_retention_days:
            raise ConfigurationError(
                f"The S3 server keeps raw images {kept or 'for ever'} instead of "
                f"{self._settings.raw_retention_days} days.",
                hint="Use a server that keeps lifecycle rules, and remove other rules from the raw bucket.",
            )

    def put(self, tenant_id: TenantId, bucket: BucketKind, name: str, data: bytes, content_type: str) -> str:
        key = object_key(tenant_id, name)
        self._require_buckets()
        with _translated():
            self._client.put_object(self._names[bucket], key, BytesIO(data), len(data), content_type=content_type)
        return key

    def get(self, tenant_id: TenantId, bucket: BucketKind, key: str) -> bytes:
        with _translated():
            response = self._client.get_object(self._names[bucket], owned_key(tenant_id, key))
            try:
                return bytes(response.data)
            finally:
                response.close()
                response.release_conn()

    def delete(self, tenant_id: TenantId, bucket: BucketKind, keys: Sequence[str]) -> None:
        owned = [DeleteObject(owned_key(tenant_id, key)) for key in keys]
        if not owned:
            return
        with _translated():
            failed = list(self._client.remove_objects(self._names[bucket], owned))
        if failed:
            raise ObjectsUnavailableError(
                f"S3 did not delete {len(failed)} of {len(owned)} objects ({failed[0].code}).", hint=_AWAY_HINT
            )

    def erase(self, tenant_id: TenantId, bucket: BucketKind, keys: Sequence[str] | None) -> int:
        erased = 0
        for batch in _batches(self._to_erase(tenant_id, bucket, keys), _MOST_AT_ONCE):
            with _translated():
                failed = list(self._client.remove_objects(self._names[bucket], batch))
            if failed:
                raise ObjectsUnavailableError(
                    f"S3 did not delete {len(failed)} of {len(batch)} objects ({failed[0].code}).", hint=_AWAY_HINT
                )
            erased += len(batch)
        return erased

    def remaining(self, tenant_id: TenantId, bucket: BucketKind, keys: Sequence[str] | None) -> int:
        if keys is None or self._versioned(bucket):
            return sum(1 for _ in self._stored(tenant_id, bucket, keys))
        return sum(self._is_there(bucket, owned_key(tenant_id, key)) for key in keys)

    def list(self, tenant_id: TenantId, bucket: BucketKind) -> Iterator[StoredObject]:
        """Page by page, as it is read."""
        with _translated():
            for found in self._client.list_objects(self._names[bucket], prefix=f"{tenant_id}/", recursive=True):
                yield StoredObject(found.object_name, found.size or 0, found.last_modified or datetime.now(UTC))

    def lifecycle_days(self, bucket: BucketKind) -> int | None:
        """The shortest of the rules that cover the whole bucket."""
        days = [
            rule.expiration.days
            for rule in self._rules(self._names[bucket])
            if rule.status == ENABLED and rule.expiration and rule.expiration.days and _covers_all(rule)
        ]
        return min(days, default=None)

    def ping(self) -> str:
        self._seen = False
        self._require_buckets()
        return f"S3 with the buckets {' and '.join(self._names.values())}"

    def _to_erase(self, tenant_id: TenantId, bucket: BucketKind, keys: Sequence[str] | None) -> Iterator[DeleteObject]:
        if keys is not None and not self._versioned(bucket):
            yield from [DeleteObject(owned_key(tenant_id, key)) for key in keys]
            return
        yield from [*self._stored(tenant_id, bucket, keys)]

    def _stored(self, tenant_id: TenantId, bucket: BucketKind, keys: Sequence[str] | None) -> Iterator[DeleteObject]:
        """Every object of those keys or of the tenant, each version and delete marker on its own where there are such.
        A key is asked for as a prefix: S3 knows no other way to its versions."""
        versioned = self._versioned(bucket)
        for prefix in [f"{tenant_id}/"] if keys is None else [owned_key(tenant_id, key) for key in keys]:
            with _translated():
                for found in self._client.list_objects(
                    self._names[bucket], prefix=prefix, recursive=True, include_version=versioned
                ):
                    if keys is None or found.object_name == prefix:
                        yield DeleteObject(found.object_name, found.version_id if versioned else None)

    def _versioned(self, bucket: BucketKind) -> bool:
        """Whether the bucket keeps versions, or did once. A server without such a request keeps none."""
        with _translated():
            try:
                return self._client.get_bucket_versioning(self._names[bucket]).status is not None
            except S3Error as error:
                if error.code == "NotImplemented":
                    return False
                raise

    def _is_there(self, bucket: BucketKind, key: str) -> bool:
        with _translated():
            try:
                self._client.stat_object(self._names[bucket], key)
            except S3Error as error:
                if error.code in _KEY_FAULTS:
                    return False
                raise
        return True

    def _require_buckets(self) -> None:
        """Asked once before the first object: some servers make a bucket for whoever writes, without the rule by
        which raw images expire."""
        if self._seen:
            return
        with _translated():
            self._seen = all(self._client.bucket_exists(name) for name in self._names.values())
        if not self._seen:
            raise missing_buckets()

    def _make_bucket(self, name: str) -> None:
        with _translated():
            if self._client.bucket_exists(name):
                return
            try:
                self._client.make_bucket(name, location=self._settings.region)
            except S3Error as error:
                if error.code not in _MADE_BY_ANOTHER or not self._client.bucket_exists(name):
                    raise

    def _set_lifecycle(self) -> None:
        """Replaces Footfall's own rule and leaves the operator's others."""
        bucket = self._names["raw"]
        others = [rule for rule in self._rules(bucket) if rule.rule_id != RULE_ID]
        own = Rule(
            ENABLED,
            rule_id=RULE_ID,
            rule_filter=Filter(prefix=""),
            expiration=Expiration(days=self._settings.raw_retention_days),
        )
        with _translated():
            self._client.set_bucket_lifecycle(bucket, LifecycleConfig([*others, own]))

    def _rules(self, bucket: str) -> Sequence[Rule]:
        with _translated():
            found = self._client.get_bucket_lifecycle(bucket)
        return list(found.rules) if found else []


def _batches(items: Iterator[DeleteObject], size: int) -> Iterator[list[DeleteObject]]:
    while batch := list(islice(items, size)):
        yield batch


def _no_endpoint() -> ConfigurationError:
    return ConfigurationError(
        "FOOTFALL_S3__ENDPOINT must be host:port.",
        hint="Without http://, without a path and without a password; FOOTFALL_S3__SECURE=1 asks for TLS.",
    )


def _covers_all(rule: Rule) -> bool:
    """Whether the rule is for every object: no prefix, no tag, no combination of them."""
    narrowed = rule.rule_filter
    return narrowed is None or not (narrowed.prefix or narrowed.tag or narrowed.and_operator)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except S3Error as error:
        if error.code in _KEY_FAULTS:
            raise missing_object() from error
        if error.code == "NoSuchBucket":
            raise missing_buckets() from error
        if error.code in _REFUSALS:
            raise ConfigurationError(
                f"S3 refuses the request ({error.code}).",
                hint="Check FOOTFALL_S3__ACCESS_KEY, FOOTFALL_S3__SECRET_KEY and this machine's clock.",
            ) from error
        raise ObjectsUnavailableError(f"S3 answered with {error.code}.", hint=_AWAY_HINT) from error
    except (MinioException, HTTPError) as error:
        raise ObjectsUnavailableError("S3 did not answer.", hint=_AWAY_HINT) from error
