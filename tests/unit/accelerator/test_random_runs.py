"""Random runs of any energy, size, temperature, dynamics, order and start have the bits of the kernels on a device."""

import importlib.util

import numpy as np
import pytest

import densehop as dh
from tests.device_scan import Case, random_case

if importlib.util.find_spec("jax") is None:
    pytest.skip("JAX is not installed", allow_module_level=True)


@pytest.mark.parametrize("seed", [1, 2])
def test_some(seed, tmp_path):
    case = random_case(np.random.default_rng([7, seed]), sizes=(20,), n_chains=3)
    assert case.differences(tmp_path) == [], str(case)


@pytest.mark.long
@pytest.mark.parametrize("hundred", [0, 1, 2])
def test_three_hundred(hundred, tmp_path):
    """Three seconds of the processor for each, in which JAX compiles."""
    wrong = []
    for seed in range(100 * hundred, 100 * hundred + 100):
        case = random_case(np.random.default_rng(seed))
        wrong += [f"{seed}: {case}: {names}" for names in [case.differences(tmp_path)] if names]
    assert not wrong, "\n".join(wrong)


@pytest.mark.long
def test_few_patterns_at_zero_temperature(tmp_path):
    """Many flips cost nothing but rounding, and the kernels run a good part of the chains again (`weights.Errors`)."""
    wrong = []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        patterns = rng.choice([-1, 1], (int(rng.integers(2, 30)), 20))
        sharpness = float(10 ** rng.uniform(-6, 2))
        kinds = ({"p": 2, "interaction": "rectified"}, {"interaction": "exponential", "sharpness": sharpness})
        options = {"n_chains": 30, "n_sweeps": 6, "seed": seed, "snapshot_every": 1, "start": None}
        case = Case(dh.PBodyHopfield(patterns, **kinds[seed % 2]), "sample", 0.0, options)
        wrong += [f"{seed}: {case}: {names}" for names in [case.differences(tmp_path)] if names]
    assert not wrong, "\n".join(wrong)
