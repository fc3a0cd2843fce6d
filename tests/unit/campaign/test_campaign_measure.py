"""One cell: what it says, where it stops, and that an interrupt changes no bit."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import lfilter

import densehop as dh
from densehop.campaign import measure as measuring
from densehop.campaign.checkpoint import Checkpoint, Damaged, encode_arrays, read_arrays
from densehop.campaign.measure import draw, first_states, measure
from densehop.campaign.stopping import measured_sweeps, pilot_lengths, precision_reached
from densehop.campaign.summary import VERDICTS, summary
from densehop.campaign.trajectory import Trajectory
from tests.campaign_tasks import plan


def checkpoint_of(cell, folder, every=1e9):
    return Checkpoint(folder / "cell.npz", cell.identity, every)


def same(one, other):
    return one.keys() == other.keys() and all(
        one[name][0] == other[name][0] and np.array_equal(one[name][1], other[name][1], equal_nan=True) for name in one
    )


def test_variables_are_those_of_a_plain_run(tmp_path):
    cell = plan(schedule={"n_chains": 3, "n_sweeps": 40, "burn_in": 0.25}).cells()[0]
    found = {name: values for name, (_, values) in measure(cell, checkpoint_of(cell, tmp_path)).items()}
    pattern, examples = dh.draw_examples(16, cell.n_examples, 3, 2.0, seed=cell.examples_seed)
    net = dh.PBodyHopfield(examples, 3)
    run = net.sample(
        2.0,
        3,
        40,
        start=pattern,
        references=np.stack((pattern, examples[0])),
        seed=cell.segment_seed(0),
        snapshot_every=1,
    )
    assert np.array_equal(found["q_star_trace"], run.overlap[:, :, 0])
    assert np.array_equal(found["m_trace"], run.overlap[:, :, 1])
    assert np.array_equal(found["energy_trace"], run.energy / 16)
    assert found["q_star"] == pytest.approx(run.overlap[:, 10:, 0].mean(), rel=1e-13)
    assert found["energy"] == pytest.approx(run.energy[:, 10:].mean() / 16, rel=1e-13)
    assert found["acceptance"] == pytest.approx(run.acceptance[:, 10:].mean(), rel=1e-13)
    pairs = [(run.snapshots[a] * run.snapshots[b]).mean(axis=1, dtype=float) for a, b in ((0, 1), (0, 2), (1, 2))]
    assert found["q"] == pytest.approx(np.mean(pairs, axis=0)[10:].mean(), rel=1e-13)
    assert found["m_largest"] == pytest.approx(net.overlaps(run.spins).max(axis=1).mean(), rel=1e-13)
    verdict = dh.diagnostics.equilibration(run.overlap[:, 10:, 0])
    assert found["equilibrated"] == verdict.equilibrated
    assert VERDICTS[int(found["verdict"])] is verdict.verdict
    assert found["verdict_drift"] == verdict.drift
    assert (found["n_sweeps"], found["n_burn_in"]) == (40, 10)
    assert math.isnan(found["precision_reached"])


def test_even_bodies_are_gauged_by_the_sweeps_before_the_measured_ones(tmp_path):
    """p = 2 from a random start: some chains sit at -xi*, which is the same state."""
    cell = plan(
        problem={"p": 2, "load": [40.0], "temperature": [3.0]},
        starts=["random"],
        schedule={"n_chains": 8, "n_sweeps": 40},
        n_spins=[12],
    ).cells()[0]
    found = measure(cell, checkpoint_of(cell, tmp_path))
    raw = raw_overlaps(cell)
    assert (raw[:, 10:].mean(axis=1) < -0.5).any()
    assert (raw[:, 10:].mean(axis=1) > 0.5).any()
    signs = np.where(raw[:, :10].sum(axis=1, keepdims=True) < 0, -1, 1)
    assert np.allclose(found["q_star_trace"][1], signs * raw)
    assert found["q"][1] > 0.9
    assert found["q_star"][1] > 0.9


def raw_overlaps(cell):
    references, examples = draw(cell)
    net = dh.PBodyHopfield(examples, cell.p)
    start = first_states(cell, references)
    run = net.sample(
        cell.temperature, len(start), cell.run.n_sweeps, start=start, seed=cell.segment_seed(0), snapshot_every=1
    )
    return run.snapshots.astype(int) @ references[0] / cell.n_spins


def test_mean_energy_is_exact_on_the_nishimori_line(tmp_path):
    """From xi*, itself a sample of the student's law, any number of sweeps gives -lambda_N over disorders."""
    content = {"disorders": 150, "schedule": {"n_chains": 1, "n_sweeps": 8, "burn_in": 0}, "n_spins": [10]}
    cells = plan(problem={"load": [4.0], "temperature": [2.5]}, **content).cells()
    energies = [float(measure(cell, checkpoint_of(cell, tmp_path))["energy"][1]) for cell in cells]
    found = dh.diagnostics.disorder_estimate(energies)
    assert abs(found.mean + dh.signal_strength(10, cells[0].n_examples, 3, 2.5)) < 4 * found.error
    assert found.error < 0.2


