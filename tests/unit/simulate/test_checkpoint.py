"""A run that is stopped goes on from its checkpoint and ends with the same bits."""

import json
import threading

import numpy as np
import pytest

import densehop as dh
from densehop.base import checks
from densehop.simulate import checkpoint as module
from densehop.simulate.representations import choice

RESULTS = ("spins", "energy", "overlap", "acceptance", "snapshots", "by_couplings")


def network(p=3, n_spins=20, n_patterns=60, interaction="strict"):
    patterns = np.random.default_rng(p).choice([-1, 1], (n_patterns, n_spins))
    return dh.PBodyHopfield(patterns, p, interaction)


def same(first, second):
    return all(np.array_equal(getattr(first, name), getattr(second, name)) for name in RESULTS)


class StopAfter:
    """Plays Ctrl-C after so many reports."""

    def __init__(self, n_reports):
        self.left, self.lock = n_reports, threading.Lock()

    def __call__(self, _n_sweeps):
        with self.lock:
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt


OPTIONS = {"n_chains": 3, "n_sweeps": 400, "snapshot_every": 7, "seed": 4}


@pytest.mark.parametrize("n_reports", [1, 2, 5, 9])
@pytest.mark.parametrize("order", ["sequential", "random"])
@pytest.mark.parametrize("representation", ["patterns", "couplings", "auto"])
def test_interrupted_run_ends_with_the_same_bits(n_reports, order, representation, tmp_path):
    net, path = network(), tmp_path / "run.npz"
    options = {**OPTIONS, "order": order, "representation": representation, "references": net.patterns[:2]}
    whole = network().sample(1.5, **options)
    with pytest.raises(
        dh.errors.Interrupted, match=r"stopped after \d+ of 400 sweeps, saved in '.*run.npz': the same call"
    ):
        net.sample(1.5, **options, checkpoint=path, progress=StopAfter(n_reports))
    heard = []
    resumed = network().sample(1.5, **options, checkpoint=path, progress=heard.append)
    assert same(whole, resumed)
    assert sum(heard) == 3 * 400
    assert 0 < heard[0] <= 3 * 400  # threads may have ended before the interrupt arrived


@pytest.mark.parametrize("interaction", ["power", "rectified"])
def test_other_energies_resume_too(interaction, tmp_path):
    path = tmp_path / "run.npz"
    whole = network(interaction=interaction).sample(1.5, **OPTIONS)
    with pytest.raises(dh.errors.Interrupted):
        network(interaction=interaction).sample(1.5, **OPTIONS, checkpoint=path, progress=StopAfter(3))
    assert same(whole, network(interaction=interaction).sample(1.5, **OPTIONS, checkpoint=path))


def test_what_a_kill_leaves_is_enough(tmp_path, monkeypatch):
    """Every file that is ever written is one to go on from: whichever was the last before a kill."""
    files, write = [], module.write_together
    monkeypatch.setattr(
        module, "write_together", lambda contents: (files.append(next(iter(contents.values()))), write(contents))
    )
    path = tmp_path / "run.npz"
    whole = network().sample(1.5, **OPTIONS, checkpoint=path, checkpoint_every=0)
    assert len(files) > 8
    for content in tuple(files):  # going on writes more of them
        path.write_bytes(content)
        assert same(whole, network().sample(1.5, **OPTIONS, checkpoint=path))


def test_finished_run_is_not_run_again_and_can_be_made_longer(tmp_path):
    path = tmp_path / "run.npz"
    short = network().sample(1.5, 3, 100, checkpoint=path)
    heard = []
    assert same(short, network().sample(1.5, 3, 100, checkpoint=path, progress=heard.append))
    assert heard == [300]
    longer, whole = network().sample(1.5, 3, 250, checkpoint=path), network().sample(1.5, 3, 250)
    assert all(np.array_equal(getattr(longer, name), getattr(whole, name)) for name in RESULTS[:-1])
    with pytest.raises(dh.InvalidInput, match="n_sweeps must be at least 250, which the checkpoint holds, got 100"):
        network().sample(1.5, 3, 100, checkpoint=path)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"temperature": 1.6}, "temperature was 1.5, now 1.6"),
        ({"seed": 5}, "seed was"),
        ({"n_chains": 2}, "n_chains was 3, now 2|start was"),
        ({"dynamics": "metropolis"}, "dynamics was 'heat-bath', now 'metropolis'"),
        ({"order": "random"}, "order was"),
        ({"start": np.ones(20)}, "start was"),
        ({"references": np.ones(20)}, "references was"),
        ({"snapshot_every": 5}, "snapshot_every was"),
    ],
)
def test_checkpoint_of_another_run_is_refused(changes, name, tmp_path):
    path = tmp_path / "run.npz"
    options = {"temperature": 1.5, "n_chains": 3, "n_sweeps": 20, "seed": 4}
    network().sample(**options, checkpoint=path)
    before = path.read_bytes()
    with pytest.raises(dh.InvalidInput, match=f"belongs to another run: ({name}).*use another file or delete it"):
        network().sample(**{**options, **changes}, checkpoint=path)
    with pytest.raises(dh.InvalidInput, match="patterns and energy was"):
        network(n_patterns=61).sample(**options, checkpoint=path)
    assert path.read_bytes() == before


