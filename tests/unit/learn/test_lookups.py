"""Nearest memories, energies and posteriors from lists of memories, beside sums over all of them."""

import numpy as np
import pytest
from scipy.special import logsumexp
from threadpoolctl import threadpool_limits

from densehop import DenseAssociativeMemory
from densehop.kernels import listing
from densehop.kernels import nearby as kernel
from densehop.kernels.recall import known_ends
from densehop.learn.memory import bits, counting, nearby
from densehop.learn.memory.dynamics import posterior_mean, relax_together
from densehop.learn.memory.interactions import Interaction
from densehop.learn.memory.nearby import Nearby
from densehop.learn.memory.packing import all_signs, join, pack_bits, pack_memories
from densehop.learn.memory.screen import Screener
from tests import naive

CASES = [("exponential", 2, 0.4), ("exponential", 2, 1.1), ("rectified", 30, 1.0), ("rectified", 3, 1.0)]


@pytest.fixture
def few_at_a_time(monkeypatch):
    """Lists so short that some states need all memories."""
    monkeypatch.setattr(counting, "LISTED", 32)
    monkeypatch.setattr(counting, "MEMORIES_AT_ONCE", 64)


def problem(seed, n_memories=700, n_sites=90):
    """Return memories, states and hidden sites; some memories are alike, and some states are strangers."""
    random = np.random.default_rng(seed)
    memories = random.choice([-1.0, 1.0], (n_memories, n_sites))
    memories[n_memories // 2 :] = np.where(random.random((n_memories - n_memories // 2, n_sites)) < 0.2, -1, 1)
    states = memories[random.integers(n_memories, size=30)]
    states = np.where(random.random(states.shape) < 0.15, -states, states)
    states[:5] = random.choice([-1.0, 1.0], (5, n_sites))
    return memories, states, random.random(states.shape) < 0.3


@pytest.mark.usefixtures("few_at_a_time")
@pytest.mark.parametrize("hiding", [False, True])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_lists_move_states_as_all_counts_do(monkeypatch, case, hiding):
    for seed in range(4):
        memories, states, hidden = problem(seed)
        memory = bits.BitMemory.build(Interaction(*case, 90), pack_memories(memories, 0))
        masks = (~hidden, hidden) if hiding else (None, None)
        found = memory.relax(states > 0, *masks, 20, float)
        with monkeypatch.context() as whole:
            whole.setattr(counting, "LISTED", 2**15)
            expected = memory.relax(states > 0, *masks, 20, float)
        assert (found is None) == (expected is None)
        if expected is not None:
            assert (found.states == expected.states).all()
            assert (found.settled == expected.settled).all()
            assert (found.at_rest == expected.at_rest).all()


@pytest.mark.usefixtures("few_at_a_time")
@pytest.mark.parametrize(("name", "degree", "beta"), [*CASES, ("strict", 3, 1.0), ("power", 4, 1.0)], ids=str)
def test_nearest_memories_and_energies(name, degree, beta):
    memories, states, _ = problem(1)
    interaction = Interaction(name, degree, beta, 90)
    nearest, agree, energy = bits.nearest_signs_of(pack_memories(memories, 0), interaction, pack_bits(states < 0))
    overlaps = states @ memories.T
    assert (nearest == overlaps.argmax(axis=1)).all()
    assert (2 * agree - 90 == overlaps.max(axis=1)).all()
    np.testing.assert_allclose(energy, interaction.energies(overlaps), rtol=1e-11)


@pytest.mark.usefixtures("few_at_a_time")
@pytest.mark.parametrize("beta", [0.05, 0.5, 3.0])
def test_posterior_means(beta):
    memories, states, hidden = problem(2)
    words = pack_memories(memories, 0)
    for absent in (None, hidden):
        seen = states if absent is None else np.where(absent, 0, states)
        known = None if absent is None else pack_bits(absent)
        signs = pack_bits(seen < 0)
        means, sums = bits.posterior_means(words, beta, signs, known)
        np.testing.assert_allclose(means, posterior_mean(beta, memories, seen), atol=1e-11)
        np.testing.assert_allclose(sums, logsumexp(beta * seen @ memories.T, axis=1), rtol=1e-12)


def test_lists_are_those_of_the_slow_twin():
    random = np.random.default_rng(3)
    counts = [random.integers(0, 60, (4, 64)).astype(np.int16) for _ in range(5)]
    floors = np.maximum(np.arange(61) - 6, 0)
    listed, places = np.full((4, 32), -1, dtype=np.int16), np.zeros((4, 32), dtype=np.int64)
    tops, number = np.zeros((2, 4), dtype=np.int64)
    for block, some in enumerate(counts):
        listing.collect(some, 4, 64 * block, floors, tops, listed, places, number)
    for state in range(4):
        expected = naive.listed_memories(np.concatenate([some[state] for some in counts]), floors)
        assert tops[state] == max(some[state].max() for some in counts)
        if number[state] == listing.TOO_MANY:
            assert len(expected) > 16 or len(naive.listed_memories(counts[0][state], floors)) > 16
            continue
        kept = {int(place): int(count) for place, count in zip(places[state], listed[state], strict=True) if count >= 0}
        assert expected.items() <= kept.items()


def test_bits_are_put_together_and_come_back():
    for first, second in ((5, 40), (32, 1), (64, 64)):
        signs = np.random.default_rng(first).choice([-1, 1], (first + second, 45)).astype(np.int8)
        both = join(pack_memories(signs[:first], 0), pack_memories(signs[first:], 0))
        assert (all_signs(both) == signs).all()
        assert (both.words == pack_memories(signs, 0).words).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("hiding", [False, True])
@pytest.mark.parametrize("beta", [0.5, 20.0])
def test_blends_are_weighted_means(dtype, hiding, beta):
    random = np.random.default_rng(4)
    memories = random.uniform(-1, 1, (300, 40)).astype(dtype)
    states = (memories[:25] + random.normal(0, 0.2, (25, 40))).astype(dtype)
    seen = random.random(states.shape) < 0.6 if hiding else None
    near = Nearby(memories, memories.astype(np.float32))
    found = near.blend(states, seen, beta)
    expected = [naive.blend(memories, state, seen[n] if hiding else None, beta) for n, state in enumerate(states)]
    if found is None:
        assert beta < 1
        return
    for n, (mean, squares, log) in enumerate(expected):
        np.testing.assert_allclose(found.targets[n], mean, atol=1e-12)
        assert found.nearest[n] == np.argmin(squares)
        assert found.squares[n] == pytest.approx(min(squares), rel=1e-12)
        assert found.logs[n] == pytest.approx(log, abs=1e-12)
        distances, places = near.nearest(states[[n]], None if seen is None else seen[[n]], 7)
        assert places[0].tolist() == np.argsort(squares)[:7].tolist()
        np.testing.assert_allclose(distances[0], np.sort(squares)[:7], rtol=1e-12)


@pytest.mark.parametrize("kind", [np.uint8, np.float32, np.float64, bool])
def test_types_of_data_agree(kind):
    random = np.random.default_rng(5)
    data = random.integers(0, 2 if kind is bool else 200, (60, 30))
    asked = data[:20].copy()
    asked[:, :3] = data[20:40, :3]
    one = DenseAssociativeMemory().fit(data.astype(kind)).recall(asked.astype(kind))
    two = DenseAssociativeMemory().fit(data.astype(float)).recall(asked.astype(float))
    assert (one.memory == two.memory).all()
    np.testing.assert_allclose(one.patterns.astype(float), two.patterns, atol=1e-3)
    np.testing.assert_allclose(one.energy, two.energy, rtol=1e-4, atol=1e-5)


def test_memories_of_bits_take_a_bit_each():
    memory = DenseAssociativeMemory().fit(np.random.default_rng(6).integers(0, 2, (4000, 320), dtype=np.uint8))
    memory.recall(memory.encoding_.decode(memory.memories_[:5]))
    held = [value for value in vars(memory._stored).values() if isinstance(value, np.ndarray)]
    assert sum(one.nbytes for one in held) == 0
    assert memory._stored.words.words.nbytes == 4000 * 320 // 8


@pytest.mark.parametrize(("interaction", "beta"), [("exponential", None), ("exponential", 0.05), ("attention", 0.3)])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_any_number_of_blas_threads_gives_the_same_bits(interaction, beta, kind):
    random = np.random.default_rng(7)
    stored = random.normal(size=(900, 300)).astype(kind)
    asked = stored[:200] + random.normal(0, 0.4, (200, 300)).astype(kind)
    asked[:, :40] = np.nan
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            memory = DenseAssociativeMemory(interaction, beta=beta).fit(stored)
            found.append((memory.beta_, memory.recall(asked), memory.kneighbors(asked, 5)))
    assert found[0][0] == found[1][0]
    for name in ("patterns", "energy", "distance", "p_value", "memory"):
        np.testing.assert_array_equal(getattr(found[0][1], name), getattr(found[1][1], name))
    for one, two in zip(found[0][2], found[1][2], strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("name", ["exponential", "strict"])
def test_signs_beyond_what_counts_of_16_bits_hold(name):
    random = np.random.default_rng(8)
    codes = random.choice([-1.0, 1.0], (3, 33_000))
    asked = np.where(random.random(codes.shape) < 0.2, -codes, codes)
    asked[:, ::3] = np.nan
    memory = DenseAssociativeMemory(name, degree=2).fit(codes)
    found = memory.recall(asked, clamp=False)
    assert (found.patterns == codes).all()
    assert (found.memory == np.arange(3)).all()
    assert found.known.all()
    np.testing.assert_allclose(found.overlap, 1)
    assert (memory.kneighbors(codes)[1][:, 0] == np.arange(3)).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("hidden", [0.0, 0.5])
@pytest.mark.parametrize("anew", [False, True])
def test_few_memories_decide_also_where_the_nearest_lies_far_back(dtype, hidden, anew, monkeypatch):
    """Beside steps by products of matrices, and with states screened anew at each step."""
    random = np.random.default_rng(20)
    stored = random.random((3000, 400)).astype(dtype)
    memory = DenseAssociativeMemory().fit(stored)
    asked = (stored[-90:] + random.normal(0, 0.05, (90, 400))).astype(dtype)
    asked[random.random(asked.shape) < hidden] = np.nan
    present = None if not hidden else ~np.isnan(asked)
    free, states = None if present is None else ~present, memory._stored.start(asked, present)
    arguments = (memory.interaction_, states, free, present, 100)
    if anew:
        monkeypatch.setattr(nearby, "FURTHER", 10**9)
        monkeypatch.setattr(nearby, "FEW", 0)
    found = memory._stored.nearby.relax(*arguments)
    assert found is not None
    right = relax_together(memory.interaction_, memory.memories_, *arguments[1:], real=True)
    np.testing.assert_allclose(found.states, right.states, atol=2e-6 if dtype == np.float32 else 1e-8)
    np.testing.assert_array_equal(found.settled, right.settled)


@pytest.mark.parametrize("n_memories", [5, 40, 513, 1500])
@pytest.mark.parametrize("hiding", [False, True])
def test_chunks_keep_their_largest_score(n_memories, hiding):
    random = np.random.default_rng(9)
    memories, states = (random.normal(size=(n, 20)).astype(np.float32) for n in (n_memories, 7))
    seen = random.random(states.shape) < 0.6 if hiding else None
    screen = Screener(memories).screen(states, seen)
    counted = np.ones(states.shape) if seen is None else seen
    scores = (counted * states) @ memories.T - counted @ memories.T.astype(float) ** 2 / 2
    expected = np.full(screen.maxima.shape, -np.inf)
    for memory in range(n_memories):
        chunk = memory // kernel.SPAN * kernel.CHUNKS + memory % kernel.CHUNKS
        expected[:, chunk] = np.maximum(expected[:, chunk], scores[:, memory])
    np.testing.assert_allclose(screen.maxima, expected, atol=1e-5)
    squares = (counted[:, None] * (states[:, None] - memories) ** 2).sum(axis=2)
    assert (screen.farthest(1) >= squares.min(axis=1)).all()
    assert (screen.farthest(3) >= np.sort(squares, axis=1)[:, 2]).all()
    far = kernel.count_near(screen.maxima, screen.cuts(np.full(7, 1e9)))
    assert far == screen.maxima.size  # all lie within so large a distance


@pytest.mark.parametrize("hiding", [False, True])
def test_states_that_have_moved_are_blended_as_if_screened_anew(hiding, monkeypatch):
    """However many must be measured, and with states far enough from where they were for others to count."""
    monkeypatch.setattr(nearby, "FURTHER", 1)
    random = np.random.default_rng(10)
    memories = random.uniform(-1, 1, (4000, 8)).astype(np.float32)
    before = memories[:40] + random.normal(0, 0.2, (40, 8)).astype(np.float32)
    seen = random.random(before.shape) < 0.8 if hiding else None
    near, beta = Nearby(memories, memories), 2000.0
    screen, blend = near._blend_anew(before, seen, beta)
    after = before + random.normal(0, 0.1, before.shape).astype(np.float32)
    further, anew = near._blend_further(screen, blend.nearest, after, beta), near.blend(after, None, beta)
    assert (anew.nearest != blend.nearest).any()
    for name, values in vars(anew).items():
        np.testing.assert_array_equal(getattr(further, name), values)
    monkeypatch.setattr(nearby, "FURTHER", 10**9)
    assert near._blend_further(screen, blend.nearest, -after, beta) is None  # too many may be near


def test_equally_near_greys_come_in_the_order_of_their_indices():
    rows = np.random.default_rng(11).random((3, 12)).astype(np.float32)
    stored = np.tile(rows, (400, 1))
    distances, indices = DenseAssociativeMemory().fit(stored).kneighbors(rows, 5)
    np.testing.assert_array_equal(indices, np.arange(3)[:, None] + 3 * np.arange(5))
    assert (distances == distances[:, :1]).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_ends_of_what_is_known(dtype):
    random = np.random.default_rng(13)
    data, known = random.normal(size=(40, 9)).astype(dtype), random.random((40, 9)) < 0.4
    data[~known] = np.where(random.random((~known).sum()) < 0.5, np.nan, 100)
    known[0] = False
    lows, highs = np.empty((2, 40), dtype=dtype)
    known_ends(data, known, lows, highs)
    np.testing.assert_array_equal(lows, [min(row[seen], default=np.inf) for row, seen in zip(data, known, strict=True)])
    np.testing.assert_array_equal(
        highs, [max(row[seen], default=-np.inf) for row, seen in zip(data, known, strict=True)]
    )
