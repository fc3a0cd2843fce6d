"""Chains on a device by JAX give the bits of the kernels; here the device is the processor.

Few shapes (20 spins, 3 chains, 2 references): JAX compiles anew for each.
"""

import importlib.util

import numpy as np
import pytest

import densehop as dh
from densehop import energies
from densehop.errors import Interrupted, InvalidInput
from densehop.simulate.representations.device import bytes_on_device, chosen

if importlib.util.find_spec("jax") is None:
    pytest.skip("JAX is not installed", allow_module_level=True)

import jax

from densehop.accelerator import backend, build, loop, noise, placed

RESULTS = ("spins", "energy", "overlap", "acceptance", "snapshots")
N_SPINS, N_CHAINS = 20, 3  # 20 is no multiple of the block


def network(p, n_patterns, interaction="strict", seed=1):
    patterns = np.random.default_rng(seed).choice([-1, 1], (n_patterns, N_SPINS))
    return dh.PBodyHopfield(patterns, p, interaction)


def run(net, temperature, device, n_sweeps=9, **options):
    references = np.random.default_rng(7).choice([-1, 1], (2, net.n_spins))
    common = {"n_chains": N_CHAINS, "references": references, "snapshot_every": 2, "seed": 3}
    return net.sample(temperature, n_sweeps=n_sweeps, device=device, **common, **options)


def require_same(net, temperature, **options):
    kernels, device = (run(net, temperature, name, **options) for name in ("cpu", "accelerator"))
    for name in RESULTS:
        np.testing.assert_array_equal(getattr(device, name), getattr(kernels, name), err_msg=name)
    return device


@pytest.mark.parametrize("temperature", [0.0, 2.0, 50.0, np.linspace(3.0, 0.0, 9)], ids=["0", "2", "50", "annealing"])
@pytest.mark.parametrize("n_patterns", [1, 35, 36, 300])
def test_three_bodies_on_couplings(n_patterns, temperature):
    device = require_same(network(3, n_patterns), temperature, representation="couplings")
    assert device.by_couplings.all()


def test_power_energy_of_three_bodies_on_couplings():
    require_same(network(3, 35, "power"), 2.7, representation="couplings")


@pytest.mark.parametrize("interaction", ["strict", "power"])
@pytest.mark.parametrize(("n_patterns", "temperature"), [(1, 1.0), (12, 0.0), (35, 0.7)])
def test_two_bodies_on_couplings(interaction, n_patterns, temperature):
    require_same(network(2, n_patterns, interaction), temperature, representation="couplings")


