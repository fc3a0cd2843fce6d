"""Run one cell: draw its examples, run its chains in segments, save them now and then, go on until they are precise.

The segments' lengths and random streams follow from the cell's content alone, so a cell that is taken up from a
checkpoint ends in the same bits as one that was never interrupted.
"""

import time

import numpy as np

from densehop.base.arrays import Floats, Signs
from densehop.base.streams import Purpose, generator
from densehop.campaign.attack import attack_pattern
from densehop.campaign.cell import Cell
from densehop.campaign.checkpoint import Checkpoint
from densehop.campaign.stopping import measured_sweeps
from densehop.campaign.summary import Variables, summary
from densehop.campaign.trajectory import Trajectory
from densehop.network import PBodyHopfield
from densehop.simulate.settings import RunKeywords
from densehop.simulate.starts import random_states, states_at_overlap
from densehop.teacher.examples import draw_examples


def measure(cell: Cell, checkpoint: Checkpoint, device: str = "cpu") -> Variables:
    """Return what the cell's chains say; an interrupt saves them first and is passed on.

    The device on which chains run is no part of the cell: the bits are the same.
    """
    references, examples = draw(cell)
    network = PBodyHopfield(examples, cell.p)
    del examples  # the network has its copy
    if cell.attack is not None:
        return attack_pattern(cell, cell.attack, network, references[0], checkpoint, device)
    saved = checkpoint.load()
    spent = 0.0
    if saved is None:
        trajectory = Trajectory.begin(first_states(cell, references), references)
    else:
        trajectory, spent = Trajectory.of(saved[0]), float(saved[1]["wall_seconds"])
    begun = time.monotonic() - spent

    def save() -> None:
        checkpoint.save(
            trajectory.arrays(), {"wall_seconds": time.monotonic() - begun, "n_sweeps": trajectory.n_sweeps}
        )

    try:
        measured = measured_sweeps(cell, trajectory)
        while trajectory.n_sweeps < measured.stop:
            left = measured.stop - trajectory.n_sweeps
            trajectory = advance(cell, network, trajectory, references, left, device)
            if checkpoint.due():
                save()
            if trajectory.n_sweeps == measured.stop:
                measured = measured_sweeps(cell, trajectory)
    except KeyboardInterrupt:
        save()
        raise
    return summary(cell, trajectory, measured, largest_overlaps(cell, network, trajectory.spins))


def draw(cell: Cell) -> tuple[Signs, Signs]:
    """Draw the examples (M, N) of the cell's disorder; before them the references (R, N), what overlaps are taken with.

    References are the teacher's pattern and the first example; for the direct model the first memory alone.
    """
    shape, seed = (cell.n_spins, cell.n_examples), cell.examples_seed
    if cell.teacher_temperature is None or cell.teacher_p is None:
        rng = generator(seed, Purpose.EXAMPLES)
        memories = rng.integers(0, 2, shape[::-1], dtype=np.int8) * np.int8(2) - np.int8(1)
        return memories[:1].copy(), memories
    pattern, examples = draw_examples(*shape, cell.teacher_p, cell.teacher_temperature, seed, n_workers=1)
    return np.stack((pattern, examples[0])), examples


def first_states(cell: Cell, references: Signs) -> Signs:
    """Return the states (chain, N) in which the chains begin; with exchange (chain, temperature, N)."""
    n_levels = len(cell.ladder)
    states = _first_states(cell, references, cell.run.n_chains * n_levels)
    return states if n_levels == 1 else states.reshape(cell.run.n_chains, n_levels, cell.n_spins)


def _first_states(cell: Cell, references: Signs, n_chains: int) -> Signs:
    """Return as many first states."""
    seed = cell.segment_seed(0)
    if cell.start == "random":
        return random_states(cell.n_spins, n_chains, seed)
    if cell.start_overlap is not None:
        return states_at_overlap(references[0], cell.start_overlap, n_chains, seed)
    return np.repeat(references[-1:] if cell.start == "example" else references[:1], n_chains, axis=0)


def advance(
    cell: Cell, network: PBodyHopfield, trajectory: Trajectory, references: Signs, n_sweeps: int, device: str = "cpu"
) -> Trajectory:
    """Run the next segment of at most `n_sweeps`."""
    options: RunKeywords = {
        "dynamics": cell.run.dynamics,
        "order": cell.run.order,
        "representation": cell.run.representation,
        "device": device,
        "snapshot_every": 1,
        "n_workers": 1,
    }
    length, seed = min(n_sweeps, cell.segment_length), cell.segment_seed(trajectory.segments)
    if len(cell.ladder) == 1:
        start, n_chains = trajectory.spins, cell.run.n_chains
        return trajectory.then(
            network.sample(cell.temperature, n_chains, length, start=start, seed=seed, **options), references
        )
    start = trajectory.ladders.reshape(-1, cell.n_spins)
    tempered = network.temper(cell.ladder, cell.run.n_chains, length, start=start, seed=seed, **options)
    return trajectory.then_tempered(tempered, references)


def largest_overlaps(cell: Cell, network: PBodyHopfield, spins: Signs) -> Floats:
    """Return each final state's largest overlap with an example, (chain,); for even p of either sign."""
    overlaps = (network.overlaps(state) for state in spins)
    return np.array([(np.abs(of_state) if cell.p % 2 == 0 else of_state).max() for of_state in overlaps])
