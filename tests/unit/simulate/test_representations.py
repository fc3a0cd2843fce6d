"""Both representations make the same decisions from the same integers, and so does any change between them."""

import itertools
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import densehop as dh
from densehop.kernels.forms.square import COST
from densehop.kernels.products import pair_products
from densehop.simulate.blocks import Group
from densehop.simulate.representations.choice import IntegerModel, Workload
from densehop.simulate.representations.couplings import CouplingStore, field_type, groups_of, words_of
from densehop.simulate.representations.patterns import PatternChains
from tests import naive

RESULTS = ("spins", "energy", "overlap", "acceptance", "snapshots")


def signs(n_patterns, n_spins, seed=0):
    return np.random.default_rng(seed).choice(np.array([-1, 1], dtype=np.int8), (n_patterns, n_spins))


def coupling(store, sites):
    """Return J_i1..ip as the kernel reads it."""
    first, second, *others = sites
    if len(others) == 2:
        n_spins = len(store.tensor)
        others = [list(itertools.combinations(range(n_spins), 2)).index(tuple(sorted(others)))]
    return store.tensor[first, second, others[0] if others else 0]


def same(runs):
    return all(np.array_equal(getattr(run, name), getattr(runs[0], name)) for run in runs for name in RESULTS)


@pytest.mark.parametrize(("p", "n_spins", "n_patterns"), [(2, 9, 7), (3, 8, 5), (4, 7, 40), (4, 4, 3), (3, 35, 1100)])
def test_couplings_are_sums_over_patterns(p, n_spins, n_patterns):
    patterns = signs(n_patterns, n_spins)
    store = CouplingStore.build(p, patterns, 2)
    for sites in itertools.islice(itertools.product(range(n_spins), repeat=p), 2000):
        if p < 4 or sites[2] != sites[3]:
            assert coupling(store, sites) == naive.coupling(patterns, sites)


