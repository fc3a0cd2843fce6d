"""Measure the foundation in one run: theory latency, examples drawn, Monte-Carlo attempts, each beside a plain peer.

Peers are measured interleaved (ours, peer, ours, peer, ...) in CPU time; ratios of medians are printed.
"""

import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np

import densehop as dh
from densehop.theory.models import nishimori

ROUNDS = 5


def cpu_time(call: Callable[[], object]) -> float:
    """Return the CPU seconds of one call, all threads together."""
    began = time.process_time()
    call()
    return time.process_time() - began


def interleaved(ours: Callable[[], object], peer: Callable[[], object]) -> tuple[float, float]:
    """Return the median CPU times of both, after one warm-up each."""
    ours()
    peer()
    pairs = [(cpu_time(ours), cpu_time(peer)) for _ in range(ROUNDS)]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


def theory_latency() -> None:
    """Time each transition and critical temperature warm, without the cache of earlier answers."""
    print("theory, warm, nothing cached:")
    for p in (3, 4, 5, 6, 10):
        times = []
        for _ in range(ROUNDS + 1):
            nishimori.spinodal_variance.cache_clear()
            nishimori._lines.cache_clear()
            times.append(cpu_time(partial(dh.nishimori_lines, p)))
        lines = dh.nishimori_lines(p)
        print(
            f"  p = {p:2}: Gamma_lR = {lines.gamma_local:.10f}  q = {lines.q_local:.10f}  Gamma_gR = "
            f"{lines.gamma_global:.10f}  q = {lines.q_global:.10f}  {1e3 * statistics.median(times[1:]):6.2f} ms"
        )
    for p in range(2, 11):
        times = [cpu_time(partial(dh.critical_temperature, p)) for _ in range(ROUNDS)]
        temperature = dh.critical_temperature(p).temperature
        print(f"  p*= {p:2}: T_crit = {temperature:.10f}  {1e3 * statistics.median(times):6.2f} ms")


def shuffled(n_spins: int, n_examples: int, temperature: float) -> None:
    """Draw as ours does: the same law of the overlap, each row shuffled."""
    law = dh.teacher.teacher_law(n_spins, 3, temperature)
    rng = np.random.default_rng(0)
    k = rng.choice(law.overlaps, n_examples, p=law.probability / law.probability.sum())
    rows = np.where(np.arange(n_spins) < ((n_spins + k) // 2)[:, np.newaxis], 1, -1).astype(np.int8)
    rng.permuted(rows, axis=1, out=rows)


def examples_drawn() -> None:
    """Compare with NumPy, and with writing the same memory once."""
    print("teacher examples, p = 3, one thread, against NumPy shuffling each row and against np.full:")
    for n_spins, n_examples in ((64, 800_000), (256, 200_000), (512, 100_000), (1024, 50_000)):
        for name, temperature in (("ordered", 1.2), ("near T_crit", 1.45), ("disordered", 2.0)):
            n_peer = n_examples // 20
            ours, peer = interleaved(
                partial(dh.draw_examples, n_spins, n_examples, 3, temperature, n_workers=1),
                partial(shuffled, n_spins, n_peer, temperature),
            )
            memory = statistics.median(cpu_time(partial(np.full, (n_examples, n_spins), 1, np.int8)) for _ in range(3))
            print(
                f"  N = {n_spins:4}, T = {temperature:4} {name:11}: {1e9 * ours / n_examples / n_spins:.2f} ns per "
                f"spin; {20 * peer / ours:.0f} times NumPy's speed; {ours / memory:.1f} times the time of np.full"
            )


def attempts() -> None:
    """Compare one chain with NumPy that keeps the overlaps and forms one field an attempt."""
    n_spins, temperature, sweeps = 160, 2.5, 200
    print("Monte Carlo, p = 3, heat-bath, from the pattern, against NumPy with kept overlaps:")
    for n_examples in (8_000, 38_400):
        pattern, examples = dh.draw_examples(n_spins, n_examples, 3, temperature)
        net = dh.PBodyHopfield(examples, p=3)

        def numpy_sweep(examples: np.ndarray = examples, pattern: np.ndarray = pattern) -> None:
            rng = np.random.default_rng(0)
            state, rows = pattern.astype(np.int32), np.ascontiguousarray(examples.T, dtype=np.int32)
            k = state @ rows
            for site in range(n_spins):
                other = k - state[site] * rows[site]
                field = 3 / n_spins**2 * float(rows[site] @ (other**2 - (n_spins - 1)))
                if 2 * state[site] * field < temperature * rng.logistic():
                    k -= 2 * state[site] * rows[site]
                    state[site] = -state[site]

        def ours(net: dh.PBodyHopfield = net, pattern: np.ndarray = pattern) -> None:
            net.sample(temperature, n_chains=1, n_sweeps=sweeps, start=pattern, n_workers=1)

        mine, peer = interleaved(ours, numpy_sweep)
        each = mine / sweeps / n_spins / n_examples * 1e9
        accepted = net.sample(temperature, 1, sweeps, start=pattern).acceptance.mean()
        print(
            f"  M = {n_examples:6}, {accepted:.0%} accepted: {each:.3f} ns per pattern and attempt; "
            f"{peer * sweeps / mine:.1f} times NumPy"
        )


if __name__ == "__main__":
    theory_latency()
    examples_drawn()
    attempts()