def test_starts_are_where_they_say():
    cells = {
        cell.start_name: cell
        for cell in plan(
            n_spins=[64], disorders=1, problem={"load": [6.0]}, starts=["pattern", "example", "random", 0.5, -1]
        ).cells()
    }
    overlaps = {}
    for name, cell in cells.items():
        references, examples = draw(cell)
        states = first_states(cell, references)
        overlaps[name] = states.astype(int) @ references[0] / 64
        assert np.array_equal(references[1], examples[0])
        assert np.array_equal(states[0], examples[0]) == (name == "example")
    assert overlaps["pattern"].tolist() == [1, 1]
    assert overlaps["overlap 0.5"].tolist() == [0.5, 0.5]
    assert overlaps["overlap -1"].tolist() == [-1, -1]
    halves = first_states(cells["overlap 0.5"], draw(cells["overlap 0.5"])[0])
    assert not np.array_equal(halves[0], halves[1])
    assert np.abs(overlaps["random"]).max() < 0.6


def test_direct_model_remembers_its_first_memory(tmp_path):
    direct = {"model": "direct", "p": 2, "load": [0.05], "temperature": [0.0], "teacher_temperature": None}
    cell = plan(problem=direct, starts=["example"], n_spins=[400], schedule={"precision": 0.01}).cells()[0]
    found = measure(cell, checkpoint_of(cell, tmp_path))
    assert "q_star" not in found
    assert found["m"][1] > 0.98
    assert found["n_sweeps"][1] == 24  # nothing moves at T = 0: no need to go on
    assert found["precision_reached"][1] == 1
    memories = draw(cell)[1]
    assert memories.shape == (cell.n_examples, 400)
    assert abs(memories.mean()) < 5 / math.sqrt(memories.size)


def test_interrupted_cell_goes_on_with_the_same_bits(tmp_path, monkeypatch):
    """Stopped after each of its segments in turn: from the checkpoint it reaches the undisturbed end."""
    monkeypatch.setattr("densehop.campaign.cell.LONGEST_SEGMENT", 16)
    monkeypatch.setattr("densehop.campaign.cell.SHORTEST_SEGMENT", 16)
    cell = plan(problem={"load": [4.0]}, schedule={"n_sweeps": 40, "precision": 1e-6, "max_sweeps": 100}).cells()[0]
    whole = measure(cell, checkpoint_of(cell, tmp_path / "elsewhere"))
    assert whole["n_sweeps"][1] == 100
    advance, done = measuring.advance, []

    def stopping(*arguments):
        if len(done) in stops:
            stops.remove(len(done))
            raise KeyboardInterrupt
        done.append(arguments[2].n_sweeps)
        return advance(*arguments)

    monkeypatch.setattr(measuring, "advance", stopping)
    stops = [1, 2, 5]
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            measure(cell, checkpoint_of(cell, tmp_path))
    assert same(measure(cell, checkpoint_of(cell, tmp_path)), whole)
    assert done == sorted(set(done))  # no segment ran twice


