"""One cell: what it says, where it stops, and that an interrupt changes no bit."""

import math
from dataclasses import replace

import numpy as np
import pytest

import densehop as dh
from densehop.campaign import measure as measuring
from densehop.campaign.checkpoint import Checkpoint, Damaged, encode_arrays, read_arrays
from densehop.campaign.measure import draw, first_states, measure, rounds
from densehop.campaign.summary import ErrorBar, reached
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
    assert found["verdict_drift"] == verdict.drift
    assert (found["n_sweeps"], found["n_burn_in"]) == (40, 10)
    assert math.isnan(found["precision_reached"])


def test_even_bodies_are_gauged_over_the_measured_sweeps(tmp_path):
    """p = 2 from a random start: some chains sit at -xi*, which is the same state."""
    cell = plan(
        problem={"p": 2, "load": [40.0], "temperature": [3.0]},
        starts=["random"],
        schedule={"n_chains": 8, "n_sweeps": 40},
        n_spins=[12],
    ).cells()[0]
    found = measure(cell, checkpoint_of(cell, tmp_path))
    means = found["q_star_trace"][1][:, 10:].mean(axis=1)
    assert (means >= 0).all()
    raw = raw_overlaps(cell)[:, 10:].mean(axis=1)
    assert (raw < -0.5).any()
    assert (raw > 0.5).any()
    assert np.allclose(np.abs(raw), means)
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


def test_resumed_cell_is_judged_at_the_ends_of_rounds_only(tmp_path, monkeypatch):
    """Saved between two rounds, where its error bar happens to be small: it goes on, as the undisturbed cell did."""
    monkeypatch.setattr("densehop.campaign.cell.LONGEST_SEGMENT", 16)
    monkeypatch.setattr("densehop.campaign.cell.SHORTEST_SEGMENT", 16)
    cell = plan(schedule={"n_sweeps": 32, "precision": 0.1, "max_sweeps": 200}).cells()[0]
    judged = []

    def small_by_chance(_, trajectory):
        judged.append(trajectory.n_sweeps)
        return trajectory.n_sweeps in {48, 80, 128}

    monkeypatch.setattr(measuring, "reached", small_by_chance)
    whole = measure(cell, checkpoint_of(cell, tmp_path / "elsewhere"))
    assert (int(whole["n_sweeps"][1]), judged) == (128, [32, 64, 128])
    for n_done in (48, 80):
        partial = replace(cell, run=replace(cell.run, n_sweeps=n_done, max_sweeps=n_done))
        references, examples = draw(cell)
        trajectory, net = Trajectory.begin(first_states(cell, references), 2), dh.PBodyHopfield(examples, cell.p)
        while trajectory.n_sweeps < n_done:
            trajectory = measuring.advance(partial, net, trajectory, references, 16)
        checkpoint_of(cell, tmp_path).save(trajectory.arrays(), {"wall_seconds": 0.0, "n_sweeps": n_done})
        assert same(measure(cell, checkpoint_of(cell, tmp_path)), whole)


def test_longer_schedule_extends_a_shorter_one(tmp_path):
    short, long = (plan(schedule={"n_sweeps": n}).cells()[0] for n in (30, 60))
    one, other = (measure(cell, checkpoint_of(cell, tmp_path)) for cell in (short, long))
    assert np.array_equal(one["energy_trace"][1], other["energy_trace"][1][:, :30])


@pytest.mark.parametrize("precision", [0.05, 0.02, 1e-9])
def test_cell_stops_at_the_first_round_that_is_precise_enough(precision, tmp_path):
    schedule = {"n_sweeps": 32, "precision": precision, "max_sweeps": 1000, "observable": "energy", "n_chains": 4}
    cell = plan(problem={"load": [4.0], "temperature": [4.0]}, starts=["random"], schedule=schedule).cells()[0]
    assert rounds(cell) == [32, 64, 128, 256, 512, 1000]
    found = measure(cell, checkpoint_of(cell, tmp_path))
    n_sweeps, trace = int(found["n_sweeps"][1]), found["energy_trace"][1]
    bars = {n: ErrorBar.of(trace[:, n // 4 : n]).error for n in rounds(cell) if n <= n_sweeps}
    enough = [n for n, error in bars.items() if error <= precision]
    assert (enough or [1000])[0] == n_sweeps
    assert found["precision_reached"][1] == bool(enough)
    assert found["energy_error"][1] == bars[n_sweeps] or math.isnan(bars[n_sweeps])


def test_error_bar_of_chains_with_memory():
    """Autoregressive chains: the error bar is the scatter of means over repetitions, and it is nan where unknown."""
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(300, 4, 800))
    series = np.zeros_like(noise)
    for step in range(1, 800):
        series[:, :, step] = 0.8 * series[:, :, step - 1] + noise[:, :, step]
    bars = [ErrorBar.of(chains[:, 100:]) for chains in series]
    scatter = np.std([bar.mean for bar in bars])
    assert np.sqrt(np.mean([bar.error**2 for bar in bars])) == pytest.approx(scatter, rel=0.15)
    short = [ErrorBar.of(chains[:, 100:130]).error for chains in series]  # of 9 autocorrelation times
    assert np.isnan(short).mean() > 0.8
    assert math.isnan(ErrorBar.of(np.stack((series[0, 0], 50 + series[0, 1]))).error)  # two states
    still = ErrorBar.of(np.full((2, 50), 0.1))
    assert (still.mean, still.variance) == (0.1, 0.0)
    assert math.isnan(still.error)


def test_chains_that_do_not_move_are_not_precise():
    cell = plan(schedule={"precision": 0.1}).cells()[0]
    still = Trajectory.begin(np.ones((2, 16), dtype=np.int8), 2)
    frozen = Trajectory(
        still.spins,
        np.zeros((2, 24)),
        np.zeros((2, 24)),
        np.zeros((2, 2, 24), dtype=np.int16),
        np.zeros((1, 24), dtype=np.int16),
    )
    assert not reached(cell, frozen)


def test_segments_follow_from_the_content():
    large = plan(n_spins=[1000], problem={"p": 2}, schedule={"n_chains": 1000}).cells()[0]
    assert large.segment_length == 67
    assert plan().cells()[0].segment_length == 256


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "foreign", "text"])
def test_damaged_checkpoint_is_a_note_and_the_cell_begins_anew(damage, tmp_path):
    cell = plan().cells()[0]
    checkpoint = checkpoint_of(cell, tmp_path)
    whole = measure(cell, checkpoint)
    arrays = Trajectory.begin(np.ones((2, 16), dtype=np.int8), 2).arrays()
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
