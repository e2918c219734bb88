"""Collections of Milvus and the alias before them: making, loading, switching, dropping. Rows are vectors.py's."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from pymilvus import DataType, MilvusClient

from contracts.events import EMBEDDING_DIMENSION
from footfall.errors import ConfigurationError, FootfallError, VectorsUnavailableError
from footfall.settings import MilvusSettings
from footfall.stores.milvus import MilvusSession, MissingCollectionError, NameTakenError
from footfall.stores.rules import CollectionNames, empty_alias, other_version

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

_BULK_FACTOR = 60.0
"""Ten minutes at the default timeout: a server under load took two to index 200,000 vectors."""

_NPROBE = "footfall.nprobe"
"""The property of a collection that says how many clusters its searches look into."""

_INDEX_POLL_SECONDS = 0.2


class MilvusCollections:
    """The collections behind the settings' alias. Thread-safe; other processes may do the same meanwhile."""

    def __init__(self, session: MilvusSession, settings: MilvusSettings) -> None:
        self._session = session
        self._alias = settings.alias
        self._names = CollectionNames(settings.alias)
        self._scann = settings.index == "auto"
        self._nlist = settings.nlist
        self._nprobe = settings.nprobe
        self._chosen_nprobes: dict[str, int] = {}
        self._timeout = settings.timeout_seconds
        self.bulk_timeout_seconds = settings.timeout_seconds * _BULK_FACTOR
        """For what takes as long as there are rows: loading, flushing, counting."""

    def served(self, model_version: str | None = None) -> str:
        """The collection that the alias points at. Raises VectorsUnavailableError when there is none, and
        ModelVersionMismatchError when it is not of `model_version`."""
        found = self.served_or_none()
        if found is None:
            raise empty_alias(self._alias)
        if model_version is not None and not found.startswith(self._names.of_version(model_version)):
            raise other_version(self._alias, model_version)
        return found

    def served_or_none(self) -> str | None:
        try:
            described = self._call(
                "resolve its alias", lambda client: client.describe_alias(self._alias, timeout=self._timeout)
            )
        except MissingCollectionError:
            return None
        return str(described["collection_name"])

    def make_first(self, model_version: str) -> None:
        """A collection with the alias, while there is no alias. Several processes may do this at once: the alias goes
        to one, and the others drop what they made."""
        made = self.create(model_version)
        with suppress(NameTakenError):
            self._call("create its alias", lambda client: client.create_alias(made, self._alias, timeout=self._timeout))
        self.discard(made)

    def create(self, model_version: str) -> str:
        """A fresh, empty, loaded collection that no alias points at."""
        name = self._names.new_build(model_version)
        schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("template_id", DataType.VARCHAR, is_primary=True, max_length=36)
        schema.add_field("tenant_id", DataType.VARCHAR, is_partition_key=True, max_length=36)
        schema.add_field("person_kind", DataType.VARCHAR, max_length=16)
        schema.add_field("person_id", DataType.VARCHAR, max_length=36)
        schema.add_field("embedding", DataType.FLOAT_VECTOR, dim=EMBEDDING_DIMENSION)
        index = MilvusClient.prepare_index_params()
        index.add_index("embedding", metric_type="COSINE", **self._wanted_index())
        self._call(
            "create a collection",
            lambda client: client.create_collection(
                name, schema=schema, index_params=index, consistency_level="Strong", timeout=self.bulk_timeout_seconds
            ),
        )
        return name

    def require_dimensions(self, name: str) -> None:
        """Raises ConfigurationError for a collection whose vectors are no templates."""
        described = self._call(
            "describe a collection", lambda client: client.describe_collection(name, timeout=self._timeout)
        )
        dimensions = [field["params"]["dim"] for field in described["fields"] if "dim" in field["params"]]
        if dimensions != [EMBEDDING_DIMENSION]:
            raise ConfigurationError(
                f"The collection {name!r} holds vectors of {dimensions} numbers, not {EMBEDDING_DIMENSION}.",
                hint="Set FOOTFALL_MILVUS__ALIAS to a name that nothing else uses, or rebuild the gallery.",
            )

    def load(self, name: str) -> None:
        self._call("load a collection", lambda client: client.load_collection(name, timeout=self.bulk_timeout_seconds))

    def finish(self, name: str) -> None:
        """Has everything that was written on disk, indexed and searchable.

        Raises VectorsUnavailableError when the index takes longer than bulk calls may."""
        self._call("flush a collection", lambda client: client.flush(name, timeout=self.bulk_timeout_seconds))
        self.load(name)
        until = time.monotonic() + self.bulk_timeout_seconds
        while int(self._index_of(name).get("pending_index_rows", 0)):
            if time.monotonic() > until:
                raise VectorsUnavailableError(
                    f"Milvus has not indexed the collection {name!r} after {self.bulk_timeout_seconds:.0f} s.",
                    hint="The former collection is still served. Give Milvus time (FOOTFALL_MILVUS__TIMEOUT_SECONDS).",
                )
            time.sleep(_INDEX_POLL_SECONDS)

    def _wanted_index(self) -> dict[str, Any]:
        # Parameters are nested twice: pymilvus unpacks one level, and Milvus Lite reads nlist nowhere but in the inner.
        if self._scann and self._session.is_server:
            # With the vectors themselves beside their codes, so that scores are exact.
            return {"index_type": "SCANN", "params": {"params": {"nlist": self._nlist, "with_raw_data": True}}}
        return {"index_type": "IVF_FLAT", "params": {"params": {"nlist": self._nlist}}}

    def nlist(self, name: str) -> int:
        """Clusters of the collection's index."""
        described = self._index_of(name)
        return int(described.get("nlist") or described.get("params", {}).get("nlist") or self._nlist)

    def nprobe(self, name: str) -> int:
        """Clusters that a search looks into: those chosen for the collection, else the settings'. Asked of the server
        once a collection, for it is chosen before the collection is served and stays."""
        if name not in self._chosen_nprobes:
            described = self._call(
                "describe a collection", lambda client: client.describe_collection(name, timeout=self._timeout)
            )
            properties = described.get("properties") or {}
            self._chosen_nprobes[name] = int(properties.get(_NPROBE, self._nprobe))
        return self._chosen_nprobes[name]

    def choose_nprobe(self, name: str, nprobe: int) -> None:
        """Keeps `nprobe` with the collection, for every process."""
        self._call(
            "alter a collection",
            lambda client: client.alter_collection_properties(
                name, properties={_NPROBE: str(nprobe)}, timeout=self._timeout
            ),
        )
        self._chosen_nprobes[name] = nprobe

    def former_of(self, served: str, model_version: str | None) -> str | None:
        """The collection to go back to from `served`: of the model version, or of any."""
        return self._names.newest_beside(self._listed(), served, model_version)

    def kept_before(self, served: str) -> list[str]:
        """The alias's collections that were begun before the one served. Younger ones may be rebuilds under way, whose
        counts nobody else may change."""
        return self._names.begun_before(self._listed(), served)

    def all_of_alias(self) -> list[str]:
        """Every collection of the alias, served, kept or being filled."""
        return [name for name in self._listed() if name.startswith(self._names.family)]

    def settle(self, name: str) -> None:
        """Has deletions written and, on a server, what was deleted leave its segments. Milvus Lite compacts when it
        flushes and knows no such request."""
        self._call("flush a collection", lambda client: client.flush(name, timeout=self.bulk_timeout_seconds))
        if not self._session.is_server:
            return
        job = self._call("compact a collection", lambda client: client.compact(name, timeout=self._timeout))
        until = time.monotonic() + self.bulk_timeout_seconds
        while self._call("compact a collection", partial(_compaction_state, job, self._timeout)) != "Completed":
            if time.monotonic() > until:
                raise VectorsUnavailableError(
                    f"Milvus has not compacted the collection {name!r} after {self.bulk_timeout_seconds:.0f} s.",
                    hint="Give Milvus time (FOOTFALL_MILVUS__TIMEOUT_SECONDS), and run the erasure again.",
                )
            time.sleep(_INDEX_POLL_SECONDS)

    def discard_version(self, model_version: str) -> int:
        """Drops every collection of that version but the one that the alias serves; how many there were."""
        listed, served, start = self._listed(), self.served_or_none(), self._names.of_version(model_version)
        found = [name for name in listed if name.startswith(start) and name != served]
        for name in found:
            self.discard(name)
        return len(found)

    def _index_of(self, name: str) -> dict[str, Any]:
        return self._call(
            "describe an index", lambda client: dict(client.describe_index(name, "embedding", timeout=self._timeout))
        )

    def switch(self, name: str) -> None:
        """Points the alias at `name`, whether or not there is an alias yet."""
        try:
            self._alter_alias(name)
        except MissingCollectionError:
            try:
                self._call(
                    "create its alias", lambda client: client.create_alias(name, self._alias, timeout=self._timeout)
                )
            except NameTakenError:
                self._alter_alias(name)

    def discard(self, name: str) -> None:
        """Drops a collection unless the alias serves it, as it does when only the answer to a switch was lost. One
        that cannot be dropped now is left to a later rebuild."""
        try:
            if self.served_or_none() != name:
                self._call("drop a collection", lambda client: client.drop_collection(name, timeout=self._timeout))
        except (FootfallError, MissingCollectionError) as error:
            logger.warning("the collection %s could not be dropped: %s", name, error)

    def discard_older(self, served: str, former: str) -> None:
        """Drops what is older than `former`, so that one step back stays possible and disks do not fill."""
        for name in self._names.older_than(self._listed(), served, former):
            self.discard(name)

    def _listed(self) -> list[str]:
        """Every collection of the server, of other aliases too."""
        names = self._call("list collections", lambda client: client.list_collections(timeout=self._timeout))
        return [str(name) for name in names]

    def _alter_alias(self, name: str) -> None:
        self._call("switch its alias", lambda client: client.alter_alias(name, self._alias, timeout=self._timeout))

    def _call(self, operation: str, action: Callable[[Any], Result]) -> Result:
        return self._session.call(operation, action)


def _compaction_state(job: int, timeout: float, client: Any) -> str:
    return str(client.get_compaction_state(job, timeout=timeout))
