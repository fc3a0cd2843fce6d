"""Students of examples: what is measured, against plain sums; the regimes, where theory knows which it is."""

from dataclasses import replace

import numpy as np
import pytest

import densehop as dh
from densehop.errors import InvalidInput
from densehop.learn.data import datasets
from densehop.learn.students.group import StudentRegime
from densehop.learn.students.sampling import energy_depth, sample_students, signs_of_images


def random_signs(*shape, seed=0):
    return np.random.default_rng(seed).choice(np.array([-1, 1], dtype=np.int8), shape)


@pytest.mark.parametrize("p", [2, 3])
def test_what_is_measured_is_what_it_says(p):
    examples = random_signs(12, 30)
    found = sample_students(examples, p, 0.8, 3, 100, seed=1)
    net = dh.PBodyHopfield(examples, p=p)
    for group in (found.annealed, found.started):
        overlaps = group.students @ examples.T.astype(int) / 30
        largest = np.abs(overlaps) if p == 2 else overlaps
        np.testing.assert_allclose(group.overlap, largest.max(axis=1))
        np.testing.assert_allclose(overlaps[np.arange(3), group.example], group.overlap)  # turned towards it
        np.testing.assert_array_equal(net.relax(group.relaxed), group.relaxed)
        for state, share, overlap in zip(group.relaxed, group.share, group.relaxed_overlap, strict=True):
            row = (examples @ state.astype(int)).argmax()
            assert overlap == pytest.approx((examples[row] @ state.astype(int)) / 30)
            alone = dh.PBodyHopfield(examples[[row]], p=p).energy(state)
            assert share == pytest.approx(alone / net.energy(state))
        np.testing.assert_array_equal(group.q, group.q.T)
        assert group.q_mean == pytest.approx(group.q[[0, 0, 1], [1, 2, 2]].mean())
        assert group.n_examples_found == len(set(group.example))
        assert np.isnan(group.pattern_overlap).all()


def test_chance_is_what_random_states_show():
    for p in (2, 3):
        examples = random_signs(50, 40)
        found = sample_students(examples, p, 1e4, 2, 50)
        overlaps = random_signs(4000, 40, seed=1) @ examples.T.astype(int) / 40
        largest = (np.abs(overlaps) if p == 2 else overlaps).max(axis=1)
        assert abs(found.chance - np.median(largest)) < 0.051  # one step of the overlaps


def test_a_hot_student_keeps_nothing():
    found = sample_students(random_signs(100, 60), 2, 30.0, 6, 200)
    assert found.regime is StudentRegime.PARAMAGNET
    assert found.verdict.equilibrated
    assert found.reason.startswith("paramagnet, annealed: q = 0.0")
    assert abs(np.median(found.annealed.overlap) - found.chance) < 0.15


def test_few_random_memories_are_prototypes():
    found = sample_students(random_signs(8, 120), 3, 0.5, 6, 100)
    group = found.group
    assert found.regime is StudentRegime.PROTOTYPE
    assert np.median(group.overlap) > 0.98
    assert np.median(group.share) == pytest.approx(1, abs=0.05)
    assert abs(found.depth - 1) < 0.1
    assert group.n_examples_found > 1
    assert group.q_mean < 0.6


def test_below_the_critical_temperature_the_teacher_is_found_and_close_to_every_example():
    temperature = 1.2
    problem = dh.TeacherStudent.nishimori(p=3, load=0.1, temperature=temperature)
    assert dh.phase(problem) is dh.Phase.EXAMPLE_RETRIEVAL
    pattern, examples = dh.draw_examples(150, 100, 3, temperature, seed=2)
    found = sample_students(examples, 3, temperature, 6, 100, pattern=pattern)
    group = found.group
    assert found.regime is StudentRegime.FEATURE_AND_PROTOTYPE
    assert group.pattern_overlap.min() > 0.99
    assert group.overlap.min() > dh.teacher.magnetisation(3, temperature) - 0.01  # m of theory, and the largest of many
    assert group.share.max() < 0.05


def test_many_random_memories_make_a_glass():
    found = sample_students(random_signs(3333, 100), 3, 0.5, 6, 60)  # load 2, less than half of the glass temperature
    assert found.regime is StudentRegime.SPIN_GLASS
    assert found.annealed.self_overlap > 0.8
    assert not found.verdict.equilibrated


