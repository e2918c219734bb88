"""Whether a rebuilt collection may be served: it holds what the record gave it, and its searches find whom an exact
search finds. What is read and switched is `footfall.gallery`'s."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from contracts.base import TemplateId, TenantId
from footfall.errors import VectorsUnavailableError
from footfall.stores.base import BuiltCollection, StoredTemplate
from footfall.templates import normalise
from footfall.vision.types import Float32Array

NEIGHBOURS = 10
PROBES = 256
"""Probes over all tenants together: with ten neighbours each, one miss in 2,560 shows."""

_PROBES_OF_A_TENANT = 64
_PROBES_AT_ONCE = 8
"""Few, for a server of one worker keeps everybody waiting meanwhile."""

_SHOT_COSINE = 0.6
"""How like its template another shot of the same face is: the median of genuine pairs of `lfw_dev` lies near."""

_CHUNK_ROWS = 2_000
_SAME_VECTOR = 1e-5
_LADDER = (8, 4, 2)
"""Shares of the clusters that are tried where a gallery is large: an eighth, a quarter, a half."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What was looked at before a collection was served. `probes` is 0 for an empty gallery, whose recall is 1."""

    templates: int
    sampled_vectors: int
    probes: int
    recall_at_1: float
    recall_at_10: float
    nprobe: int | None


@dataclass(slots=True, eq=False)
class _Probes:
    """A tenant's probes with the exact nearest that were seen so far. `vectors` (p, 512), `scores` (p, 10)."""

    vectors: Float32Array
    scores: Float32Array
    waiting: list[Float32Array] = field(default_factory=list)

    def see(self, vector: Float32Array) -> None:
        self.waiting.append(vector)
        if len(self.waiting) >= _CHUNK_ROWS:
            self.settle()

    def settle(self) -> None:
        if not self.waiting:
            return
        scores = np.concatenate([self.scores, self.vectors @ np.stack(self.waiting).T], axis=1)
        self.scores = -np.sort(-scores, axis=1)[:, :NEIGHBOURS]
        self.waiting.clear()


