"""Cells on a device: joined calls give the bits of single ones, an interrupt loses nothing, memory is predicted."""

import importlib
import importlib.util
import threading
from functools import partial

import numpy as np
import pytest

import densehop as dh
from densehop.campaign.checkpoint import Checkpoint
from densehop.campaign.dataset import collect
from densehop.campaign.device import MOST_CELLS, DeviceThreads, cells_at_once, on_device
from densehop.campaign.engines import ThisProcess
from densehop.campaign.measure import measure
from densehop.campaign.runner import run
from densehop.campaign.worker import STOPPED, Work
from densehop.simulate.representations.device import bytes_on_device
from tests.campaign_tasks import plan

with_jax = pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")
measuring = importlib.import_module("densehop.campaign.measure")
COUPLINGS = {"representation": "couplings"}


@with_jax
def test_cells_of_joined_calls_are_those_of_the_processor(tmp_path):
    grid = plan(disorders=2, schedule=COUPLINGS)
    run(grid, tmp_path / "cpu", ThisProcess)
    engine = partial(DeviceThreads, 4)
    report = run(grid, tmp_path / "device", engine, task=partial(measure, device="accelerator"))
    assert (report.n_finished, report.failures) == (4, [])
    assert collect(tmp_path / "device").equals(collect(tmp_path / "cpu"))


@with_jax
def test_calls_are_joined(monkeypatch):
    from densehop.accelerator import calls  # noqa: PLC0415 (where JAX is)

    sizes, original = [], calls.JoinedCalls._make_together
    monkeypatch.setattr(
        calls.JoinedCalls, "_make_together", lambda self, group: (sizes.append(len(group)), original(self, group))
    )
    joined, results = calls.JoinedCalls(), {}

    def work(index):
        with joined.member():
            for turn in range(2):
                shared = shares[index]
                results[index, turn] = calls.call(_weighted, shared, np.full(3, turn), 5 if index < 3 else 6)

    shares = [np.array([index]) for index in range(4)]
    threads = [threading.Thread(target=work, args=(index,)) for index in range(4)]
    for _thread in threads:
        joined.expect()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(sizes) == [1, 1, 3, 3]
    for (index, turn), found in results.items():
        np.testing.assert_array_equal(found, 10 * index + turn + (5 if index < 3 else 6))


def _weighted(shared, own, common):
    return 10 * shared + own + common


@with_jax
def test_an_error_reaches_the_threads_that_called():
    from densehop.accelerator import calls  # noqa: PLC0415 (where JAX is)

    joined = calls.JoinedCalls()
    joined.expect()
    with joined.member(), pytest.raises(TypeError, match="unexpected"):
        calls.call(_weighted, np.ones(1), np.ones(1), 1, unexpected=2)


@with_jax
def test_a_stopped_cell_goes_on_on_the_processor(tmp_path, monkeypatch):
    """It is stopped while its second segment runs."""
    grid = plan(disorders=1, problem={"load": [6.0]}, schedule={**COUPLINGS, "n_sweeps": 600})
    (cell,) = grid.cells()
    engine, begun, original = DeviceThreads(1), threading.Event(), measuring.advance

    def advance(*arguments):
        result = original(*arguments)
        begun.set()
        return result

    monkeypatch.setattr(measuring, "advance", advance)
    path = tmp_path / "cell.npz"
    engine.submit(Work(cell, partial(measure, device="accelerator"), path, 1e9))
    threading.Thread(target=lambda: (begun.wait(60), engine.close())).start()
    assert engine.next_outcome().kind == STOPPED
    saved = Checkpoint(path, cell.identity, 1e9)
    assert 0 < saved.load()[1]["n_sweeps"] < 600
    resumed, whole = (measure(cell, one) for one in (saved, Checkpoint(tmp_path / "none.npz", cell.identity, 1e9)))
    for name, (_, values) in whole.items():
        np.testing.assert_array_equal(resumed[name][1], values, err_msg=name)


def test_as_many_cells_as_memory_holds():
    (cell,) = plan(disorders=1, problem={"load": [6.0]}).cells()
    each, building = bytes_on_device(3, 16, cell.n_examples, 2, True)
    assert each > 2 * 2 * 16**3
    assert cells_at_once([cell], building + each) == 1
    assert cells_at_once([cell], int((building + 5.5 * each) / 0.8)) == 5
    assert cells_at_once([cell], 10**12) == MOST_CELLS


def test_sixty_cells_of_the_published_size_fit_into_a_large_device():
    """p = 3, N = 512, 100 chains: 16 GB of couplings, as much again where they are joined, 2 GB while one is built."""
    each, building = bytes_on_device(3, 512, 393_216, 100, True)
    assert 30e9 < 60 * each < 40e9
    assert 1e9 < building < 3e9
    two_limbs, _ = bytes_on_device(3, 512, 500_000, 100, True)
    assert two_limbs > 1.8 * each


def test_devices_that_are_not_there():
    assert on_device(plan(), "cpu", ThisProcess) == (ThisProcess, measure)
    assert on_device(plan(), "auto", ThisProcess) == (ThisProcess, measure)  # here JAX finds the processor alone
    with pytest.raises(dh.errors.InvalidInput, match="device must be one of"):
        on_device(plan(), "gpu", ThisProcess)
