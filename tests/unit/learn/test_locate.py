import math

import numpy as np
import pytest
from scipy.stats import binom

import densehop as dh
from densehop import DenseAssociativeClassifier, DenseAssociativeMemory, InvalidInput, PBodyHopfield, Phase
from densehop.apps.located import locate_sentences
from densehop.learn.attacks.overwrite import overwrite_attack, predicted_attack, predicted_return
from densehop.learn.data.datasets import load
from densehop.learn.location import alone, drive, locate
from densehop.learn.memory.interactions import Interaction
from densehop.learn.room import ends, network_of
from densehop.learn.survival import predicted_room, predicted_survival
from densehop.theory.questions.shannon import channel_capacity
from tests import naive


def signs(seed, *shape):
    return np.random.default_rng(seed).choice([-1, 1], shape)


def test_random_memories_far_from_capacity_meet_the_theory():
    found = locate(signs(0, 10, 150), p=3, n_trials=200)
    assert found.load == pytest.approx(10 * 6 / 150**2)
    assert found.phase is found.effective_phase is Phase.GLOBAL_RETRIEVAL
    assert not found.correlated
    assert found.fixed_points == 1
    assert found.predicted_eps == pytest.approx(0.5, abs=0.05)
    # the crossing at finite N: the two overlaps differ by 1/sqrt(N) between trials, 0.04 of eps
    assert found.attack.fails_at == pytest.approx(0.5, abs=0.05)
    assert found.room.survival == 1
    assert found.room.predicted_survival > 0.999
    assert found.room.bits_per_sign == pytest.approx(math.log2(10) / 150)
    assert found.room.limit_per_sign == pytest.approx(channel_capacity(0.1, 150) / math.log(2))
    assert 1 + 0.1 * math.log2(0.1) + 0.9 * math.log2(0.9) < found.room.limit_per_sign < 0.6  # larger N, the limit


@pytest.mark.parametrize(("name", "degree"), [("strict", 2), ("strict", 3), ("rectified", 10), ("exponential", 2)])
def test_what_becomes_of_ones_own_memories_is_predicted_from_their_overlaps(name, degree):
    """Fixed points, survival and attacks within sampling errors, of random codes above capacity and of digits."""
    images = load("digits").images[:60]
    for memories in (signs(0, 60, 60), np.where(images > 8, 1, -1)):
        stored, energy = memories.astype(np.int8), Interaction(name, degree, 0.3, memories.shape[1])
        fixed = (ends(stored, energy, stored) * stored).mean(axis=1) >= 0.95
        assert predicted_return(stored, energy, 0.0, 60) == pytest.approx(fixed.mean(), abs=0.08)
        flips = np.random.default_rng(1).random(stored.shape) < 0.1
        back = ((ends(stored, energy, np.where(flips, -stored, stored)) * stored).mean(axis=1) >= 0.95).mean()
        assert predicted_return(stored, energy, 0.1, 60) == pytest.approx(back, abs=0.2)
        fractions = np.array([0.0, 0.2, 0.8])
        measured = overwrite_attack(network_of(stored, energy), fractions, 60).retrieved
        np.testing.assert_allclose(predicted_attack(stored, energy, fractions, 60), measured, atol=0.25)


def test_the_measured_load_of_random_memories_is_their_load():
    found = [locate(signs(seed, 400, 100), p=3, n_trials=1) for seed in range(3)]
    assert np.mean([one.effective_load for one in found]) == pytest.approx(found[0].load, rel=0.03)
    assert abs(np.mean([one.bias for one in found])) < 0.02


@pytest.mark.parametrize("p", [2, 3, 4, 5])
def test_the_load_of_one_random_memory_is_exact_at_every_size(p):
    """Of all 2^N memories beside one: fields of mean 0, and of the variance of its load, though N is small."""
    n_sites, energy = 7, Interaction("strict", p, 0.3, 7)
    own, others = np.ones((1, n_sites), np.int8), naive.all_states(n_sites).astype(np.int8)
    fields = np.array([drive(np.vstack([own, other]), own, energy)[0] for other in others])
    assert fields.mean() == pytest.approx(1)
    assert p * alone(energy) * fields.var() == pytest.approx(dh.load_of(1, n_sites, p))


def test_too_many_memories_are_lost():
    found = locate(signs(1, 800, 40), p=3, n_trials=20)
    assert found.phase is Phase.SPIN_GLASS
    assert found.room.predicted_n_more < 0
    assert found.room.predicted_survival < 0.1
    assert found.attack.fails_at == 0
    assert found.fixed_points < 0.1


