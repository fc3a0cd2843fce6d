"""Measure what a lookup costs: processor time and peak memory of `transform`, `kneighbors` and `recall`, per query.

    python benchmarks/bench_lookups.py                                # 50,000 stored rows of 256 values, 2,000 queries
    python benchmarks/bench_lookups.py --stored 1000000 --values 784 --queries 200 --kinds codes --threads 1
    python benchmarks/bench_lookups.py --peers             # beside exact neighbours of scikit-learn, FAISS and PyTorch

Codes are random, a tenth of their signs flipped; greys are uniform, with errors of a twentieth of their range. Each
kind runs in a process of its own; its peak resident memory is that beyond what it was before `fit` or the call.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

KINDS = ("codes", "uint8", "float32", "float64")
ROUNDS = 3
PEERS = (("float32", 60_000, 784), ("float32", 1_000_000, 64), ("codes", 1_000_000, 784))


def peak() -> float:
    """Return the peak resident memory of this process in bytes; what `getrusage` tells may be that of the parent."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024.0


def data_of(
    kind: str, n_stored: int, n_values: int, n_queries: int
) -> tuple[npt.NDArray[np.generic], npt.NDArray[np.generic]]:
    """Return rows to store and questions."""
    random = np.random.default_rng(0)
    if kind == "codes":
        stored = random.integers(0, 2, (n_stored, n_values), dtype=np.uint8)
        asked = stored[random.integers(n_stored, size=n_queries)]
        return stored, np.where(random.random(asked.shape) < 0.1, 1 - asked, asked)
    if kind == "uint8":
        greys = random.integers(0, 256, (n_stored, n_values), dtype=np.uint8)
        some = greys[random.integers(n_stored, size=n_queries)]
        return greys, np.clip(some + random.normal(0, 12.75, some.shape), 0, 255).astype(np.uint8)
    values = random.random((n_stored, n_values), dtype=np.float32).astype(kind, copy=False)
    moved = values[random.integers(n_stored, size=n_queries)] + random.normal(0, 0.05, (n_queries, n_values))
    return values, moved.astype(kind)