class Witness:
    """Sees every template on its way into a collection, and knows afterwards what must be found there."""

    def __init__(self, samples: Mapping[TenantId, Sequence[StoredTemplate]], *, seed: int = 0) -> None:
        """`samples`: some templates of each tenant, as the record has them; probes are made of them."""
        self._samples = {tenant_id: list(sample) for tenant_id, sample in samples.items()}
        self._ids: dict[TenantId, set[TemplateId]] = {tenant_id: set() for tenant_id in samples}
        random = np.random.default_rng(seed)
        self._probes = {
            tenant_id: _Probes(shots, np.full((len(shots), NEIGHBOURS), -np.inf, np.float32))
            for tenant_id, sample in self._samples.items()
            if len(shots := _shots_of(sample, random))
        }

    def watched(self, templates: Iterable[StoredTemplate]) -> Iterator[StoredTemplate]:
        """The same templates, each seen."""
        for template in templates:
            self._ids.setdefault(template.tenant_id, set()).add(template.template_id)
            if template.tenant_id in self._probes:
                self._probes[template.tenant_id].see(template.vector)
            yield template

    def verify(self, built: BuiltCollection, *, min_recall: float, exact_up_to: int) -> Verification:
        """Also chooses how many clusters searches look into.

        Raises VectorsUnavailableError when a template, a vector or a neighbour is not what it must be.
        """
        for tenant_id, ids in self._ids.items():
            held = built.template_ids(tenant_id)
            if held != ids:
                raise _refused(f"{len(ids - held)} templates are missing and {len(held - ids)} are not the tenant's")
        sampled = sum(self._compare(built, tenant_id, sample) for tenant_id, sample in self._samples.items())
        for probes in self._probes.values():
            probes.settle()
        largest = max(map(len, self._ids.values()), default=0)
        tried = _tried(built.nlist, everything=largest <= exact_up_to)
        at_1 = at_10 = 1.0
        for nprobe in tried:
            at_1, at_10 = self._recall(built, nprobe)
            if min(at_1, at_10) >= min_recall:
                if nprobe is not None:
                    built.choose_nprobe(nprobe)
                return Verification(
                    sum(map(len, self._ids.values())),
                    sampled,
                    sum(len(probes.vectors) for probes in self._probes.values()),
                    at_1,
                    at_10,
                    nprobe,
                )
        raise _refused(
            f"its searches find {at_1:.2%} of the best and {at_10:.2%} of the ten best that an exact search finds; "
            f"{min_recall:.2%} is needed",
        )

    def _compare(self, built: BuiltCollection, tenant_id: TenantId, sample: Collection[StoredTemplate]) -> int:
        expected = {item.template_id: item.vector for item in sample if item.template_id in self._ids[tenant_id]}
        held = built.vectors(tenant_id, list(expected))
        wrong = [key for key, vector in expected.items() if not _same_vector(held.get(key), vector)]
        if wrong:
            raise _refused(f"{len(wrong)} of {len(expected)} sampled vectors are not as recorded")
        return len(expected)

    def _recall(self, built: BuiltCollection, nprobe: int | None) -> tuple[float, float]:
        """Shares of the exact best and ten best that are found. Told by their scores, for of two templates with one
        score either will do."""
        found_1 = found_10 = wanted_1 = wanted_10 = 0
        for tenant_id, probes in self._probes.items():
            hits = [
                near
                for start in range(0, len(probes.vectors), _PROBES_AT_ONCE)
                for near in built.search(
                    tenant_id, probes.vectors[start : start + _PROBES_AT_ONCE], limit=NEIGHBOURS, nprobe=nprobe
                )
            ]
            for exact, near in zip(probes.scores, hits, strict=True):
                finite = exact[np.isfinite(exact)]
                scores = np.full(len(finite), -np.inf)
                scores[: len(near)] = [hit.score for hit in near[: len(finite)]]
                reached = scores[: len(finite)] >= finite - _SAME_VECTOR
                found_1, wanted_1 = found_1 + int(reached[:1].sum()), wanted_1 + len(finite[:1])
                # A neighbour that was missed moves all after it up, so the last of those found tells how many.
                found_10 += int(np.searchsorted(-scores, -(finite[-1] - _SAME_VECTOR), side="right"))
                wanted_10 += len(finite)
        return (found_1 / wanted_1 if wanted_1 else 1.0), (found_10 / wanted_10 if wanted_10 else 1.0)


def sample_sizes(sizes: Mapping[TenantId, int]) -> dict[TenantId, int]:
    """How many probes each tenant gets: more for larger galleries, one at least, PROBES or so in all."""
    total = sum(sizes.values())
    return {
        tenant_id: min(size, _PROBES_OF_A_TENANT if len(sizes) > 1 else PROBES, max(1, PROBES * size // max(total, 1)))
        for tenant_id, size in sizes.items()
    }


def _shots_of(sample: Sequence[StoredTemplate], random: np.random.Generator) -> Float32Array:
    """(n, 512): for each template another shot of its face."""
    if not sample:
        return np.empty((0, 0), np.float32)
    return np.stack([_shot(item.vector, random) for item in sample])


def _shot(vector: Float32Array, random: np.random.Generator) -> Float32Array:
    aside = random.normal(size=vector.shape)
    aside -= np.dot(aside, vector) * vector
    aside /= np.linalg.norm(aside)
    return normalise((_SHOT_COSINE * vector + np.sqrt(1 - _SHOT_COSINE**2) * aside).astype(np.float32))


def _same_vector(held: Float32Array | None, recorded: Float32Array) -> bool:
    return held is not None and bool(np.allclose(held, recorded, atol=_SAME_VECTOR))


def _tried(nlist: int | None, *, everything: bool) -> list[int | None]:
    """Numbers of clusters to try, fewest first."""
    if nlist is None or everything:
        return [nlist]
    return [*sorted({max(1, nlist // share) for share in _LADDER}), nlist]


def _refused(fault: str) -> VectorsUnavailableError:
    return VectorsUnavailableError(
        f"The rebuilt collection is not served: {fault}.",
        hint="The former collection is still served. On a Milvus server set queryNode.segcore.interimIndex.enableIndex "
        "to false: its index for fresh rows misses people. Then rebuild again.",
    )
