"""The network at work: frames are parts of exact sweeps, energies are energies, code repeats a run."""

import contextlib
import io

import numpy as np
import pytest

import densehop as dh
from densehop.apps.explorer.compute.live import FRAMES, LiveNetwork, LiveRun, python_code
from densehop.apps.explorer.pages.live import LivePage
from densehop.apps.explorer.sessions.session import Session
from densehop.apps.explorer.workers.worker_pool import WorkerPool


def shown(run, n_sweeps):
    """Advance a run by whole sweeps."""
    for _ in range(FRAMES * n_sweeps):
        run.advance()


@pytest.mark.parametrize(("network", "start"), [(LiveNetwork("random", 2, 9, seed=3), None), (LiveNetwork(), 2)])
def test_code_repeats_a_run_through_changes_of_temperature(network, start):
    run = LiveRun(network, start, 0.1, turn=4)
    shown(run, 3)
    run.temperature = 1.3
    shown(run, 2)
    assert run.temperatures == [0.1] * 3 + [1.3] * 2
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(python_code(run), {})
    np.testing.assert_allclose(eval(printed.getvalue()), run.overlaps[-1])


def test_frames_are_parts_of_a_sweep_that_agree_with_attempts_in_order():
    """At T = 0 each site, in its turn, takes the sign of its field; one that a frame has not reached is as it was."""
    run = LiveRun(LiveNetwork("random", 2, 30), 0, 0.0)
    memories, expected = run.memories.astype(float), run.state.astype(float)
    couplings = memories.T @ memories
    np.fill_diagonal(couplings, 0)
    for frame in range(FRAMES):
        for site in range(64 * frame, 64 * (frame + 1)):
            field = couplings[site] @ expected
            expected[site] = np.sign(field) or expected[site]
        run.advance()
        np.testing.assert_array_equal(run.state, expected)
        np.testing.assert_allclose(run.overlaps[-1], memories @ expected / 256)


def test_the_way_between_two_memories():
    network = LiveNetwork("random", 3, 7)
    memories = network.memories()
    body = dh.PBodyHopfield(memories, 3)
    places, energies = network.energy_between(2, 5)
    assert (places[0], places[-1]) == (0, 1)
    np.testing.assert_allclose(energies[[0, -1]], body.energy(memories[[2, 5]]) / 256)
    assert energies.max() > 0.5 * energies[0]  # a barrier: both ends are minima


def test_memories_are_kept_or_mixed_as_the_page_shows():
    for n_memories, p, kept in ((5, 4, True), (20, 4, False), (10, 5, True)):
        run = LiveRun(LiveNetwork("digits", p, n_memories), 0, 0.1)
        shown(run, 6)
        assert (run.overlaps[-1][0] > 0.95) == kept


@pytest.mark.filterwarnings("ignore:.*will be removed in version 2.0:PendingDeprecationWarning")  # Panel's own
def test_the_page_counts_memories_and_sweeps():
    page = LivePage(Session(WorkerPool(1)))
    page._runner.start = lambda run: shown(run, 2)
    page._begin_at(3)
    page._finish()
    assert "2 sweeps" in page._says.object
    assert "overlap 1.00 with memory 3" in page._image.figure.title.text
    _, counts = page._run.histogram()
    assert counts[1::2].sum() == 5
    page._session.state.live_stored = "random"
    assert page._image.shape == (16, 16)
    assert "0 sweeps" in page._says.object
