"""Matrices of the spectral starts against the whole coupling tensor, and the two ways of finding their eigenvectors."""

import numpy as np
import pytest

import densehop as dh
from densehop.inference import spectral
from densehop.inference.examples import Examples
from tests import naive

EXAMPLES = (np.random.default_rng(0).integers(0, 2, (9, 7)) * 2 - 1).astype(np.int8)


def test_product_at_three_bodies_is_that_of_the_tensor():
    tensor, v = naive.coupling_tensor(EXAMPLES, 3), np.random.default_rng(1).normal(size=7)
    whole = np.einsum("ikl,jkl->ij", tensor, tensor)
    np.testing.assert_allclose(spectral.apply_three(EXAMPLES, v), whole @ v - 9 * 6 * 5 * v, rtol=0, atol=1e-3)


def test_product_at_four_bodies_is_that_of_the_tensor():
    v = np.random.default_rng(1).normal(size=(7, 7))
    v = v + v.T - 2 * np.diag(np.diag(v))
    expected = np.einsum("ijkl,kl->ij", naive.coupling_tensor(EXAMPLES, 4), v)
    found = spectral.apply_four(EXAMPLES, spectral.covariance(EXAMPLES), v)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3)


@pytest.mark.parametrize("largest", [0, 2**29])
def test_eigenvector_at_three_bodies_is_that_of_the_tensor_whether_it_is_formed_or_not(largest, monkeypatch):
    monkeypatch.setattr("densehop.inference.examples.LARGEST_TENSOR", largest)
    tensor = naive.coupling_tensor(EXAMPLES, 3)
    matrix = np.einsum("ikl,jkl->ij", tensor, tensor)
    if largest:
        np.fill_diagonal(matrix, 0)
    found = spectral.unfold_three(Examples(EXAMPLES, 3, 1), 0)
    assert abs(found @ np.linalg.eigh(matrix)[1][:, -1]) == pytest.approx(1, abs=1e-5)


def test_eigenvector_at_four_bodies_is_that_of_the_tensor():
    matrix = naive.coupling_tensor(EXAMPLES, 4).reshape(49, 49)
    found = spectral.unfold_four(EXAMPLES, 0).ravel()
    assert abs(found @ np.linalg.eigh(matrix)[1][:, -1]) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(("p", "n_spins", "fits"), [(3, 512, True), (3, 513, False), (4, 128, True), (5, 20, False)])
def test_tensors_are_formed_up_to_half_a_gibibyte_whatever_the_examples_take(p, n_spins, fits):
    signs = np.broadcast_to(np.int8(1), (40_000, n_spins))
    assert Examples(signs, p, 1).fit_a_tensor == fits


def test_lanczos_stops_where_the_vector_does_not_change_any_more():
    """One eigenvalue far above the others is found in a few steps, not in forty."""
    direction = np.random.default_rng(0).normal(size=300)
    calls = []

    def apply(v):
        calls.append(v)
        return 1e3 * direction * (direction @ v) + np.linspace(0, 1, 300) * v

    found = spectral.largest_eigenvector(apply, np.ones(300))
    assert abs(found @ direction) / np.linalg.norm(direction) == pytest.approx(1, abs=1e-8)
    assert len(calls) < 8


def test_lanczos_finds_the_top_of_a_large_spectrum():
    rng = np.random.default_rng(2)
    direction = rng.normal(size=400)
    direction /= np.linalg.norm(direction)
    noise = rng.normal(size=(400, 400))
    matrix = (noise + noise.T) / np.sqrt(800) + 3 * np.outer(direction, direction)
    found = spectral.largest_eigenvector(lambda v: matrix @ v, rng.normal(size=400))
    expected = np.linalg.eigh(matrix)[1][:, -1]
    assert abs(found @ expected) == pytest.approx(1, abs=1e-6)


def excess_of_noise(n_examples, n_spins, n_repetitions):
    rng = np.random.default_rng(3)
    found = []
    for _ in range(n_repetitions):
        examples = (rng.integers(0, 2, (n_examples, n_spins)) * 2 - 1).astype(np.int8)
        largest = np.linalg.eigvalsh(spectral.covariance(examples))[-1]
        found.append(spectral.covariance_excess(largest, n_examples, n_spins))
    return np.array(found)


def test_excess_of_random_examples_approaches_the_law_of_tracy_and_widom_from_below():
    """Its mean is -1.21 and its deviation 1.27; signs have no variance on the diagonal and stay below at small N."""
    small, large = excess_of_noise(400, 50, 200), excess_of_noise(800, 200, 60)
    assert small.mean() < large.mean() < -1.21 + 3 * 1.27 / np.sqrt(60)
    assert large.mean() == pytest.approx(-1.21, abs=0.7)
    assert small.std() == pytest.approx(1.27, abs=0.3)
    assert small.max() < 4


def test_covariance_start_of_a_two_body_teacher_points_at_the_pattern():
    pattern, examples = dh.draw_examples(60, 3_000, 2, 4.0, seed=0)
    first = next(iter(spectral.spectral_starts(Examples(examples, 4, 1), 0)))
    assert first.name == "covariance"
    assert first.excess > 50
    assert abs(first.magnetisations @ pattern) / 60 > 0.8
