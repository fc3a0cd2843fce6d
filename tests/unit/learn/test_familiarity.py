"""What a memory says of questions that were never stored."""

import warnings

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


@pytest.mark.parametrize("beta", [1e10, 1e36, 1e38, 1e60])
def test_any_sharpness_in_single_precision(beta):
    memories = np.random.default_rng(10).random((5, 20))
    found = [
        DenseAssociativeMemory("attention", beta=beta).fit(memories.astype(kind)).transform(memories[:2].astype(kind))
        for kind in (np.float64, np.float32)
    ]
    np.testing.assert_allclose(found[1], memories[:2], atol=1e-5)
    np.testing.assert_allclose(found[0], memories[:2], atol=1e-12)


@pytest.mark.parametrize("parts", [(1, 2, 3), (3, 3), (1, 5)])
def test_rows_stored_in_parts_are_rows_stored_at_once(parts):
    """The first part may be black, or of one value only: the range is that of all."""
    rows = np.random.default_rng(11).uniform(5, 250, (6, 8))
    rows[0] = 0
    whole, split = DenseAssociativeMemory().fit(rows), DenseAssociativeMemory()
    for first, length in zip(np.cumsum([0, *parts]), parts, strict=False):
        split.partial_fit(rows[first : first + length])
    np.testing.assert_allclose(split.memories_, whole.memories_, atol=1e-12)
    assert (split.encoding_.kind, split.encoding_.low, split.encoding_.high) == ("graded", 0, rows.max())
    np.testing.assert_allclose(split.transform(rows), whole.transform(rows), atol=1e-6)


def test_grey_values_made_black_or_white_are_named():
    grey = np.random.default_rng(12).uniform(0, 200, (6, 8))
    with pytest.warns(UserWarning, match="interaction='exponential' to keep them, or encoding='binary'"):
        DenseAssociativeMemory("strict").fit(grey)
    memory = DenseAssociativeMemory("strict", encoding="binary").fit(grey)
    with pytest.raises(InvalidInput, match=r"beyond the range .* fit all rows in one call"):
        memory.partial_fit(grey + 100)


def test_similar_photographs_are_not_blended():
    """Forty of them, among which pairs are ten times closer than the rest."""
    random = np.random.default_rng(13)
    scenes = random.uniform(0, 255, (20, 400))
    photographs = np.vstack([scenes, np.clip(scenes + random.normal(0, 20, scenes.shape), 0, 255)])
    memory = DenseAssociativeMemory().fit(photographs)
    hidden = random.random(photographs.shape) < 0.5
    restored = memory.restore(np.where(hidden, np.nan, photographs))
    assert np.sqrt(((restored - photographs) ** 2).mean()) < 0.01


def test_the_default_sharpness_is_the_likeliest():
    """Of rows with normal errors about a few centres, near one over the errors' variance about each other."""
    random = np.random.default_rng(14)
    centres = random.uniform(-1, 1, (5, 200))
    rows = np.repeat(centres, 40, axis=0) + random.normal(0, 0.05, (200, 200))
    memory = DenseAssociativeMemory().fit(rows)
    encoded = memory.memories_
    distances = ((encoded[:, None] - encoded) ** 2).sum(axis=2)
    np.fill_diagonal(distances, np.inf)

    def likelihood(beta):
        return np.logaddexp.reduce(-beta / 2 * distances, axis=1).sum() + 200 * 200 / 2 * np.log(beta)

    around = [likelihood(factor * memory.beta_) for factor in (0.97, 1, 1.03)]
    assert np.argmax(around) == 1


def test_rows_that_are_stored_twice_do_not_make_all_others_strangers():
    rng = np.random.default_rng(6)
    codes = rng.choice([-1, 1], (500, 64))
    memory = DenseAssociativeMemory().fit(np.concatenate([codes, np.repeat(codes[:1], 6, axis=0)]))
    assert memory.recall(codes).known.all()
    assert not memory.recall(rng.choice([-1, 1], (50, 64))).known.any()


@pytest.mark.parametrize("order", range(6))
@pytest.mark.parametrize("kind", ["table", "digits first", "two values a column", "two columns"])
def test_choices_follow_all_rows_not_the_first(kind, order):
    """Whatever the parts: ranges of columns, one range, signs or grey values are those of one call."""
    random = np.random.default_rng(order)
    units = np.array([0.01, 1.0, 3.0, 1000.0, 0.1])
    rows = {
        "table": random.normal(size=(12, 5)) * units + 5 * units,
        "digits first": np.vstack([random.random((3, 5)), random.normal(size=(9, 5)) * units]),
        "two values a column": np.vstack([np.zeros(5), np.ones(5), random.integers(0, 2, (10, 5))]) * units + 0.3,
        "two columns": np.vstack([np.eye(5), np.full((7, 5), 0.5)]) * np.array([1.0, 1.0, 1.0, 1.0, 30.0 + order]),
    }[kind]
    whole, split = DenseAssociativeMemory().fit(rows), DenseAssociativeMemory()
    cuts = np.sort(random.choice(np.arange(1, len(rows)), 1 + order % 3, replace=False))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for part in np.split(rows, cuts):
            split.partial_fit(part)
    assert split.encoding_.same_as(whole.encoding_)
    np.testing.assert_allclose(split.memories_, whole.memories_, atol=1e-9)
    np.testing.assert_allclose(split.beta_, whole.beta_, rtol=1e-6)
    np.testing.assert_allclose(split.restore(rows), whole.restore(rows), rtol=1e-6)


def test_signs_of_grey_values_do_not_change_with_the_range_of_columns():
    """Grey values below and above the middle of one range are gone when columns need ranges of their own."""
    memory = DenseAssociativeMemory("strict", encoding="binary").fit([[0.0, 1.0, 0.4], [1.0, 0.0, 0.2]])
    with pytest.raises(InvalidInput, match="columns differ otherwise in range"):
        memory.partial_fit([[0.5, 0.5, 100.0]])


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