@pytest.mark.parametrize("copies", [5_001, 5_000])
def test_couplings_of_two_limbs(copies):
    """Equal patterns add up to halves beyond 2,048, which 16 bits of floating point do not hold; Metropolis."""
    patterns = np.repeat(network(3, 1).patterns, copies, axis=0)
    patterns[: copies // 7] = -1
    require_same(dh.PBodyHopfield(patterns, 3), 3_000.0, representation="couplings", dynamics="metropolis")


@pytest.mark.parametrize("p", [2, 3, 4, 7])
@pytest.mark.parametrize("n_patterns", [35, 38])
def test_strict_energies_on_patterns(p, n_patterns):
    require_same(network(p, n_patterns), 1.5, representation="patterns")


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_other_energies_on_patterns(temperature):
    require_same(network(5, 39, "power"), temperature, representation="patterns")
    values = np.random.default_rng(2).integers(-9, 10, N_SPINS + 1)
    table = energies.overlap_table(values, 0.3, 4)
    require_same(dh.PBodyHopfield.from_table(network(2, 33).patterns, table), temperature)


@pytest.mark.parametrize("order", ["sequential", "random"])
def test_costs_beyond_32_bits_in_any_order(order):
    values = np.random.default_rng(2).integers(-(2**45), 2**45, N_SPINS + 1)
    net = dh.PBodyHopfield.from_table(network(2, 40).patterns, energies.overlap_table(values, 2.0**-40, 4))
    require_same(net, 3.0, dynamics="metropolis", order=order)


def test_replica_exchange():
    net = network(3, 35)
    options = {"n_ladders": 2, "n_sweeps": 6, "seed": 4, "snapshot_every": 2, "representation": "couplings"}
    options["references"] = np.ones((2, N_SPINS), dtype=np.int8)
    kernels, device = (net.temper([1.0, 2.0, 3.5], device=name, **options) for name in ("cpu", "accelerator"))
    for name in (*RESULTS, "chain", "swap_rate"):
        np.testing.assert_array_equal(getattr(device, name), getattr(kernels, name), err_msg=name)


@pytest.mark.parametrize(("first", "second"), [("cpu", "accelerator"), ("accelerator", "cpu")])
def test_a_checkpoint_goes_on_on_the_other_device(tmp_path, first, second):
    net, file = network(3, 35), tmp_path / "run.npz"
    options = {"representation": "couplings", "n_workers": 1}
    whole = run(net, 2.0, "cpu", n_sweeps=100, **options)

    def stop(_n_sweeps):
        raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        run(net, 2.0, first, n_sweeps=100, checkpoint=file, progress=stop, **options)
    resumed = run(net, 2.0, second, n_sweeps=100, checkpoint=file, **options)
    for name in RESULTS:
        np.testing.assert_array_equal(getattr(resumed, name), getattr(whole, name), err_msg=name)


def test_doubtful_decisions_are_made_by_the_kernels(monkeypatch):
    """Where every decision is doubtful, all chains run on the kernels, and those on the device are put right."""
    original, calls = placed.call, []

    def doubting(function, *arguments, **options):
        """Report chain 1 as doubtful and leave wrong spins and energies of it."""
        result = original(function, *arguments, **options)
        if function is not loop.run:
            return result
        calls.append(1)
        chains, trace = result
        with backend.wide_numbers():
            energies, doubtful = trace.energies.at[:, 1].add(1), trace.doubtful.at[1].set(True)
            chains = chains._replace(spins=chains.spins.at[:, 1].multiply(-1))
        return chains, trace._replace(energies=energies, doubtful=doubtful)

    monkeypatch.setattr(placed, "call", doubting)
    require_same(network(3, 35), 2.0, representation="couplings")
    assert calls


def test_the_margin_of_doubt_finds_costs_at_the_threshold():
    """A cost is put on a threshold, within its margin and beyond it."""
    with backend.wide_numbers():
        uniform = np.array([0.1, 0.5, 0.9])
        values, margins = (np.asarray(part) for part in noise.thresholds(uniform, np.array(3.0), noise.LOGISTIC))
    assert (margins > 0).all()
    assert (margins < 1e-13).all()
    np.testing.assert_allclose(values, 3 * np.log(uniform / (1 - uniform)), rtol=1e-14, atol=1e-15)


def test_words_are_those_of_the_published_test_vector():
    """Threefry-2x32, 20 rounds: the known answers of Random123 (Salmon et al. 2011)."""
    answers = {
        (0x00000000, 0x00000000): (0x6B200159, 0x99BA4EFE),
        (0xFFFFFFFF, 0xFFFFFFFF): (0x1CB996FC, 0xBB002BE7),
    }
    for word, expected in answers.items():
        keys = np.array([word], dtype=np.uint32)
        found = noise.threefry(keys, np.uint32([word[0]]), np.uint32([word[1]]))
        assert tuple(int(part[0]) for part in found) == expected


def test_sixteen_bits_hold_the_couplings(monkeypatch):
    """As on a device that multiplies in 16 bits."""
    monkeypatch.setattr(backend, "operand_type", lambda: np.dtype("float16"))
    require_same(network(3, 36), 2.0, representation="couplings")


def test_limbs_add_up():
    halves = np.random.default_rng(1).integers(-(2**21), 2**21, (8, 8)).astype(np.int32)
    limbs = np.asarray(build._limbs(halves, 2, np.dtype("float16"))).astype(np.int64)
    assert np.abs(limbs).max() <= build.LIMB
    np.testing.assert_array_equal(limbs[0] + build.LIMB * limbs[1], halves)


def test_what_a_device_cannot_do_is_refused():
    with pytest.raises(InvalidInput, match="runs stored patterns, and given couplings are none; use device='cpu'"):
        dh.CouplingNetwork.from_patterns(network(3, 8).patterns, 3).sample(1.0, n_sweeps=2, device="accelerator")
    with pytest.raises(InvalidInput, match="p <= 3"):
        network(4, 8).sample(1.0, n_sweeps=2, device="accelerator", representation="couplings")
    with pytest.raises(InvalidInput, match="order='sequential'"):
        network(3, 8).sample(1.0, n_sweeps=2, device="accelerator", representation="couplings", order="random")
    with pytest.raises(InvalidInput, match="'cpu', 'accelerator', 'auto'"):
        network(3, 8).sample(1.0, n_sweeps=2, device="gpu")


def test_a_device_without_memory_is_refused(monkeypatch):
    monkeypatch.setattr(backend, "memory", lambda: 1_000)
    with pytest.raises(InvalidInput, match=r"GiB of the device's memory.*are free"):
        network(3, 8).sample(1.0, n_sweeps=2, device="accelerator", representation="couplings")


def test_memory_is_predicted_for_all_chains(monkeypatch):
    """Of one chain there would be enough."""
    monkeypatch.setattr(backend, "memory", lambda: 10**6)
    for net in (network(4, 300), network(3, 300, "rectified")):
        with pytest.raises(InvalidInput, match="fewer spins, patterns or chains"):
            net.sample(1.0, 10_000, 2, device="accelerator")
        net._kept_on_device["sequential"]._require_room(False, 1)


def test_more_chains_on_a_network_that_lies_on_the_device_are_predicted_too(monkeypatch):
    model = chosen(network(3, 3_000)._model, "accelerator", "sequential", 1)
    model.start(np.ones((N_CHAINS, N_SPINS), np.int8), False, 1)
    monkeypatch.setattr(backend, "memory", lambda: 50_000)  # less than the patterns take
    model._require_room(False, 1)
    with pytest.raises(InvalidInput, match="fewer spins, patterns or chains"):
        model._require_room(False, 1_000)


@pytest.mark.parametrize("by_couplings", [True, False])
def test_predicted_memory_holds_what_lies_on_the_device(by_couplings, monkeypatch):
    """Twice, for cells that are joined, and not ten times as much."""
    monkeypatch.setattr(backend, "operand_type", lambda: np.dtype("float16"))
    model = chosen(network(3, 3_000)._model, "accelerator", "sequential", N_CHAINS)
    chains = model.start(np.ones((N_CHAINS, N_SPINS), np.int8), by_couplings, 1)
    there = sum(leaf.nbytes for leaf in jax.tree.leaves((chains.energy.shared, chains.placed.chains)))
    predicted, _ = bytes_on_device(3, N_SPINS, 3_000, N_CHAINS, by_couplings)
    assert 2 * there < predicted < 10 * there


def test_auto_stays_on_the_processor_where_there_is_nothing_else():
    assert not backend.found()
    assert run(network(3, 35), 1.0, "auto").n_patterns == 35


def test_a_device_with_poor_logarithms_is_refused(monkeypatch):
    exact = noise.thresholds

    def poor(uniform, unit, law):
        value, margin = exact(uniform, unit, law)
        return value * (1 + 2.0**-45), margin

    monkeypatch.setattr(noise, "thresholds", poor)
    with pytest.raises(InvalidInput, match="less than double precision"):
        backend.require_sound.__wrapped__()
