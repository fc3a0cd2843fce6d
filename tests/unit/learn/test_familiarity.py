"""What a memory says of questions that were never stored."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import binom
from sklearn.datasets import load_digits

from densehop import DenseAssociativeMemory, InvalidInput
from densehop.learn.memory.familiarity import Familiarity, independent_signs, nearest_signs, nearest_values
from densehop.learn.memory.packing import pack_memories

N_STRANGERS = 4000


def codes(seed, *shape):
    return np.random.default_rng(seed).choice([-1.0, 1.0], shape)


def rate_and_bound(known, rate=0.01):
    """Return the share of strangers called known, and three standard errors above the rate."""
    return known.mean(), rate + 3 * np.sqrt(rate / len(known))


@pytest.mark.parametrize("n_memories", [20, 500])
@pytest.mark.parametrize("hidden", [0.0, 0.5])
def test_codes_that_were_never_stored_are_strangers(n_memories, hidden):
    stored, strangers = codes(0, n_memories, 64), codes(1, N_STRANGERS, 64)
    memory = DenseAssociativeMemory(encoding="binary").fit(stored)
    mask = np.random.default_rng(2).random(strangers.shape) >= hidden if hidden else None
    share, bound = rate_and_bound(memory.recall(strangers, mask).known)
    assert share <= bound
    damaged = np.where(np.random.default_rng(3).random(stored.shape) < 0.1, -stored, stored)
    if not hidden:  # 32 known signs with 10% flipped do not suffice to tell them from the nearest of 500
        assert memory.recall(damaged).known.mean() > 0.99


def test_the_law_of_the_nearest_of_many_codes():
    """Beside the nearest of independent codes, drawn: the p-value of a stranger is uniform where codes allow it."""
    n_memories, n_sites = 100, 400
    counts = np.arange(150, 200)
    random = np.random.default_rng(5)
    nearest = random.binomial(n_sites, 0.5, (20_000, n_memories)).min(axis=1)
    law = Familiarity(n_memories, n_sites, np.full(1, np.inf), signs=True, independent=True)
    expected = (nearest[:, None] <= counts).mean(axis=0)
    np.testing.assert_allclose(law.p_values(4 * counts / n_sites, None, None), expected, atol=0.02)


def test_distances_between_signs_are_those_between_values():
    memories = codes(4, 300, 70)
    memories[::7] = memories[0]
    memories[1] = memories[8]
    memories[1, :30] *= -1  # a copy where the first sites are hidden
    words = pack_memories(memories, 0)
    np.testing.assert_allclose(nearest_signs(words), nearest_values(memories), rtol=1e-6)
    masks = np.random.default_rng(5).random((3, 70)) < 0.6
    masks[0, :30] = False
    for mask in masks[:, None]:
        np.testing.assert_allclose(nearest_signs(words, mask), nearest_values(memories, mask), rtol=1e-5, atol=1e-6)
    assert nearest_signs(words, masks[:1])[0] == 0


@pytest.mark.parametrize("graded", [True, False])
@pytest.mark.parametrize("mask", ["one", "few values", "many masks"])
def test_strangers_of_which_little_is_known_pass_at_the_stated_rate(graded, mask):
    """Over fewer values strangers come closer: judged by all, half of a digit's pixels let 5% to 27% of them pass."""
    images = load_digits().data
    images = images if graded else np.where(images > 8, 16.0, 0.0)
    random = np.random.default_rng(10)
    images = images[random.permutation(len(images))]
    stored, strangers = images[:900], images[900:]
    known = {"one": np.arange(64) < 24, "few values": np.arange(64) % 5 == 0}.get(mask, random.random((897, 64)) < 0.5)
    memory = DenseAssociativeMemory().fit(stored)
    share, bound = rate_and_bound(memory.recall(strangers, known).known)
    assert share <= bound
    if graded and mask == "many masks":
        assert memory.recall(stored[:897], known).known.mean() > 0.9


