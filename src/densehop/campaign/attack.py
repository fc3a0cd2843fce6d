"""A cell that attacks: an example overwrites part of the teacher's pattern, and the student moves from there."""

import numpy as np

from densehop.base.arrays import Floats, Signs
from densehop.base.streams import seed_sequence
from densehop.campaign.cell import Cell, Overwritten
from densehop.campaign.checkpoint import Checkpoint
from densehop.campaign.summary import Variables
from densehop.network import PBodyHopfield
from densehop.simulate.starts import attacked, closest_example, typical_example

INSIDE = ("example", "fraction", "chain")


def attack_pattern(
    cell: Cell, attack: Overwritten, network: PBodyHopfield, pattern: Signs, checkpoint: Checkpoint, device: str = "cpu"
) -> Variables:
    """Return what came of each attack: overlaps q_star and m with the pattern and with the example that attacked.

    Both are (example, fraction, chain): of fixed points at T = 0, else means over the measured sweeps. A chain's sites
    overwritten at one fraction are so at every larger one. An interrupt saves what is done.
    """
    pairs = [np.stack((pattern, _intruder(cell, kind, pattern, network))) for kind in attack.examples]
    overlaps = np.full((2, len(attack.examples), len(attack.fractions), cell.run.n_chains), np.nan)
    saved = checkpoint.load()
    if saved is not None:
        overlaps = saved[0]["overlaps"]
    try:
        for example, step in np.argwhere(np.isnan(overlaps[0, :, :, 0])).tolist():
            seed = cell.segment_seed(example)
            pattern, intruder = pairs[example]
            states = attacked(pattern, intruder, attack.fractions[step], cell.run.n_chains, seed)
            ends = _final_states(cell, network, states, seed_sequence(seed, step), device)
            overlaps[:, example, step] = pairs[example].astype(np.float64) @ ends.T / cell.n_spins
            if checkpoint.due():
                checkpoint.save({"overlaps": overlaps}, {})
    except KeyboardInterrupt:
        checkpoint.save({"overlaps": overlaps}, {})
        raise
    between = np.array([pair.astype(np.float64).prod(axis=0).mean() for pair in pairs])
    return {"q_star": (INSIDE, overlaps[0]), "m": (INSIDE, overlaps[1]), "example_overlap": (("example",), between)}


def _intruder(cell: Cell, kind: str, pattern: Signs, network: PBodyHopfield) -> Signs:
    """Return the example that overwrites; for even p, where its negative is the same memory, the nearer one."""
    if kind == "closest":
        return closest_example(pattern, network.patterns, cell.p).spins
    example = typical_example(pattern, network.patterns)
    return -example.spins if cell.p % 2 == 0 and example.overlap < 0 else example.spins


def _final_states(
    cell: Cell, network: PBodyHopfield, states: Signs, seed: np.random.SeedSequence, device: str
) -> Floats:
    """Return where the states (chain, N) go: fixed points at T = 0, else mean spins after the burn-in."""
    if cell.temperature == 0:
        return network.relax(states, n_workers=1).astype(np.float64)
    run = cell.run
    snapshots = network.sample(
        cell.temperature,
        run.n_chains,
        run.n_sweeps,
        start=states,
        seed=seed,
        dynamics=run.dynamics,
        order=run.order,
        representation=run.representation,
        device=device,
        snapshot_every=1,
        n_workers=1,
    ).snapshots
    means: Floats = snapshots[:, int(run.burn_in * run.n_sweeps) :].mean(axis=1, dtype=np.float64)
    return means