@pytest.mark.parametrize("n_patterns", [96, 97, 250])
def test_long_rows_are_counted_in_chunks(n_patterns, monkeypatch):
    """Of 3 words, 96 patterns, at most."""
    monkeypatch.setattr("densehop.simulate.representations.couplings.MOST_WORDS", 3)
    patterns = signs(n_patterns, 33)
    words = words_of(patterns)
    groups = groups_of(words)
    assert groups.shape == (-(-n_patterns // 96), 2, words.shape[1] // len(groups), 32)
    products = np.full((33, 33), -1)
    pair_products(words[0], words, groups, 1, n_patterns, products)
    for k, other in itertools.combinations(range(1, 33), 2):
        assert products[k, other] == products[other, k] == naive.coupling(patterns, (0, k, other))
    assert (np.diag(products)[1:] == 0).all()
    assert (products[0] == -1).all()


@pytest.mark.parametrize("p", [2, 3, 4])
def test_couplings_beyond_16_bits_are_kept_in_32(p):
    """40,000 nearly equal patterns: sums reach 40,000; 33,000 random ones stay far below 2^15."""
    patterns = np.ones((40_000, 6), dtype=np.int8)
    patterns[:100, 0] = -1
    store = CouplingStore.build(p, patterns, 1)
    assert store.tensor.dtype == np.int32
    assert store.tensor.max() == 40_000
    assert CouplingStore.build(p, signs(33_000, 6), 1).tensor.dtype == np.int16
    net = dh.PBodyHopfield(patterns, p)
    assert same([net.sample(3e4, 3, 30, snapshot_every=1, representation=name) for name in ("patterns", "couplings")])


@pytest.mark.parametrize("p", [2, 3, 4])
def test_fields_in_32_bits_and_in_64_are_the_same(p, monkeypatch):
    net = dh.PBodyHopfield(signs(50, 35), p)
    options = {"snapshot_every": 1, "representation": "couplings"}
    narrow = net.sample(3.0, 3, 25, **options)
    assert field_type(net.table, net.n_patterns) is np.int32
    monkeypatch.setattr("densehop.simulate.representations.couplings.LARGEST_INT32", 0)
    assert field_type(net.table, net.n_patterns) is np.int64
    assert same([narrow, net.sample(3.0, 3, 25, **options)])


@pytest.mark.parametrize(("p", "n_spins"), [(2, 40), (3, 300), (4, 100)])
def test_fields_never_exceed_their_type(p, n_spins):
    """As many equal patterns as 32 bits are taken for, in the state with the largest fields."""
    table, aligned = dh.energies.strict_table(p, n_spins), np.ones(n_spins, dtype=np.int8)
    most = (2**31 - 1) // int((abs(table.even) + abs(table.odd)).max())
    assert field_type(table, most) is np.int32
    assert field_type(table, most + 1) is np.int64
    assert most * naive.flip_cost(aligned, 0, aligned[np.newaxis], p) / table.scale < 2**31


@pytest.mark.parametrize("order", ["sequential", "random"])
@pytest.mark.parametrize("dynamics", ["heat-bath", "metropolis"])
@pytest.mark.parametrize(("p", "n_spins"), [(2, 70), (3, 33), (4, 18)])
@pytest.mark.parametrize("data", ["random", "teacher"])
def test_trajectories_are_the_same_bits(p, n_spins, data, dynamics, order):
    n_patterns = dh.n_examples_for(3.0, n_spins, p)
    examples = signs(n_patterns, n_spins) if data == "random" else dh.draw_examples(n_spins, n_patterns, p, 2.5)[1]
    net = dh.PBodyHopfield(examples, p)
    for temperature in (0.0, 0.3, 2.0, 30.0):
        options = {"dynamics": dynamics, "order": order, "snapshot_every": 1, "references": examples[:2]}
        runs = [
            net.sample(temperature, 3, 25, representation=name, **options) for name in ("patterns", "couplings", "auto")
        ]
        assert same(runs)
        assert not runs[0].by_couplings.any()
        assert runs[1].by_couplings.all()


@pytest.mark.parametrize("interaction", ["strict", "power"])
@pytest.mark.parametrize(
    ("p", "n_spins", "n_patterns"), [(2, 40, 30), (2, 70, 3000), (3, 20, 70), (3, 67, 100), (4, 20, 70)]
)
def test_chains_in_company_do_what_each_does_alone(p, n_spins, n_patterns, interaction, monkeypatch):
    """40 chains, hot enough for tables of a slab's rows; on patterns in step, 16 or fewer at once, and one by one."""
    net = dh.PBodyHopfield(signs(n_patterns, n_spins), p, interaction=interaction)
    options = {"n_chains": 40, "n_sweeps": 12, "snapshot_every": 1, "n_workers": 1, "dynamics": "metropolis"}
    for temperature in (0.0, 0.7, 1e3):
        names = ("patterns",) if (p, interaction) == (4, "power") else ("patterns", "couplings")
        together = [net.sample(temperature, representation=name, **options) for name in names]
        with monkeypatch.context() as patch:
            patch.setattr("densehop.simulate.representations.patterns.MOST_IN_STEP", 1)
            assert same([*together, net.sample(temperature, representation="patterns", **options)])


@pytest.mark.parametrize(("n_spins", "n_patterns"), [(20, 70), (70, 600)])
def test_slabs_have_tables_only_where_their_sums_fit(n_spins, n_patterns):
    """The first 64 spins of equal patterns add up to 64 M; of more than 511 patterns that has more than 16 bits."""
    equal = np.ones((n_patterns, n_spins), dtype=np.int8)
    assert CouplingStore.build(3, equal, 1).tabled == ((min(n_spins, 64) - 2) * n_patterns < 2**15)
    net, options = dh.PBodyHopfield(equal, 3), {"n_chains": 20, "n_sweeps": 10, "snapshot_every": 1, "n_workers": 1}
    assert same([net.sample(1e9, representation=name, **options) for name in ("patterns", "couplings")])


@pytest.mark.parametrize("n_workers", [1, 2, 5])
def test_chains_in_step_do_not_depend_on_the_group(n_workers):
    net = dh.PBodyHopfield(signs(60, 20), 3)
    runs = [net.sample(1.5, 5, 40, snapshot_every=3, representation="couplings", n_workers=n) for n in (5, n_workers)]
    assert same(runs)


@pytest.mark.parametrize("p", [2, 3, 4])
def test_changes_in_mid_run_change_nothing(p, monkeypatch):
    """A rule that changes its mind after every block."""
    net = dh.PBodyHopfield(signs(80, 20), p)
    whole = net.sample(1.0, 3, 300, snapshot_every=1, representation="patterns")
    monkeypatch.setattr(IntegerModel, "prefers_couplings", lambda _self, _work, _acceptance, now, _left: not now)
    run = net.sample(1.0, 3, 300, snapshot_every=1)
    assert same([whole, run])
    assert 0 < run.by_couplings.mean() < 1


def test_rule_takes_the_cheaper_representation():
    cold, hot = 0.01, 0.5
    net = dh.PBodyHopfield(signs(3000, 100), 3)
    work = Workload(3, 100, 3000, COST, 4, True)
    assert work.couplings_cost(cold) < work.patterns_cost(cold)
    assert work.couplings_cost(hot) > work.patterns_cost(hot)
    representations = net._model
    assert representations.prefers_couplings(work, cold, False, 10**9)
    assert not representations.prefers_couplings(work, cold, False, 10**4)  # the build would not pay
    assert not representations.prefers_couplings(work, hot, True, 10**9)
    assert not representations.prefers_couplings(work, hot, False, 10**9)


@pytest.mark.parametrize("slow", [False, True])
def test_which_sweeps_run_on_couplings_does_not_depend_on_the_faster_thread(slow, monkeypatch):
    run_block, ended = Group._run_block, threading.Event()

    def run(group, chains):
        waits = (group.rows.start > 0) == slow
        if waits:
            assert ended.wait(60)
        run_block(group, chains)
        if not waits and group.place.done == 200:
            ended.set()

    monkeypatch.setattr(Group, "_run_block", run)
    net = dh.PBodyHopfield(signs(150, 20), 3)
    counts = net.sample(1.5, 3, 200, seed=4, n_workers=2).by_couplings.sum(axis=1)
    assert counts.tolist() == [199, 199, 0]  # for a group of one chain, couplings do not pay


def test_ordered_chains_run_on_couplings_and_disordered_ones_on_patterns():
    net = dh.PBodyHopfield(signs(500, 100), 3)
    assert net.sample(0.05, 2, 3000, start=net.patterns[0]).by_couplings[:, -1].all()
    assert not net.sample(1e3, 2, 200).by_couplings[:, 1:].any()  # the first sweep measures the acceptance


def test_more_than_four_bodies_have_no_couplings():
    net = dh.PBodyHopfield(signs(30, 12), 5)
    assert not net.sample(0.1, 2, 50).by_couplings.any()
    with pytest.raises(dh.InvalidInput, match="representation='couplings' needs p <= 4, got p = 5; use 'auto'"):
        net.sample(0.1, 2, 50, representation="couplings")


def test_couplings_without_memory_are_refused_and_auto_goes_on(monkeypatch):
    with pytest.raises(
        dh.InvalidInput, match=r"p = 3 and 9000 spins needs 13\d+\.\d GiB, but .* are free; use fewer spins"
    ):
        dh.PBodyHopfield(signs(2, 9000), 3).sample(1.0, representation="couplings")
    net = dh.PBodyHopfield(signs(50, 40), 3)
    monkeypatch.setattr("densehop.base.checks.free_memory", lambda: 10**5)
    message = "representation='couplings' with p = 3 and 40 spins needs 0.0 GiB, but 0.0 GiB are free"
    with pytest.raises(dh.InvalidInput, match=message):
        net._model.choices("couplings", 1, 1)
    assert net._model.choices("auto", 1, 1) == "patterns"


def test_group_of_chains_changes_its_states_in_place():
    net = dh.PBodyHopfield(signs(30, 16), 3)
    states = signs(3, 16, seed=5)
    chains = PatternChains.start(net._model.pattern_store, states)
    assert np.shares_memory(chains.arrays.states, states)


SHORT_RUN = """
import numpy as np, densehop as dh
for p, n_spins, n_patterns in ((2, 40, 50), (3, 33, 300), (4, 18, 200), (5, 12, 80)):
    net = dh.PBodyHopfield(np.random.default_rng(p).choice([-1, 1], (n_patterns, n_spins)), p)
    for representation in ("patterns", "couplings") if p < 5 else ("patterns",):
        run = net.sample(1.0, 2, 40, seed=5, representation=representation)
        print(p, representation, run.energy.tolist(), run.spins.tolist())
    result = net.retrieve(run.spins, 2)
    print(p, result.states.tolist(), net.overlaps(run.spins).tolist(), net._stepper.fields(run.spins).tolist())
"""


@pytest.mark.long
def test_a_processor_without_vector_instructions_gives_the_same_bits(tmp_path):
    """LLVM translates the vector kernels for the plainest 64-bit processor of this family."""
    generic = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "", "NUMBA_CACHE_DIR": str(tmp_path)}
    results = [
        subprocess.run([sys.executable, "-c", SHORT_RUN], env={**os.environ, **extra}, capture_output=True, check=True)
        for extra in ({}, generic)
    ]
    assert results[0].stdout == results[1].stdout
    assert results[0].stdout.count(b"\n") == 11