@pytest.mark.parametrize("graded", [True, False])
def test_images_of_other_hands_are_strangers_at_the_stated_rate(graded):
    images = load_digits().data
    images = images if graded else np.where(images > 8, 16.0, 0.0)
    order = np.random.default_rng(6).permutation(len(images))
    stored, strangers = images[order[:900]], images[order[900:]]
    memory = DenseAssociativeMemory(false_alarm_rate=0.05).fit(stored)
    found = memory.recall(strangers)
    # strangers that are copies of a stored image are none
    new = found.distance > 1e-9
    share, bound = rate_and_bound(found.known[new], 0.05)
    assert share <= bound
    assert memory.recall(stored).known.mean() > 0.9
    assert not memory.recall(np.random.default_rng(7).uniform(0, 16, (50, 64))).known.any()


def clusters(random):
    centres = random.normal(size=(5, 6))
    return lambda number: centres[random.integers(5, size=number)] + 0.1 * random.normal(size=(number, 6))


def kin(random):
    """Codes near six patterns: the law of independent codes would call most of them known."""
    patterns = random.choice([-1.0, 1.0], (6, 40))
    return lambda number: np.where(random.random((number, 40)) < 0.2, -1, 1) * patterns[random.integers(6, size=number)]


@pytest.mark.parametrize(
    "draws",
    [
        clusters,
        kin,
        lambda random: lambda number: random.normal(size=(number, 20)),
        lambda random: lambda number: np.where(random.random((number, 30)) < 0.2, 1.0, -1.0),
        lambda random: lambda number: np.where(random.random((number, 64)) < 0.56, 1.0, -1.0),
        lambda random: lambda number: random.choice([-1.0, 1.0], (number, 64)),
    ],
    ids=["clusters", "kin", "normal", "biased", "slightly biased", "fair"],
)
@pytest.mark.parametrize(("n_memories", "wanted"), [(9, 0.1), (9, 0.2), (30, 0.01), (50, None)])
@pytest.mark.filterwarnings("ignore:nothing is known")
def test_strangers_drawn_as_the_stored_rows_pass_at_the_rate(draws, n_memories, wanted):
    """By construction, over draws of stored rows and strangers: however few there are, whatever their law.

    Of n + 1 different vectors two are the closest pair, so a stranger is one of them with probability 2/(n + 1).
    """
    random = np.random.default_rng(15)
    shares, rates = [], []
    for _ in range(40):
        rows = draws(random)(n_memories + 50)
        stored, signs = rows[:n_memories], len(np.unique(rows)) == 2
        squares = cdist(rows[n_memories:], stored, "sqeuclidean").min(axis=1) / rows.shape[1]
        law = Familiarity(n_memories, rows.shape[1], nearest_values(stored), signs, signs and independent_signs(stored))
        rates.append(law.rate(wanted))
        strangers = squares[squares > 1e-9]  # a copy is none
        shares.append((law.p_values(strangers, None, None) <= rates[-1]).mean() if len(strangers) else 0)
    assert np.mean(shares) <= np.mean(rates) + 3 * np.std(shares) / np.sqrt(len(shares))
    assert max(rates) <= (wanted or 0.05)


def test_what_few_rows_can_tell():
    """The least rate of n rows that resemble each other is 2/(n + 1): it is taken, named or nothing is known."""
    images = load_digits().data
    for n_memories, rate in ((250, 0.01), (50, 2 / 51), (20, 0.0)):
        memory = DenseAssociativeMemory().fit(images[:n_memories])
        assert memory.false_alarm_rate_ == memory.recall(images[:9]).false_alarm_rate == pytest.approx(rate)
        assert memory.recall(images[:9]).known.all() == (rate > 0)
    memory = DenseAssociativeMemory(false_alarm_rate=0.01).fit(images[:50])
    with pytest.warns(
        UserWarning, match=r"takes 199 different stored rows; the 50 there are .* a rate of 0.039 or more"
    ):
        assert not memory.recall(images[:9]).known.any()
    few = DenseAssociativeMemory().fit(codes(16, 3, 64))  # independent codes have a law
    assert few.false_alarm_rate_ == 0.01
    assert few.recall(codes(16, 3, 64)).known.all()