def test_correlated_memories_need_more_bodies():
    images = load("digits").images[:50]
    memories = [DenseAssociativeMemory("rectified", degree=p, encoding="binary").fit(images) for p in (3, 10)]
    few, many = (locate(one, one.degree, n_trials=20) for one in memories)
    assert few.correlated
    assert few.phase is Phase.GLOBAL_RETRIEVAL  # what the number of memories promises
    assert few.effective_phase is Phase.SPIN_GLASS  # what their overlaps do
    assert few.fixed_points < 0.1
    assert many.effective_phase is Phase.GLOBAL_RETRIEVAL
    assert many.fixed_points > 0.8


def test_fixed_points_are_those_of_the_network():
    memories = signs(2, 60, 30)
    relaxed = PBodyHopfield(memories, 3).relax(memories)
    assert locate(memories, p=3, n_trials=1).fixed_points == pytest.approx((relaxed == memories).all(axis=1).mean())


def test_learned_memories_are_located_by_their_signs():
    digits = load("digits")
    model = DenseAssociativeClassifier(20, degree=4, max_iter=2, random_state=0).fit(digits.images, digits.classes)
    found = locate(model, n_trials=5)
    assert (found.n_memories, found.n_sites, found.p) == (20, 64, 4)


def test_the_overwrite_attack_repeats_and_ends_at_the_intruder():
    memory = DenseAssociativeMemory("strict", degree=3).fit(signs(3, 5, 80))
    curve = overwrite_attack(memory, [1.0, 0.0, 0.4], n_trials=30, seed=1)
    assert curve.fraction.tolist() == [0, 0.4, 1]
    assert curve.overlap[0] == curve.intruder_overlap[-1] == 1
    again = overwrite_attack(memory, [0.0, 0.4, 1.0], n_trials=30, seed=1)
    np.testing.assert_array_equal(again.overlap, curve.overlap)
    assert 0.4 < curve.fails_at < 1


@pytest.mark.parametrize(("degree", "n_memories"), [(3, 200), (3, 300), (4, 1500)])
def test_what_comes_back_exactly_is_less_than_what_survives(degree, n_memories):
    """Survival leaves one sign in forty wrong; by theory and by the network's own dynamics far fewer have none."""
    memories = signs(3, n_memories, 80)
    room = locate(memories, p=degree, n_trials=1, survive=1.0).room
    random = np.random.default_rng(4)
    damaged = memories.copy()
    for row in damaged:
        row[random.permutation(80)[:8]] *= -1
    overlaps = (PBodyHopfield(memories, degree).relax(damaged) * memories).mean(axis=1)
    assert room.survival == pytest.approx((overlaps >= 0.95).mean(), abs=0.15)
    assert room.restored == pytest.approx((overlaps == 1).mean(), abs=0.15)
    assert room.predicted_restored == pytest.approx((overlaps == 1).mean(), abs=0.15)
    assert room.restored_with_more <= room.restored <= room.survival
    assert "with every sign right" in " ".join(locate_sentences(locate(memories[:20], p=degree, n_trials=1)))