def test_checkpoint_of_a_version_with_other_random_numbers_is_refused(tmp_path):
    path = tmp_path / "run.npz"
    network().sample(1.5, **OPTIONS, checkpoint=path)
    with np.load(path) as file:
        arrays = dict(file)
    about = json.loads(str(arrays["about"]))
    del about["identity"]["random numbers"]
    np.savez(path, **{**arrays, "about": np.array(json.dumps(about))})
    with pytest.raises(dh.InvalidInput, match="another run: random numbers was another, in an earlier version, now 'T"):
        network().sample(1.5, **OPTIONS, checkpoint=path)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.98])
def test_truncated_checkpoint_is_refused(share, tmp_path):
    path = tmp_path / "run.npz"
    network().sample(1.5, **OPTIONS, checkpoint=path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(dh.InvalidInput, match=r"run.npz' is no checkpoint, or a damaged one; use another file"):
        network().sample(1.5, **OPTIONS, checkpoint=path)


@pytest.mark.parametrize("content", ["array", "arrays", "words", "list"])
def test_file_that_is_no_checkpoint_is_refused_and_untouched(content, tmp_path):
    path, values = tmp_path / "run.npz", np.ones((2, 3))
    with path.open("wb") as file:
        if content == "array":
            np.save(file, values)
        elif content == "arrays":
            np.savez(file, values=values)
        else:
            np.savez(file, about=np.array('{"a": 1}' if content == "words" else "[1]"))
    before = path.read_bytes()
    with pytest.raises(dh.InvalidInput, match=r"run.npz' is no checkpoint, or a damaged one; use another file"):
        network().sample(1.5, **OPTIONS, checkpoint=path)
    assert path.read_bytes() == before


def test_a_bit_turned_over_anywhere_is_refused_or_harmless(tmp_path):
    """Bits of zip's and NumPy's headers raise errors of many types."""
    path = tmp_path / "run.npz"
    whole = network().sample(1.5, 2, 5, checkpoint=path)
    content, rng = path.read_bytes(), np.random.default_rng(0)
    refused = 0
    for place in rng.integers(0, 8 * len(content), 60):
        damaged = bytearray(content)
        damaged[place // 8] ^= 1 << place % 8
        path.write_bytes(damaged)
        try:
            assert same(whole, network().sample(1.5, 2, 5, checkpoint=path))
        except dh.InvalidInput:
            refused += 1
    assert refused > 40


@pytest.mark.parametrize("checkpoint", [5, True, ["run.npz"]])
def test_checkpoint_must_be_a_name(checkpoint):
    with pytest.raises(dh.InvalidInput, match="checkpoint must be the name of a file, got"):
        network().sample(1.5, n_sweeps=2, checkpoint=checkpoint)


@pytest.mark.parametrize("first", ["auto", "patterns", "couplings"])
@pytest.mark.parametrize("then", ["auto", "patterns", "couplings"])
def test_a_run_may_go_on_in_another_representation(first, then, tmp_path):
    path = tmp_path / "run.npz"
    whole = network().sample(1.5, **OPTIONS)
    with pytest.raises(dh.errors.Interrupted):
        network().sample(1.5, **OPTIONS, representation=first, checkpoint=path, progress=StopAfter(4))
    resumed = network().sample(1.5, **OPTIONS, representation=then, checkpoint=path)
    assert all(np.array_equal(getattr(resumed, name), getattr(whole, name)) for name in RESULTS[:-1])


def test_a_run_goes_on_where_little_memory_is_free(tmp_path, monkeypatch):
    """`auto` may run on couplings today and not tomorrow: the results are the same."""
    path = tmp_path / "run.npz"
    network().sample(1.5, 3, 300, checkpoint=path)
    monkeypatch.setattr(checks, "free_memory", lambda: 10**12)
    monkeypatch.setattr(choice, "SHARE_OF_MEMORY", 1e-12)
    longer = network().sample(1.5, 3, 400, checkpoint=path)
    assert not longer.by_couplings[:, 300:].any()
    assert np.array_equal(longer.energy, network().sample(1.5, 3, 400).energy)


def test_full_disk_is_one_message_and_what_was_there_stays(tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    with pytest.raises(dh.errors.Interrupted):
        network().sample(1.5, **OPTIONS, checkpoint=path, checkpoint_every=0, progress=StopAfter(3))
    before = path.read_bytes()

    def full(_contents):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_together", full)
    with pytest.raises(dh.InvalidInput, match=r"cannot write the checkpoint .*: No space left on device; what it held"):
        network().sample(1.5, **OPTIONS, checkpoint=path)
    assert path.read_bytes() == before


def test_checkpoint_must_be_a_file_in_a_folder(tmp_path):
    for path in (tmp_path, tmp_path / "nowhere" / "run.npz"):
        with pytest.raises(dh.InvalidInput, match="checkpoint must be a file in an existing folder"):
            network().sample(1.5, **OPTIONS, checkpoint=path)
    with pytest.raises(dh.InvalidInput, match="checkpoint_every must be"):
        network().sample(1.5, **OPTIONS, checkpoint=tmp_path / "run.npz", checkpoint_every=-1)