def test_students_on_the_nishimori_line():
    """Two exact identities at any N: <E>/N = -lambda_N and q = q*; each disorder's deviation has mean 0."""
    n_spins, n_examples, temperature = 64, 192, 4.0
    energy, difference, overlap = [], [], []
    for seed in range(12):
        pattern, examples = dh.draw_examples(n_spins, n_examples, 2, temperature, seed=seed)
        found = sample_students(examples, 2, temperature, 6, 300, pattern=pattern, start=pattern, seed=seed)
        energy.append(found.annealed.energy.mean() + dh.signal_strength(n_spins, n_examples, 2, temperature))
        difference.append(found.annealed.q_mean - found.annealed.pattern_overlap.mean())
        overlap.append(found.annealed.pattern_overlap.mean())
        assert found.regime in {StudentRegime.FEATURE, StudentRegime.PARAMAGNET}
    for deviations in (energy, difference):
        mean = dh.diagnostics.disorder_estimate(deviations)
        assert abs(mean.mean) < 3.5 * mean.error
    assert np.mean(overlap) > 0.3
    assert dh.diagnostics.disorder_estimate(energy).error < 0.3
    assert dh.diagnostics.disorder_estimate(difference).error < 0.05


def test_digits_of_one_class_share_a_feature_and_large_p_finds_examples():
    zeros = signs_of_images(datasets.load("digits"), 40, 0)
    assert zeros.shape == (40, 64)
    majority = np.where(zeros.sum(axis=0) < 0, -1, 1)
    shared = sample_students(zeros, 2, 0.3 * energy_depth(zeros, 2), 6, 200)
    assert shared.verdict.equilibrated
    assert shared.group.q_mean > 0.9
    assert np.median(shared.group.share) < 0.1
    assert (shared.group.relaxed @ majority / 64).min() > 0.9  # the mean image is the feature
    every = signs_of_images(datasets.load("digits"), 30)
    single = sample_students(every, 16, 0.3 * energy_depth(every, 16), 6, 100)
    assert single.annealed.regime is StudentRegime.PARAMAGNET  # annealing does not find a hole this narrow
    assert single.group is single.started
    assert single.regime is StudentRegime.PROTOTYPE
    assert "prototype, started (annealed: paramagnet)" in single.reason


def test_the_started_group_wins_only_where_no_entropy_can_make_up_for_its_energy():
    found = sample_students(random_signs(5, 30), 2, 1.0, 2, 50)
    for gap, wins in ((-1.0, False), (0.6, False), (0.8, True)):  # log 2 = 0.69
        lower = replace(found.started, energy=found.annealed.energy - gap)
        other = replace(found, started=lower)
        assert (other.group is lower) == wins


def test_one_seed_gives_the_same_students():
    examples = random_signs(20, 30)
    one, two, other = (
        sample_students(examples, 2, 1.0, 3, 60, seed=seed, n_workers=n) for seed, n in ((3, 1), (3, 2), (4, 1))
    )
    for name in ("students", "q", "energy", "share"):
        np.testing.assert_array_equal(getattr(one.annealed, name), getattr(two.annealed, name))
        np.testing.assert_array_equal(getattr(one.started, name), getattr(two.started, name))
    assert not np.array_equal(one.annealed.q, other.annealed.q)
    assert not np.array_equal(one.annealed.q, one.started.q)


def test_wrong_input_is_named():
    examples = random_signs(5, 10)
    for change, match in (
        ({"temperature": 0.0}, "temperature must be"),
        ({"n_students": 1}, "n_students must be"),
        ({"n_sweeps": 10}, "n_sweeps must be"),
        ({"p": 1}, "p must be"),
        ({"pattern": np.ones(3)}, "pattern must have shape"),
        ({"start": np.ones(3)}, "start must have shape"),
        ({"examples": np.zeros((3, 4))}, "patterns must hold only"),
    ):
        arguments = {"examples": examples, "p": 2, "temperature": 1.0} | change
        with pytest.raises(InvalidInput, match=match):
            sample_students(**arguments)
    with pytest.raises(InvalidInput, match="no images of class 12"):
        signs_of_images(datasets.load("digits"), 10, 12)
    with pytest.raises(InvalidInput, match="memories must be"):
        signs_of_images(datasets.load("digits"), 0)