@pytest.mark.parametrize(
    ("independent", "some"),
    [
        (True, codes(17, 200, 64)),
        (True, codes(17, 3, 8)),
        (True, codes(17, 1, 8)),
        (False, np.where(np.random.default_rng(18).random((200, 64)) < 0.56, 1.0, -1.0)),
        (False, np.vstack([codes(19, 20, 64)] * 2) * np.where(np.random.default_rng(19).random((40, 64)) < 0.1, -1, 1)),
    ],
)
def test_signs_are_independent_where_their_overlaps_say_so(independent, some):
    assert independent_signs(some) == independent


def test_questions_on_another_scale_are_named():
    images = load_digits().data[:200] / 16 * 255
    memory = DenseAssociativeMemory().fit(images)
    with pytest.warns(UserWarning, match=r"no question spreads over more than 1, everything stored over .* same scale"):
        assert not memory.recall(images[:5] / 255).known.any()
    with pytest.warns(UserWarning, match=r"questions reach from 0 to 65025, what was stored from 0 to 255"):
        memory.transform(images[:5] * 255)


def test_the_distance_is_that_of_the_question():
    stored = codes(8, 5, 40)
    asked = stored.copy()
    asked[:, :4] *= -1
    known = np.arange(40) < 20
    found = DenseAssociativeMemory().fit(stored).recall(asked, known)
    np.testing.assert_allclose(found.distance, 4 * 4 / 20)
    assert (found.p_value >= -np.expm1(5 * np.log1p(-binom.cdf(4, 20, 0.5))) - 1e-12).all()
    assert "Recall(5 patterns: 0 known" in repr(found)


def test_masked_values_are_hidden_values():
    images = load_digits().data[:100]
    hidden = np.random.default_rng(9).random(images.shape) < 0.5
    memory = DenseAssociativeMemory().fit(images)
    masked = np.ma.array(np.where(hidden, 0.0, images), mask=hidden)
    np.testing.assert_array_equal(memory.restore(masked), memory.restore(np.where(hidden, np.nan, images)))
    for call in (memory.transform, memory.fit, memory.partial_fit):
        with pytest.raises(InvalidInput, match="masked values"):
            call(masked)


def test_hidden_values_are_for_restore():
    memory = DenseAssociativeMemory().fit(np.eye(4))
    with pytest.raises(InvalidInput, match="X contains NaN: `restore` and `recall` complete"):
        memory.transform([[1, 0, np.nan, 0]])


def test_columns_must_come_in_their_order():
    images = pd.DataFrame(load_digits().data[:50]).add_prefix("pixel")
    memory = DenseAssociativeMemory().fit(images)
    for call in (memory.restore, memory.recall, memory.transform):
        with pytest.raises(ValueError, match="order"):
            call(images[images.columns[::-1]])


def test_rows_that_are_stored_twice_do_not_make_all_others_strangers():
    rng = np.random.default_rng(6)
    codes = rng.choice([-1, 1], (500, 64))
    memory = DenseAssociativeMemory().fit(np.concatenate([codes, np.repeat(codes[:1], 6, axis=0)]))
    assert memory.recall(codes).known.all()
    assert not memory.recall(rng.choice([-1, 1], (50, 64))).known.any()


def test_few_rows_in_clusters_do_not_pass_for_independent_ones():
    """Twenty rows of 30 signs, each a fifth off one of eight centres: not unrelated codes."""
    random = np.random.default_rng(5)
    told = []
    for _ in range(60):
        centres = random.choice([-1, 1], (8, 30))
        clustered = centres[random.integers(0, 8, 20)] * np.where(random.random((20, 30)) < 0.2, -1, 1)
        pair = (clustered, random.choice([-1, 1], (20, 30)))
        told.append([independent_signs(rows) for rows in pair])
    clustered_share, independent_share = np.mean(told, axis=0)
    assert clustered_share < 0.15  # 0.25 at 4 standard deviations
    assert independent_share > 0.9
