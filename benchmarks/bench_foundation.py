"""Measure the foundation in one run: theory latency, examples drawn, Monte-Carlo attempts, each beside a plain peer.

Peers are measured interleaved (ours, peer, ours, peer, ...) in CPU time; ratios of medians are printed.
"""

import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np

import densehop as dh
from densehop.theory import nishimori

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


def examples_drawn() -> None:
    """Compare with NumPy: the same law of the overlap, then each row shuffled."""
    n_spins, n_examples, n_peer = 256, 1_000_000, 20_000

    def shuffled(temperature: float) -> None:
        law = dh.teacher_law(n_spins, 3, temperature)
        rng = np.random.default_rng(0)
        k = rng.choice(law.overlaps, n_peer, p=law.probability / law.probability.sum())
        rows = np.where(np.arange(n_spins) < ((n_spins + k) // 2)[:, np.newaxis], 1, -1).astype(np.int8)
        rng.permuted(rows, axis=1, out=rows)

    print(f"teacher examples of {n_spins} spins, against NumPy shuffling each row:")
    for name, temperature in (("disordered, T = 2", 2.0), ("ordered, T = 1.4", 1.4)):
        ours, peer = interleaved(
            partial(dh.draw_examples, n_spins, n_examples, 3, temperature),
            partial(shuffled, temperature),
        )
        began = time.perf_counter()
        dh.draw_examples(n_spins, n_examples, 3, temperature)
        wall = time.perf_counter() - began
        print(f"  {name:18} 1e6 in {wall:.2f} s; {peer / n_peer * n_examples / ours:.0f} times NumPy's speed")


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
