"""`python -m benchmarks search`: what it refuses, what it finds on the embedded Milvus, and a server that is not to be
had."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks import search
from benchmarks.__main__ import main
from footfall.errors import ServiceUnavailableError

KEYS = {"backend", "vectors", "tenants", "recall_at_1", "p95_ms", "exact_p95_ms"}


def test_a_row_has_the_figures_of_one_backend_and_size(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["search", "--backend", "milvus-lite", "--vectors", "300", "--probes", "5", "--json"]) == 0
    [row] = json.loads(capsys.readouterr().out.splitlines()[-1])["rows"]
    assert row.keys() >= KEYS
    assert (row["backend"], row["vectors"], row["tenants"], row["recall_at_1"]) == ("milvus-lite", 300, 2, 1.0)
    assert min(row["p95_ms"], row["exact_p95_ms"]) > 0


def test_a_server_that_cannot_be_had_is_skipped_and_says_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise ServiceUnavailableError("It cannot be installed here.")

    monkeypatch.setattr(search, "running_server", refuse)
    assert main(["search", "--backend", "milvus-server", "--vectors", "300", "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["rows"], told["skipped"]) == ([], {"milvus-server": "It cannot be installed here."})


@pytest.mark.parametrize("words", [["--vectors", "many"], ["--vectors", "5"], ["--tenants", "0"], ["--probes", "0"]])
def test_sizes_that_cannot_be_measured_are_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["search", *words]) == 2
    assert "error:" in capsys.readouterr().err


def test_people_are_unit_vectors_whose_shots_are_nearest_to_them() -> None:
    random = np.random.default_rng(3)
    matrix = search.people(300, random)
    shots = search.shots_of(matrix, 40, random)
    assert np.allclose(np.linalg.norm(matrix, axis=1), 1.0, atol=1e-5)
    own = (shots @ matrix.T).max(axis=1)
    assert own.min() > 0.35
    assert own.max() < 0.8
