"""Measure one synchronous T = 0 step of a batch beside the two float32 matrix products that it replaces.

The products are states @ patterns.T and values @ patterns: what any array program must at least do, without the
function of the overlaps between them and the signs after them. Both sides run on the same number of threads, in turn
(A, B, A, B, ...); medians of ratios are printed, of CPU time for one thread and of clock time for two, where BLAS burns
CPU time waiting. The target is 0.8. A third of the states are memories with noise, the others random.
"""

import time
from collections.abc import Callable
from functools import partial

import numpy as np
from threadpoolctl import threadpool_limits

import densehop as dh
from densehop.kernels import retrieval as kernel
from densehop.simulate.representations.bit_overlaps import PatternWords, words_of
from densehop.simulate.retrieval import RetrievalStore, new_work

Clock = Callable[[], float]
ROUNDS = 5
TARGET = 0.8
SIZES = [  # N, M, B
    (1000, 138, 256),
    (1000, 1000, 256),
    (1000, 5000, 256),
    (512, 50_000, 128),
    (784, 5000, 500),
    (100, 5000, 256),
]


def mean_time(call: Callable[[], object], times: int, clock: Clock) -> float:
    """Return the mean seconds of some calls."""
    began = clock()
    for _ in range(times):
        call()
    return (clock() - began) / times


def in_turn(*calls: Callable[[], object], clock: Clock = time.process_time) -> np.ndarray:
    """Return the times of the calls, (round, call), after one warm-up each."""
    for call in calls:
        call()
    times = max(1, round(0.02 / max(mean_time(calls[0], 1, clock), 1e-6)))
    return np.array([[mean_time(call, times, clock) for call in calls] for _ in range(ROUNDS)])


def start_states(patterns: np.ndarray, n_states: int) -> np.ndarray:
    """Return random states, every third a memory with a tenth of its spins drawn anew."""
    rng = np.random.default_rng(1)
    states = rng.choice(np.array([-1, 1], dtype=np.int8), (n_states, patterns.shape[1]))
    near = np.arange(0, n_states, 3)
    kept = rng.random((len(near), patterns.shape[1])) < 0.9
    states[near] = np.where(kept, patterns[near % len(patterns)], states[near])
    return states


def two_products(patterns: np.ndarray, states: np.ndarray) -> Callable[[], object]:
    """Return the two matrix products in float32."""
    stored, first = patterns.astype(np.float32), states.astype(np.float32)
    values = first @ stored.T

    def run() -> np.ndarray:
        np.matmul(first, stored.T, out=values)
        return np.asarray(values @ stored)

    return run


def store_of(net: dh.PBodyHopfield) -> RetrievalStore:
    """Return the layout that `retrieve` works on."""
    table = dh.energies.strict_table(net.table.p or 2, net.n_spins)
    return RetrievalStore.build(table, net.patterns, PatternWords.build(net.patterns))


def parts(net: dh.PBodyHopfield, states: np.ndarray) -> str:
    """Return where the time of one block of states and patterns goes."""
    stored = store_of(net).stored
    block = states[:120]
    state_words, work = words_of(block, 12), new_work(len(block), net.n_spins, net.n_patterns)
    last = min(1024, net.n_patterns)
    calls = {
        "overlaps": partial(kernel.count_agreements, stored.words, state_words, net.n_spins, 0, last, work.counts),
        "look-up": partial(kernel.look_up, stored.digits[0], work.counts, len(block), last, work.values),
        "product": partial(kernel.multiply, stored, 120, 0, last, 1, work),
        "all": partial(kernel.add_fields, stored, state_words, len(block), 0, last, work),
        "end": partial(kernel.write_signs, stored, block, work, block.copy()),
    }
    calls["all"]()
    times = dict(zip(calls, np.median(in_turn(*calls.values()), axis=0), strict=True))
    whole = times["all"] * net.n_patterns / last + times["end"]
    shares = {
        name: value * net.n_patterns / last / whole for name, value in times.items() if name not in ("all", "end")
    }
    shares["end"] = times["end"] / whole
    return ", ".join(f"{name} {share:.0%}" for name, share in shares.items())


def main() -> None:
    for threads in (1, 2):
        print(f"one step over two float32 products, {threads} thread(s) each; target {TARGET}:")
        for n_spins, n_patterns, n_states in SIZES:
            patterns = np.random.default_rng(0).choice(np.array([-1, 1], dtype=np.int8), (n_patterns, n_spins))
            states = start_states(patterns, n_states)
            peer = two_products(patterns, states)
            for p in (2, 3, 4):
                net = dh.PBodyHopfield(patterns, p=p)
                with threadpool_limits(threads, user_api="blas"):
                    step = partial(net.retrieve, states, 1, threads)
                    store = partial(store_of(net).step, states, threads)
                    times = in_turn(step, store, peer, clock=time.process_time if threads == 1 else time.perf_counter)
                    ratio, inner = np.median(times[:, :2] / times[:, 2:], axis=0)
                    where = parts(net, states) if threads == 1 else ""
                verdict = "" if ratio <= TARGET else "  MISSED"
                print(
                    f"  N = {n_spins:4} M = {n_patterns:6} B = {n_states:4} p = {p}: {ratio:.2f} ({inner:.2f} without "
                    f"checks of the states){verdict}  {where}"
                )


if __name__ == "__main__":
    main()
