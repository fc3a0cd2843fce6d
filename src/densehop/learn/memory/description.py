"""From states to a `Recall`: nearest memories, energies, how sure each sign is, how close each question came."""

from dataclasses import replace

import numpy as np

from densehop.base.arrays import Floats, Integers, Mask, Reals
from densehop.learn.blas_threads import one_blas_thread
from densehop.learn.memory.bits import nearest_signs_of, posterior_means
from densehop.learn.memory.dynamics import Motion, posterior_mean
from densehop.learn.memory.packing import pack_bits
from densehop.learn.memory.result import Recall
from densehop.learn.memory.solver import OVERLAPS_AT_ONCE, Solver
from densehop.learn.memory.stored import Stored


def describe(
    solver: Solver,
    data: Reals,
    present: Mask | None,
    motion: Motion,
    means: Floats | None,
    restored: Reals,
) -> Recall:
    """Return what became of questions (B, N), not judged yet, `means` being those of spins that were sampled."""
    stored, questions = solver.stored, solver.start(data, present)
    if solver.real:
        memory, halved, energy = _nearest_values(solver, motion.states)
    elif stored.counted is None:
        memory, halved, energy = _nearest_by_products(solver, motion.states)
    else:
        memory, agree, energy = nearest_signs_of(stored.counted, stored.interaction, pack_bits(motion.states < 0))
        halved = np.float64(2) * (stored.interaction.n_sites - agree)
    distance = _distances(stored, questions, present, memory)
    return Recall(
        patterns=restored,
        memory=memory,
        overlap=1 - halved / stored.interaction.n_sites,
        energy=energy,
        confidence=_confidence(solver, motion.states, means, questions, present),
        distance=distance,
        p_value=np.full(len(data), np.nan),
        known=np.zeros(len(data), dtype=bool),
        false_alarm_rate=0.0,
        n_steps=motion.n_steps,
        settled=motion.settled,
    )


def judge(stored: Stored, recall: Recall, present: Mask | None, wanted_rate: float | None) -> Recall:
    """Return the same with what the questions, of which these values are present, were judged to be."""
    p_value = stored.familiarity.p_values(recall.distance, present, stored.nearest_others)
    rate = stored.familiarity.rate(wanted_rate)
    return replace(recall, p_value=p_value, known=(p_value <= rate) & (rate > 0), false_alarm_rate=rate)


def _confidence(solver: Solver, states: Reals, means: Floats | None, questions: Reals, present: Mask | None) -> Floats:
    """Return how likely each restored sign is to be right, (B, N); nan where nothing says."""
    stored = solver.stored
    if means is not None:
        return (1 + np.abs(means)) / 2
    if stored.words is None or stored.interaction.additive:
        return np.full(states.shape, np.nan)
    if stored.counted is None:
        posterior = posterior_mean(stored.interaction.beta, solver.memories, questions)
        return (1 + np.sign(states) * posterior) / 2
    absent = None if present is None else pack_bits(~present)
    signs = pack_bits(questions < 0)
    posterior, _ = posterior_means(stored.counted, stored.interaction.beta, signs, absent)
    return (1 + np.sign(states) * posterior) / 2


def _nearest_values(solver: Solver, states: Reals) -> tuple[Integers, Floats, Floats]:
    """Return the nearest memories (B,) of real values, |x - xi|^2/2 to them, and the energies (B,)."""
    blend = solver.stored.nearby.blend(states, None, solver.interaction.beta)
    if blend is not None:
        return blend.nearest, blend.squares / 2, -blend.logs / solver.interaction.beta
    return _nearest_of_many_values(solver, states)


@one_blas_thread
def _nearest_of_many_values(solver: Solver, states: Reals) -> tuple[Integers, Floats, Floats]:
    """Return the same, from the distances to all memories, of few states at a time."""
    memories = solver.stored.values(np.float64)
    squares = np.einsum("mi,mi->m", memories, memories)
    memory, nearest, energy = np.empty(len(states), dtype=np.int64), np.empty(len(states)), np.empty(len(states))
    at_once = max(1, OVERLAPS_AT_ONCE // len(memories))
    for first in range(0, len(states), at_once):
        part = slice(first, first + at_once)
        wide = states[part].astype(np.float64)
        halved = ((wide**2).sum(axis=1)[:, None] + squares) / 2 - wide @ memories.T
        energy[part] = solver.interaction.energies(-halved)
        memory[part], nearest[part] = halved.argmin(axis=1), halved.min(axis=1)
    return memory, nearest, energy


@one_blas_thread
def _nearest_by_products(solver: Solver, states: Reals) -> tuple[Integers, Floats, Floats]:
    """Return the same of spins."""
    overlaps = states.astype(np.float64) @ solver.stored.values(np.float64).T
    memory: Integers = overlaps.argmax(axis=1)
    halved = solver.interaction.n_sites - overlaps[np.arange(len(states)), memory]
    return memory, halved, solver.interaction.energies(overlaps)


def _distances(stored: Stored, questions: Reals, present: Mask | None, nearest: Integers) -> Floats:
    """Return the mean squared distance (B,) of questions to stored vectors over the values that are present."""
    squares = (questions.astype(np.float64) - stored.some_rows(nearest)) ** 2
    counted = np.ones(squares.shape, dtype=bool) if present is None else present
    means: Floats = (squares * counted).sum(axis=1) / np.maximum(counted.sum(axis=1), 1)
    return means
