"""`python -m benchmarks identify`: how people are drawn, and what is counted, over templates made of directions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.background import statistics
from benchmarks.commands import COMMANDS, load
from benchmarks.identify import CALIBRATED, FIXED, HELD_OUT, PHOTOGRAPHS, TARGETS, draw, held_out, lines, rank, rows_of
from benchmarks.identify_plot import write_plot
from benchmarks.people import LabelledTemplates
from footfall.calibration_background import load_background
from footfall.errors import InputError
from footfall.settings import load_settings
from tests.vectors import like, person

KEYS = {"photos", "target_fpir", "fpir", "fnir", "enrolled", "probes", "strangers", "threshold_source"}


def labelled(people: int, photographs: int, cosine: float = 0.9) -> LabelledTemplates:
    names = tuple(f"person {number:03d}" for number in range(people) for _ in range(photographs))
    rows = np.stack(
        [like(person(number), cosine, shot=shot) for number in range(people) for shot in range(photographs)]
    )
    return LabelledTemplates(names, rows, rows)


SEEN = labelled(24, 5)


@pytest.mark.parametrize("photos", PHOTOGRAPHS)
def test_nobody_is_both_enrolled_and_a_stranger_and_no_photograph_is_both_template_and_probe(photos: int) -> None:
    split = draw(SEEN, photos, seed=3)
    owner = SEEN.owners()
    enrolled = np.concatenate(split.gallery)

    assert len(split.gallery) == 12
    assert all(len(own) == photos for own in split.gallery)
    assert not set(owner[enrolled]) & set(owner[split.strangers])
    assert not set(enrolled) & set(split.probes)
    assert [owner[split.gallery[number][0]] for number in split.sought] == list(owner[split.probes])


def test_another_seed_enrols_others_and_the_same_seed_the_same() -> None:
    one, same, other = draw(SEEN, 1, 1), draw(SEEN, 1, 1), draw(SEEN, 1, 2)

    assert np.array_equal(one.strangers, same.strangers)
    assert not np.array_equal(np.sort(one.strangers), np.sort(other.strangers))


def test_too_few_people_are_refused() -> None:
    with pytest.raises(InputError, match="3 people have two photographs"):
        draw(labelled(3, 2), 1, seed=0)


def test_each_probe_finds_its_own_person_first() -> None:
    split = draw(SEEN, 3, seed=0)

    ranked = rank(SEEN, split, split.probes)

    assert [people[0].person_id.int for people in ranked.people] == list(split.sought)
    assert np.array_equal(ranked.nearest_person, split.sought)


def test_the_rows_have_the_promised_keys_and_clear_faces_are_all_told_apart() -> None:
    rows = rows_of(SEEN, load_background("arcface-mbf-512-v1"), load_settings(), seeds=2)

    assert {(row["photos"], row["target_fpir"]) for row in rows} == {
        (photos, target) for photos in PHOTOGRAPHS for target in TARGETS
    }
    for row in rows:
        assert set(row) >= KEYS
        if row["threshold_source"] == CALIBRATED:
            assert (row["fpir"], row["fnir"]) == (0, 0)
    assert any(row["threshold_source"] == FIXED for row in rows)
    assert len(lines({"rows": rows})) == 1 + len(rows)


def test_blurred_faces_are_missed() -> None:
    rows = rows_of(labelled(24, 5, cosine=0.5), load_background("arcface-mbf-512-v1"), load_settings(), seeds=1)

    assert all(float(str(row["fnir"])) > 0.5 for row in rows if row["threshold_source"] == CALIBRATED)


def test_the_background_is_made_of_numbers_about_everybody_alike() -> None:
    figures = statistics(labelled(300, 2, cosine=0.999), replicates=3)

    assert (figures["people"], figures["photographs"], figures["pairs"]) == (300, 600, 600 * 299)
    tail = figures["tail"]
    assert isinstance(tail, dict)
    assert tail["scores"] == sorted(tail["scores"])
    # Random directions in 512 dimensions score with a deviation of 1 / sqrt(512).
    assert tail["scores"][tail["rates"].index(0.01)] == pytest.approx(2.326 / 512**0.5, rel=0.1)


def test_the_commands_are_listed() -> None:
    assert {"identify", "background"} <= set(COMMANDS)
    assert load("identify").__doc__


def test_a_background_that_is_held_out_is_made_of_people_who_take_no_part() -> None:
    names = (*(f"alone {number:03d}" for number in range(300)), *SEEN.people)
    alone = np.stack([person(1_000 + number) for number in range(300)])
    rows = np.concatenate([alone, SEEN.probes])
    seen = LabelledTemplates(names, rows, rows)

    background = held_out(seen)

    assert background is not None
    assert (background.people, background.photographs) == (300, 300)
    assert not {seen.people[row] for own in draw(seen, 1, 0).gallery for row in own} & set(names[:300])
    kinds = {row["threshold_source"] for row in rows_of(seen, background, load_settings(), seeds=1, aside=background)}
    assert {CALIBRATED, HELD_OUT} <= kinds
    assert held_out(SEEN) is None, "nobody is left aside there"


def test_the_plot_shows_the_gallerys_own_scores_beside_the_background(tmp_path: Path) -> None:
    drawn = tmp_path / "scores.svg"
    background = load_background("arcface-mbf-512-v1")

    write_plot(drawn, SEEN, draw(SEEN, 3, 0).gallery, background, target_fpir=0.01, unsure_fpir=0.1)

    written = drawn.read_text()
    assert written.startswith("<svg")
    assert written.count("<polyline") == 4
    assert {"unsure", "match"} <= set(written.replace(">", " ").split())
