"""A memory in shards answers as a whole one, also on a Dask cluster that loses a worker."""

import os
import signal
import time

import numpy as np
import pytest

from densehop import DenseAssociativeMemory, InvalidInput
from densehop.learn.memory.shards import ShardedMemory


class AtOnce:
    """A client that works where it is asked, at once."""

    def submit(self, work, *given, pure, **named):
        assert not pure
        return work(*given, **named)

    def gather(self, futures):
        return list(futures)


def problem(kind, seed, n_rows=240, n_sites=45):
    random = np.random.default_rng(seed)
    rows = (
        random.integers(0, 2, (n_rows, n_sites)).astype(float) if kind == "signs" else random.random((n_rows, n_sites))
    )
    rows[200:204] = rows[3]  # copies, in another shard
    asked = rows[random.permutation(n_rows)[:40]]
    if kind == "signs":
        asked = np.where(random.random(asked.shape) < 0.1, 1 - asked, asked)
    else:
        asked = asked + random.normal(0, 0.05, asked.shape)
    asked[:10] = random.integers(0, 2, (10, n_sites)) if kind == "signs" else random.random((10, n_sites))
    return rows, asked, np.where(random.random(asked.shape) < 0.3, np.nan, asked)


def same(sharded, whole, asked):
    """Compare all that both say."""
    one, two = sharded.recall(asked), whole.recall(asked)
    np.testing.assert_array_equal(one.settled, two.settled)
    signs = not sharded._real
    for name in ("memory", "known", *(("patterns", "overlap", "p_value", "distance") if signs else ())):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    near = 1e-12 if signs else 1e-6
    for name in ("patterns", "overlap", "p_value", "distance", "energy", "confidence"):
        np.testing.assert_allclose(getattr(one, name), getattr(two, name), rtol=near, atol=near)
    assert one.settled.mean() > 0.5
    for one, two in zip(sharded.kneighbors(asked, 3), whole.kneighbors(asked, 3), strict=True):
        np.testing.assert_allclose(one, two, atol=1e-6)


@pytest.mark.parametrize("kind", ["signs", "greys"])
@pytest.mark.parametrize("interaction", ["exponential", "attention"])
def test_shards_answer_as_one_memory(kind, interaction):
    for seed in range(3):
        rows, asked, hidden = problem(kind, seed)
        beta = 60.0 if kind == "greys" else None
        whole = DenseAssociativeMemory(interaction, beta=beta).fit(rows)
        sharded = ShardedMemory(AtOnce(), interaction, beta=beta)
        sharded.fit(np.split(rows, [90, 91, 180]))
        assert sharded.encoding_.same_as(whole.encoding_)
        same(sharded, whole, asked)
        same(sharded, whole, hidden)


@pytest.mark.parametrize(("n_rows", "n_sites", "factor"), [(600, 30, 1.0), (200, 5, 1.0), (200, 5, 0.02)])
def test_greys_that_blend_rows_are_settled_where_one_machine_says_so(n_rows, n_sites, factor):
    """A little of other rows is in each answer, or much: none rests on one row alone."""
    rows = np.random.default_rng(0).random((n_rows, n_sites))
    asked = rows[:40] + np.random.default_rng(1).normal(0, 0.05, (40, n_sites))
    beta = factor * DenseAssociativeMemory().fit(rows).beta_
    whole = DenseAssociativeMemory(beta=beta).fit(rows)
    same(ShardedMemory(AtOnce(), beta=beta).fit(np.array_split(rows, 3)), whole, asked)


@pytest.mark.filterwarnings("ignore:no question spreads")
@pytest.mark.parametrize("first", [1.0, -1.0])
def test_a_tie_between_rows_is_left_as_one_machine_does(first):
    rows, asked = np.array([[1.0, first, 1, 1], [-1, -first, 1, 1]]), [[np.nan, np.nan, 1, 1]]
    whole = DenseAssociativeMemory("attention", beta=5.0).fit(rows).recall(asked)
    sharded = ShardedMemory(AtOnce(), "attention", beta=5.0).fit(np.split(rows, 2)).recall(asked)
    for found in (whole, sharded):
        np.testing.assert_allclose(found.patterns, rows[:1], atol=1e-6)
        assert found.energy == pytest.approx(0, abs=1e-8)
        assert found.settled.all()


def test_what_shards_cannot_do_is_refused():
    greys = np.random.default_rng(0).random((9, 5))
    with pytest.raises(InvalidInput, match="beta must be given for greys"):
        ShardedMemory(AtOnce()).fit([greys])
    with pytest.raises(InvalidInput, match=r"client must be the distributed\.Client of a Dask cluster, got None"):
        ShardedMemory(None)
    with pytest.raises(InvalidInput, match="interaction must be one of 'exponential', 'attention'"):
        ShardedMemory(AtOnce(), "strict")
    with pytest.raises(InvalidInput, match="rows of one length, got"):
        ShardedMemory(AtOnce(), beta=1.0).fit([greys, greys[:, :3]])
    with pytest.raises(InvalidInput, match="at least one array or path"):
        ShardedMemory(AtOnce(), beta=1.0).fit([])
    with pytest.raises(InvalidInput, match=r"a piece must be numbers of shape \(M, N\), got"):
        ShardedMemory(AtOnce(), beta=1.0).fit([greys[0]])
    with pytest.raises(InvalidInput, match="a piece holds nan"):
        ShardedMemory(AtOnce(), beta=1.0).fit([np.full((2, 2), np.nan)])
    with pytest.raises(InvalidInput, match=r"X must be numbers of shape \(B, 5\), got float64 of shape \(9, 4\)"):
        ShardedMemory(AtOnce(), beta=1.0).fit([greys]).transform(greys[:, :4])


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
def test_a_cluster_that_loses_a_worker_gives_the_same_answers(tmp_path):
    distributed = pytest.importorskip("distributed")
    rows, asked, hidden = problem("signs", 5, 6000, 100)
    paths = [str(tmp_path / f"piece-{place}.npy") for place in range(4)]
    for path, piece in zip(paths, np.split(rows, [1000, 2500, 4000]), strict=True):
        np.save(path, piece)
    whole = DenseAssociativeMemory().fit(rows)
    options = {"threads_per_worker": 1, "dashboard_address": None, "silence_logs": 50}
    with distributed.LocalCluster(n_workers=2, **options) as cluster, distributed.Client(cluster) as client:
        sharded = ShardedMemory(client, folder=str(tmp_path)).fit(paths)
        same(sharded, whole, asked)
        before = client.run(os.getpid)
        os.kill(next(iter(before.values())), signal.SIGKILL)
        same(sharded, whole, hidden)
        deadline = time.monotonic() + 60
        while set(client.run(os.getpid).values()) == set(before.values()) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert set(client.run(os.getpid).values()) != set(before.values())
        same(sharded, whole, asked)