def measured(call: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Return the shortest processor time of some calls, after one that compiles, and the growth of the peak memory."""
    before, times = peak(), []
    for _ in range(rounds + 1):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return min(times[1:] or times), peak() - before


def child(kind: str, n_stored: int, n_values: int, n_queries: int) -> None:
    """Measure one kind and print JSON."""
    import densehop as dh  # noqa: PLC0415 (the peak memory of each child counts from its own start)

    stored, asked = data_of(kind, n_stored, n_values, n_queries)
    small = dh.DenseAssociativeMemory().fit(stored[:64])
    small.recall(asked[:64])  # compiles
    memory = dh.DenseAssociativeMemory()
    fitting, kept = measured(lambda: memory.fit(stored), 0)
    found = {"fit": (fitting, kept)}
    for name in ("transform", "kneighbors", "recall"):
        found[name] = measured(lambda name=name: getattr(memory, name)(asked), ROUNDS)  # type: ignore[misc]
    print(json.dumps(found))


def peers(n_queries: int) -> None:
    """Print what lookups cost beside others: processor time, in turn on one thread, and the peak memory of a child."""
    for kind, n_stored, n_values in PEERS:
        stored, asked = data_of(kind, n_stored, n_values, n_queries)
        calls = {name: make() for name, make in lookups(stored, asked).items()}
        times = np.empty((ROUNDS + 1, len(calls)))
        with threadpool_limits(1):
            for row in times:  # the first compiles
                for place, call in enumerate(calls.values()):
                    began = time.process_time()
                    call()
                    row[place] = time.process_time() - began
        each = np.median(times[1:], axis=0) / n_queries * 1e3
        ratios = np.median(times[1:] / times[1:, :1], axis=0)
        print(f"{n_stored} {kind} of {n_values} values ({stored.nbytes / 2**20:.0f} MB), {n_queries} queries")
        names = list(calls)
        del stored, asked, calls
        for name, milliseconds, ratio in zip(names, each, ratios, strict=True):
            given = [f"--stored={n_stored}", f"--values={n_values}", f"--queries={n_queries}", "--kinds", kind]
            command = [sys.executable, __file__, *given, "--lookup", name]
            run = subprocess.run(command, capture_output=True, text=True, check=True)
            print(
                f"  {name:14}{milliseconds:9.3f} ms a query, ratio {ratio:5.2f}, peak beyond the input "
                f"{float(run.stdout) / 2**20:6.0f} MB",
                flush=True,
            )


def lookups(
    stored: npt.NDArray[np.generic], asked: npt.NDArray[np.generic]
) -> dict[str, Callable[[], Callable[[], object]]]:
    """Return what makes each lookup, by name, the one that ratios are taken to first."""
    import densehop as dh  # noqa: PLC0415 (as above)

    def memory(method: str, **parameters: object) -> Callable[[], object]:
        fitted = dh.DenseAssociativeMemory(**parameters).fit(stored)  # type: ignore[arg-type]  # strings and numbers by name
        return lambda: getattr(fitted, method)(asked)

    def brute() -> Callable[[], object]:
        fitted = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(stored)
        return lambda: fitted.kneighbors(asked)

    def product() -> Callable[[], object]:
        scores = np.empty((len(asked), len(stored)), dtype=np.float32)
        return lambda: np.matmul(asked, stored.T, out=scores)

    ours = {
        "kneighbors": lambda: memory("kneighbors"),
        "transform": lambda: memory("transform"),
        "one step": lambda: memory("transform", max_steps=1),
    }
    if stored.dtype == np.uint8:
        return {**faiss_of(stored, asked), **torch_of(stored, asked), **ours}
    return {"scikit-learn": brute, "product": product, **faiss_of(stored, asked), **torch_of(stored, asked), **ours}


def faiss_of(
    stored: npt.NDArray[np.generic], asked: npt.NDArray[np.generic]
) -> dict[str, Callable[[], Callable[[], object]]]:
    """Return what makes FAISS's exact search, where FAISS is installed."""
    try:
        import faiss  # type: ignore[import-not-found,unused-ignore] # noqa: PLC0415 (not even an extra)
    except ImportError:
        return {}
    faiss.omp_set_num_threads(1)
    faiss.cvar.distance_compute_blas_threshold = 1  # by default few questions form no products, at ten times the time

    def make() -> Callable[[], object]:
        binary = stored.dtype == np.uint8
        rows, questions = (np.packbits(part.view(np.bool_), axis=1) if binary else part for part in (stored, asked))
        index = faiss.IndexBinaryFlat(8 * rows.shape[1]) if binary else faiss.IndexFlatL2(rows.shape[1])
        index.add(rows)
        return lambda: index.search(questions, 1)

    return {"FAISS": make}


def torch_of(
    stored: npt.NDArray[np.generic], asked: npt.NDArray[np.generic]
) -> dict[str, Callable[[], Callable[[], object]]]:
    """Return what makes the nearest row by PyTorch's product in single precision, where PyTorch is installed."""
    try:
        import torch  # noqa: PLC0415 (as above)
    except ImportError:
        return {}
    torch.set_num_threads(1)

    def make() -> Callable[[], object]:
        binary = stored.dtype == np.uint8
        rows, questions = (torch.from_numpy(part).to(torch.float32) for part in (stored, asked))
        if binary:
            rows.mul_(2).sub_(1)
            questions = 2 * questions - 1
        offsets = torch.zeros(()) if binary else (rows * rows).sum(dim=1) / 2
        return lambda: torch.topk(questions @ rows.T - offsets, 1, dim=1)

    return {"PyTorch": make}


def peak_of(name: str, kind: str, n_stored: int, n_values: int, n_queries: int) -> float:
    """Return how far making a lookup and asking it raise the peak memory, in bytes."""
    stored, asked = data_of(kind, n_stored, n_values, n_queries)
    lookups(stored[:64], asked[:64])[name]()()  # compiles
    before = peak()
    lookups(stored, asked)[name]()()
    return peak() - before


def main() -> None:
    """Run a child for each kind and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stored", type=int, default=50_000)
    parser.add_argument("--values", type=int, default=256)
    parser.add_argument("--queries", type=int, default=2000)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--peers", action="store_true", help="beside the exact neighbours of other packages")
    parser.add_argument("--lookup", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peers:
        peers(min(options.queries, 256))
        return
    sizes = (options.stored, options.values, options.queries)
    if options.lookup:
        print(peak_of(options.lookup, options.kinds[0], *sizes))
        return
    if options.child:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.threads])
        child(options.kinds[0], *sizes)
        return
    print(f"{sizes[0]} stored rows of {sizes[1]} values, {sizes[2]} queries, {options.threads} threads")
    print(f"{'':10}{'':12}{'processor':>12}{'a query':>12}{'peak beyond':>14}")
    for kind in options.kinds:
        given = [f"--{name}={value}" for name, value in zip(("stored", "values", "queries"), sizes, strict=True)]
        command = [sys.executable, __file__, *given, f"--threads={options.threads}", "--child", "--kinds", kind]
        environment = {**os.environ, "OMP_NUM_THREADS": str(options.threads)}
        run = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        for name, (seconds, grown) in json.loads(run.stdout).items():
            each = f"{seconds / sizes[2] * 1e6:.1f} us" if name != "fit" else ""
            print(f"{kind:10}{name:12}{seconds:10.3f} s{each:>12}{grown / 2**20:11.0f} MB", flush=True)


if __name__ == "__main__":
    main()