def test_resumed_cell_decides_as_the_undisturbed_one(tmp_path, monkeypatch):
    """Saved within a pilot, within the measurement and at the end of either: the same sweeps are measured."""
    monkeypatch.setattr("densehop.campaign.cell.LONGEST_SEGMENT", 16)
    monkeypatch.setattr("densehop.campaign.cell.SHORTEST_SEGMENT", 16)
    schedule = {"n_sweeps": 32, "precision": 0.05, "max_sweeps": 4000, "observable": "energy", "n_chains": 4}
    cell = plan(problem={"load": [4.0], "temperature": [4.0]}, starts=["random"], schedule=schedule).cells()[0]
    whole = measure(cell, checkpoint_of(cell, tmp_path / "elsewhere"))
    first, last = int(whole["n_burn_in"][1]), int(whole["n_sweeps"][1])
    assert last < 4000
    references, examples = draw(cell)
    trajectory, net = Trajectory.begin(first_states(cell, references), references), dh.PBodyHopfield(examples, cell.p)
    while trajectory.n_sweeps < last:
        to_run = measured_sweeps(cell, trajectory).stop - trajectory.n_sweeps
        trajectory = measuring.advance(cell, net, trajectory, references, to_run)
        if trajectory.n_sweeps in {16, first, first + 16, last}:
            checkpoint_of(cell, tmp_path).save(trajectory.arrays(), {"wall_seconds": 0.0, "n_sweeps": 0})
            assert same(measure(cell, checkpoint_of(cell, tmp_path)), whole)


def test_longer_schedule_extends_a_shorter_one(tmp_path):
    short, long = (plan(schedule={"n_sweeps": n}).cells()[0] for n in (30, 60))
    one, other = (measure(cell, checkpoint_of(cell, tmp_path)) for cell in (short, long))
    assert np.array_equal(one["energy_trace"][1], other["energy_trace"][1][:, :30])


