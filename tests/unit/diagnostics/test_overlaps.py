from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

import densehop as dh
from densehop.diagnostics import overlaps as module


def sampled(p=3, seed=0, n_chains=3, temperature=2.0, n_sweeps=12, **options):
    net = dh.PBodyHopfield(np.random.default_rng(0).choice([-1, 1], (20, 12)), p=p)
    return net, net.sample(temperature, n_chains, n_sweeps, seed=seed, snapshot_every=2, **options)


def test_overlaps_between_chains_of_two_runs():
    (_, run), (_, other) = sampled(), sampled(seed=1, n_chains=2)
    pairs = dh.diagnostics.between_chains(run, other)
    assert pairs.shape == (6, 6)
    for a in range(3):
        for b in range(2):
            expected = (run.snapshots[a].astype(int) * other.snapshots[b]).mean(axis=1)
            assert pairs[2 * a + b] == pytest.approx(expected, abs=1e-15)


def test_sums_over_many_spins_do_not_overflow_the_signs_type():
    net = dh.PBodyHopfield(np.ones((1, 1_000)), p=3)
    run = net.sample(0.1, 2, 2, start=np.ones(1_000), snapshot_every=1)
    assert (dh.diagnostics.between_chains(run) == 1).all()


def test_even_p_is_gauged_unless_asked_otherwise():
    (_, run), (_, other) = sampled(p=4), sampled(p=4, seed=1)
    for arguments in ((run,), (run, other)):
        raw = dh.diagnostics.between_chains(*arguments, gauge=False)
        signs = np.where(raw[:, :1] < 0, -1, 1)  # the first quarter of 6 snapshots is one
        assert (signs < 0).any()
        assert dh.diagnostics.between_chains(*arguments) == pytest.approx(raw * signs)


