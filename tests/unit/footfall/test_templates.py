"""Templates keep every bit on the way to the table and back, and a bad one from outside is refused with its reason."""

from __future__ import annotations

import base64
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.events import Embedding
from footfall.errors import EmbeddingInvalidError, ModelVersionMismatchError
from footfall.templates import TEMPLATE_BYTES, decode_vector, encode_vector, fuse, normalise, parse_embedding
from tests.vectors import as_base64, like, person

VERSION = "mock-1"


def embedding(data: bytes, version: str = VERSION) -> Embedding:
    return Embedding(model_version=version, vector=base64.b64encode(data).decode())


@given(st.integers(0, 2**32 - 1))
def test_a_stored_template_is_read_back_bit_for_bit(seed: int) -> None:
    vector = person(seed)

    assert np.array_equal(decode_vector(encode_vector(vector)), vector)


def test_templates_are_stored_as_little_endian_float32() -> None:
    stored = encode_vector(np.arange(512, dtype=np.float32))

    assert len(stored) == TEMPLATE_BYTES == 2048
    assert stored[4:8] == struct.pack("<f", 1.0)


@pytest.mark.parametrize("shape", [(511,), (1, 512), (0,)])
def test_a_vector_of_another_shape_is_not_stored(shape: tuple[int, ...]) -> None:
    with pytest.raises(EmbeddingInvalidError, match="512"):
        encode_vector(np.ones(shape, dtype=np.float32))


@pytest.mark.parametrize("length", [0, 2047, 2049, 4096])
def test_stored_bytes_of_another_length_are_no_template(length: int) -> None:
    with pytest.raises(EmbeddingInvalidError, match="2048"):
        decode_vector(bytes(length))


def test_an_events_template_is_taken_as_it_is() -> None:
    vector = person(1)

    parsed = parse_embedding(Embedding(model_version=VERSION, vector=as_base64(vector)), VERSION)

    assert parsed.dtype == np.float32
    assert np.allclose(parsed, vector, atol=1e-7)


@pytest.mark.parametrize("norm", [0.9991, 1.0009])
def test_a_norm_within_a_thousandth_of_one_is_taken_and_made_one(norm: float) -> None:
    parsed = parse_embedding(embedding(encode_vector(person(1) * np.float32(norm))), VERSION)

    assert np.linalg.norm(parsed) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("norm", [0.0, 0.998, 1.002, 40.0])
def test_any_other_norm_is_refused(norm: float) -> None:
    with pytest.raises(EmbeddingInvalidError, match="norm"):
        parse_embedding(embedding(encode_vector(person(1) * np.float32(norm))), VERSION)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_refused(number: float) -> None:
    vector = person(1)
    vector[3] = number

    with pytest.raises(EmbeddingInvalidError, match="not finite"):
        parse_embedding(embedding(vector.tobytes()), VERSION)


@pytest.mark.parametrize("text", ["!" * 2732, "A" * 2731 + "\n", "é" * 2732, "=" * 2732])
def test_what_is_not_base64_is_refused(text: str) -> None:
    with pytest.raises(EmbeddingInvalidError, match="base64"):
        parse_embedding(Embedding(model_version=VERSION, vector=text), VERSION)


def test_base64_of_another_number_of_bytes_is_refused() -> None:
    longer = Embedding(model_version=VERSION, vector=base64.b64encode(bytes(2049)).decode())

    with pytest.raises(EmbeddingInvalidError, match="2049"):
        parse_embedding(longer, VERSION)


def test_a_template_of_another_model_is_refused_by_name() -> None:
    with pytest.raises(ModelVersionMismatchError, match=r"made with other-2; this server compares mock-1"):
        parse_embedding(embedding(encode_vector(person(1)), "other-2"), VERSION)


def test_no_refusal_repeats_the_template() -> None:
    vector = as_base64(person(1) * np.float32(2))

    with pytest.raises(EmbeddingInvalidError) as refusal:
        parse_embedding(Embedding(model_version=VERSION, vector=vector), VERSION)

    assert vector[:12] not in f"{refusal.value} {refusal.value.hint}"


def test_fusing_two_shots_lies_nearer_to_both_than_they_lie_to_each_other() -> None:
    one = person(1)
    other = like(one, 0.6)

    fused = fuse(np.stack([one, other]))

    assert np.linalg.norm(fused) == pytest.approx(1.0, abs=1e-6)
    assert float(fused @ one) == pytest.approx(float(fused @ other), abs=1e-5)
    assert float(fused @ one) > 0.85


def test_templates_that_cancel_out_have_no_mean() -> None:
    with pytest.raises(EmbeddingInvalidError, match="no direction"):
        fuse(np.stack([person(1), -person(1)]))


def test_normalising_needs_a_direction() -> None:
    with pytest.raises(EmbeddingInvalidError, match="no direction"):
        normalise(np.zeros(512, dtype=np.float32))