@pytest.mark.parametrize("precision", [0.05, 0.03, 1e-9])
def test_precise_cell_measures_fresh_sweeps_of_a_length_that_its_pilot_chose(precision, tmp_path):
    schedule = {"n_sweeps": 32, "precision": precision, "max_sweeps": 4000, "observable": "energy", "n_chains": 4}
    cell = plan(problem={"load": [4.0], "temperature": [4.0]}, starts=["random"], schedule=schedule).cells()[0]
    assert pilot_lengths(cell) == [32, 64, 128, 256, 512, 1024, 2048, 4000]
    found = measure(cell, checkpoint_of(cell, tmp_path))
    n_sweeps, first, trace = int(found["n_sweeps"][1]), int(found["n_burn_in"][1]), found["energy_trace"][1]
    bars = [(n, dh.diagnostics.time_average(trace[:, n // 4 : n]).error) for n in pilot_lengths(cell) if n <= n_sweeps]
    pilot, error = next((n, error) for n, error in bars if math.isfinite(error))
    assert first == pilot
    wanted = math.ceil((pilot - pilot // 4) * max(1, (error / (0.75 * precision)) ** 2))
    first_error = dh.diagnostics.time_average(trace[:, first : first + wanted]).error
    assert n_sweeps == min(pilot + wanted, 4000) or (first_error > precision and n_sweeps > pilot + wanted)
    average = dh.diagnostics.time_average(trace[:, first:])
    assert (found["energy"][1], found["energy_error"][1]) == (average.mean, average.error)
    assert found["precision_reached"][1] == (average.error <= precision)
    assert found["precision_reached"][1] == (precision > 1e-3)


def autoregressive_trajectory(rng, n_sweeps, memory=0.8):
    """Return a trajectory whose energies are autoregressive chains of mean 0."""
    noise = rng.normal(size=(4, n_sweeps)) * math.sqrt(1 - memory**2)
    noise[:, 0] /= math.sqrt(1 - memory**2)
    still = Trajectory.begin(np.ones((4, 16), dtype=np.int8), np.ones((1, 16), dtype=np.int8))
    counts = {
        "with_references": np.zeros((1, 4, n_sweeps), np.int16),
        "between_chains": np.zeros((6, n_sweeps), np.int16),
    }
    return replace(
        still, energy=16 * lfilter([1], [1, -memory], noise, axis=1), acceptance=np.ones((4, n_sweeps)), **counts
    )


def test_error_bars_of_precise_cells_cover():
    """Autoregressive chains instead of a network, 400 cells: 68% and 95% within sampling error, means unbiased."""
    schedule = {"n_sweeps": 100, "precision": 0.12, "max_sweeps": 6400, "observable": "energy", "n_chains": 4}
    cell = plan(problem={"model": "direct", "teacher_temperature": None}, starts=["random"], schedule=schedule).cells()[
        0
    ]
    rng, deviations, lengths = np.random.default_rng(1), [], []
    for _ in range(400):
        whole = autoregressive_trajectory(rng, 6400)
        measured = measured_sweeps(cell, whole)
        average = dh.diagnostics.time_average(whole.energy[:, measured] / 16)
        deviations.append(average.mean / average.error)
        lengths.append(measured.stop)
    deviations = np.array(deviations)
    assert np.isfinite(deviations).all()
    assert np.mean(np.abs(deviations) < 1) == pytest.approx(0.6827, abs=0.07)  # three standard errors of 400
    assert np.mean(np.abs(deviations) < 2) == pytest.approx(0.9545, abs=0.032)
    assert abs(deviations.mean()) < 0.15
    assert np.max(lengths) < 6400


def test_even_bodies_without_order_cover_zero(tmp_path):
    """p = 2 far above its transition, 16 chains: xi and -xi have one energy, so the truth is 0."""
    content = {"n_spins": [32], "disorders": 25, "starts": ["random"], "schedule": {"n_chains": 16, "n_sweeps": 200}}
    cells = plan(problem={"p": 2, "load": [1.0], "temperature": [20.0]}, **content).cells()
    found = [measure(cell, checkpoint_of(cell, tmp_path)) for cell in cells]
    deviations = np.array([one["q_star"][1] / one["q_star_error"][1] for one in found])
    assert np.abs(deviations).max() < 4
    assert abs(deviations.mean()) < 4 / math.sqrt(25)
    assert all(one["equilibrated"][1] for one in found)


def test_chains_that_do_not_move_are_not_precise():
    cell = plan(schedule={"precision": 0.1, "n_sweeps": 24, "max_sweeps": 24}).cells()[0]
    still = Trajectory.begin(np.ones((2, 16), dtype=np.int8), np.ones((2, 16), dtype=np.int8))
    counts = {"with_references": np.zeros((2, 2, 24), np.int16), "between_chains": np.zeros((1, 24), np.int16)}
    frozen = replace(still, energy=np.zeros((2, 24)), acceptance=np.zeros((2, 24)), **counts)
    assert measured_sweeps(cell, frozen) == slice(6, 24)
    assert not precision_reached(cell, frozen, slice(6, 24))
    found = summary(cell, frozen, slice(6, 24), np.ones(2))
    assert VERDICTS[int(found["verdict"][1])] is dh.diagnostics.Verdict.FROZEN
    assert found["equilibrated"][1] == 0


def test_segments_follow_from_the_content():
    large = plan(n_spins=[1000], problem={"p": 2}, schedule={"n_chains": 1000}).cells()[0]
    assert large.segment_length == 67
    assert plan().cells()[0].segment_length == 256


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "foreign", "text"])
def test_damaged_checkpoint_is_a_note_and_the_cell_begins_anew(damage, tmp_path):
    cell = plan().cells()[0]
    checkpoint = checkpoint_of(cell, tmp_path)
    whole = measure(cell, checkpoint)
    arrays = Trajectory.begin(np.ones((2, 16), dtype=np.int8), np.ones((2, 16), dtype=np.int8)).arrays()
    checkpoint.save(arrays, {"wall_seconds": 1.0, "n_sweeps": 0})
    data = bytearray(checkpoint.path.read_bytes())
    middle = data.index(b"spins.npy") + 40
    data[middle] ^= 255
    foreign = encode_arrays(arrays, {"identity": "another", "wall_seconds": 1.0})
    kinds = {"cut": data[:200], "changed": data, "empty": b"", "foreign": foreign, "text": b"x" * 500}
    checkpoint.path.write_bytes(bytes(kinds[damage]))
    with pytest.raises(Damaged):
        read_arrays(checkpoint.path, cell.identity)
    again = checkpoint_of(cell, tmp_path)
    assert same(measure(cell, again), whole)
    assert len(again.notes) == 1
    assert "is damaged" in again.notes[0]
    assert "starts from its beginning" in again.notes[0]


def test_checkpoint_that_cannot_be_written_is_a_note(tmp_path):
    cell = plan().cells()[0]
    checkpoint = Checkpoint(tmp_path / "nowhere" / "cell.npz", cell.identity, 0.0)
    measure(cell, checkpoint)
    assert "cannot write the checkpoint" in checkpoint.notes[0]
    assert "No such file or directory" in checkpoint.notes[0]