@pytest.mark.parametrize("p", [3, 4])
@pytest.mark.parametrize("at_once", [1, 60, 2**21])
def test_overlaps_with_patterns_in_blocks(p, at_once, monkeypatch):
    monkeypatch.setattr(module, "OVERLAPS_AT_ONCE", at_once)
    net, run = sampled(p)
    raw = np.einsum("csi,mi->csm", run.snapshots.astype(int), net.patterns.astype(int)) / 12
    first = raw[:, : raw.shape[1] // 4]
    signs = np.where(first.mean(axis=1, keepdims=True) < 0, -1, 1) if p == 4 else 1
    assert dh.diagnostics.pattern_overlaps(net, run) == pytest.approx(raw * signs, abs=1e-15)
    values = np.abs(raw) if p == 4 else raw
    order = np.argsort(-np.round(12 * values), axis=2, kind="stable")
    for n_largest in (1, 7, 20):
        largest = dh.diagnostics.largest_overlaps(net, run, n_largest)
        assert (largest.index == order[:, :, :n_largest]).all()
        assert largest.overlap == pytest.approx(np.take_along_axis(values, largest.index, axis=2), abs=1e-15)


def test_runs_that_do_not_belong_together_are_refused():
    net, run = sampled()
    wrong = [
        (lambda: dh.diagnostics.between_chains(run, sampled(p=4, seed=1)[1]), "of one network, got p = 3 and 4"),
        (
            lambda: dh.diagnostics.between_chains(run, sampled()[1]),
            "have the same seed, so their chains share random numbers",
        ),
        (lambda: dh.diagnostics.between_chains(run, sampled(seed=np.random.SeedSequence(0))[1]), "have the same seed"),
        (
            lambda: dh.diagnostics.between_chains(run, sampled(seed=1, temperature=1.0)[1]),
            "one temperature, got 2.0 and 1.0",
        ),
        (lambda: dh.diagnostics.between_chains(run, sampled(seed=1, n_sweeps=8)[1]), "as many snapshots, got 6 and 4"),
        (lambda: dh.diagnostics.between_chains(run, net.sample(2.0, 3, 12, seed=1)), "no snapshots"),
        (lambda: dh.diagnostics.pattern_overlaps(net, net.sample(2.0)), "no snapshots"),
        (lambda: dh.diagnostics.pattern_overlaps(sampled(p=4)[0], run), r"M, N\) = \(.strict., 4, None, 20, 12\)"),
        (lambda: dh.diagnostics.largest_overlaps(net, run, 21), "n_largest must be an integer from 1 to 20"),
        (lambda: dh.diagnostics.largest_overlaps(net, run, 0), "n_largest must be"),
    ]
    for n_patterns, n_spins in ((19, 12), (20, 11)):
        small = dh.PBodyHopfield(net.patterns[:n_patterns, :n_spins], p=3).sample(2.0, 3, 12, seed=1, snapshot_every=2)
        wrong.append((lambda small=small: dh.diagnostics.between_chains(run, small), "of one network"))
        wrong.append((lambda small=small: dh.diagnostics.largest_overlaps(net, small), "of this network"))
    for energy in ({"p": 3, "interaction": "power"}, {"interaction": "exponential", "sharpness": 0.5}):
        other = dh.PBodyHopfield(net.patterns, **energy).sample(2.0, 3, 12, seed=1, snapshot_every=2)
        wrong.append(
            (lambda other=other: dh.diagnostics.between_chains(run, other), "of one network, got interaction = strict")
        )
    softer = dh.PBodyHopfield(net.patterns, interaction="exponential", sharpness=0.4)
    wrong.append((lambda: dh.diagnostics.pattern_overlaps(softer, other), "of this network"))
    for call, message in wrong:
        with pytest.raises(dh.InvalidInput, match=message):
            call()


def test_histogram_on_the_lattice_counts_each_value():
    values = np.random.default_rng(1).integers(0, 11, (4, 50)) / 5 - 1
    histogram = dh.diagnostics.overlap_histogram(values, 10)
    counted = Counter(np.round(values, 9).ravel().tolist())
    assert histogram.centres == pytest.approx(np.arange(-10, 11, 2) / 10)
    assert histogram.probability == pytest.approx([counted[round(k / 10, 9)] / 200 for k in range(-10, 11, 2)])
    assert histogram.density == pytest.approx(histogram.probability * 5)
    assert histogram.n_values == 200
    both = dh.diagnostics.overlap_histogram(values, 10, symmetric=True)
    assert both.probability == pytest.approx((histogram.probability + histogram.probability[::-1]) / 2)


@pytest.mark.parametrize("n_spins", [20, 49, 1_000])
def test_bins_are_half_open_on_exact_values(n_spins):
    """Each possible overlap once, in units of 1/N with exact integers; edges lie on possible values."""
    sums = np.arange(-n_spins, n_spins + 1, 2)
    edges = np.array([-n_spins, *sums[[3, 7, 12]], n_spins])
    expected = [((sums >= low) & (sums < high)).sum() for low, high in pairwise(edges)]
    expected[-1] += 1  # the last bin takes its upper edge
    for scaled in (edges / n_spins, [1 - (n_spins - edge) / n_spins for edge in edges]):  # two roundings
        histogram = dh.diagnostics.overlap_histogram(sums / n_spins, n_spins, scaled)
        assert histogram.probability * len(sums) == pytest.approx(expected)
        assert histogram.density == pytest.approx(np.full(4, n_spins / 2 / len(sums)))  # flat: no comb
    assert dh.diagnostics.overlap_histogram(sums / n_spins, n_spins, 7).density == pytest.approx(
        n_spins / 2 / len(sums)
    )
    by_numpy = np.histogram(sums / n_spins + 1e-10, edges / n_spins + [0, 0, 0, 0, 1e-9])[0]
    assert (by_numpy == expected).all()


WRONG = [
    ([0.1], 10, None, "must be among -1, -0.8, ..., 1 for 10 spins, got 0.1"),
    ([1.2], 10, None, "must be among"),
    ([np.nan], 10, None, "must be finite"),
    ([], 10, None, "must be real numbers"),
    (["a"], 10, None, "must be real numbers"),
    ([0.0], 0, None, "n_spins must be"),
    ([0.0], 10, 0, "bins must be an integer >= 1|bins must be an integer from 1"),
    ([0.0], 10, 12, "each bin must hold a possible overlap of 10 spins, which are 0.2 apart"),
    ([0.0], 10, [0.5, 1.0], "must hold all overlaps, got bins from 0.5 to 1 that miss 1 of 1"),
    ([0.0], 10, [1.0, -1.0], "rising edges"),
    ([0.0], 10, [1.0], "rising edges"),
    ([0.0], 10, [[-1.0, 1.0]], "bins must be real numbers"),
    ([0.0], 10, "ten", "bins must be"),
]


@pytest.mark.parametrize(("values", "n_spins", "bins", "message"), WRONG)
def test_wrong_histograms_are_refused(values, n_spins, bins, message):
    with pytest.raises(dh.InvalidInput, match=message):
        dh.diagnostics.overlap_histogram(values, n_spins, bins)