def test_room_is_what_fits_besides():
    """The present memories survive beside as many random codes as it says, and not beside many more."""
    memories = signs(4, 60, 60)
    room = locate(memories, p=3, n_trials=1, damage=0.1, survive=0.9).room
    assert room.survival >= 0.9
    assert not room.at_least
    assert 0.5 < (60 + room.n_more) / (60 + room.predicted_n_more) < 2

    def survival(n_more, seed):
        network = PBodyHopfield(np.vstack([memories, signs(seed, n_more, 60)]), 3)
        damaged = np.where(np.random.default_rng(seed).random((60, 60)) < 0.1, -memories, memories)
        return ((network.relax(damaged) * memories).mean(axis=1) >= 0.95).mean()

    assert np.mean([survival(room.n_more // 2, seed) for seed in range(3)]) > 0.9
    assert np.mean([survival(2 * room.n_more, seed) for seed in range(3)]) < 0.9
    full = locate(signs(1, 800, 40), p=3, n_trials=1).room
    assert full.n_more == 0
    assert full.survival < 0.95


def test_the_limit_may_lie_below_the_smallest_fraction():
    memory = DenseAssociativeMemory("strict", degree=3).fit(signs(3, 5, 80))
    whole = overwrite_attack(memory, np.linspace(0, 1, 21), n_trials=30, seed=1)
    above = overwrite_attack(memory, [0.7, 0.9], n_trials=30, seed=1)
    assert above.fraction.tolist() == [0.7, 0.9]
    assert above.retrieved[0] < 0.5
    assert above.fails_at == pytest.approx(whole.fails_at, abs=0.2)
    assert above.fails_at > 0


def test_what_is_refused():
    with pytest.raises(InvalidInput, match="give p"):
        locate(signs(0, 4, 10))
    for memory in (DenseAssociativeMemory("attention"), DenseAssociativeMemory(encoding="graded")):
        with pytest.raises(InvalidInput, match="or give p"):
            locate(memory.fit(signs(0, 4, 10)))
    with pytest.raises(InvalidInput, match="at least 2 memories"):
        locate(signs(0, 1, 10), p=3)
    with pytest.raises(InvalidInput, match="of \\+-1"):
        locate(np.zeros((3, 4)), p=2)
    with pytest.raises(InvalidInput, match="fractions must be"):
        overwrite_attack(DenseAssociativeMemory().fit(signs(0, 4, 10)), [1.5])
    with pytest.raises(InvalidInput, match="memories of signs"):
        overwrite_attack(DenseAssociativeMemory().fit(np.random.default_rng(0).random((4, 10))), [0.5])


CAPACITIES = [
    ("strict", 3, 1.0, 100, 0.2, 1.4),
    ("strict", 4, 1.0, 50, 0.1, 1.4),
    ("power", 3, 1.0, 100, 0.1, 1.5),
    ("rectified", 10, 1.0, 60, 0.3, 1.5),
    ("exponential", 2, 0.2, 60, 0.2, 1.5),
    ("exponential", 2, 1.1, 60, 0.3, 1.5),
    ("strict", 2, 1.0, 200, 0.1, 1.6),
]


@pytest.mark.parametrize(("name", "degree", "beta", "n_sites", "damage", "within"), CAPACITIES)
def test_the_theory_of_random_codes_finds_where_half_of_them_survive(name, degree, beta, n_sites, damage, within):
    """Measured with the memory's own dynamics: more survive at the predicted number over `within`, fewer above."""
    interaction = Interaction(name, degree, beta, n_sites)
    half = predicted_room(interaction, 0, damage, 0.5)
    shares = []
    for number in (int(half / within), int(half * within)):
        codes = signs(number, number, n_sites).astype(np.int8)
        flips = np.random.default_rng(1).random((min(number, 200), n_sites)).argsort(axis=1)
        flips = flips < round(damage * n_sites)
        ended = ends(codes, interaction, np.where(flips, -codes[:200], codes[:200]))
        shares.append(((ended * codes[:200]).mean(axis=1) >= 0.95).mean())
    assert shares[0] > 0.5 > shares[1]


def test_few_memories_and_no_damage_survive_in_theory():
    for name in ("strict", "power", "rectified", "exponential"):
        interaction = Interaction(name, 3, 1.0, 784)
        for number in (1, 2, 10):
            assert predicted_survival(interaction, number, 0.1) > 0.999999
    assert predicted_survival(Interaction("exponential", 2, 1.1, 784), 10**6, 0.2) > 0.999
    assert predicted_survival(Interaction("exponential", 2, 1.1, 784), 10**6, 0.5) < 1e-3


def test_large_sharpness_is_limited_by_the_nearest_code_alone():
    """At beta -> infinity a code is lost only where another one is as close: the binomial law."""
    for damage, number in ((0.3, 3000), (0.3, 300), (0.2, 100_000)):
        flipped = round(damage * 61)
        lost = (number - 1) * binom.cdf(flipped, 61, 0.5)
        found = predicted_survival(Interaction("exponential", 2, 30.0, 61), number, damage)
        assert -np.log(found) == pytest.approx(lost, rel=0.02)


def test_the_default_memory_is_located():
    found = locate(DenseAssociativeMemory().fit(signs(0, 50, 64)), n_trials=20)
    assert (found.interaction, found.p, found.phase) == ("exponential", None, None)
    assert found.fixed_points == found.room.survival == 1
    assert found.room.n_more > 1000
    assert 0.5 < found.room.n_more / found.room.predicted_n_more < 2 or found.room.at_least
    assert "survive 10% flipped signs (overlap 0.95; exactly: 100%)" in repr(found)
    assert len(repr(found)) < 400


def test_many_bodies_of_many_sites_are_no_overflow():
    """64-bit integers do not hold these energies; they are kept in floating point."""
    found = locate(signs(0, 40, 150), p=16, n_trials=2, damage=0.4)
    assert found.fixed_points == 1
    assert found.room.survival == pytest.approx(found.room.predicted_survival, abs=0.1)
