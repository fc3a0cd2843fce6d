"""Compare the Monte-Carlo kernels of two source trees, in turn (A, B, A, B, ...): bits, speed, compile and import time.

    python benchmarks/compare_kernels.py OLD NEW [--python-old PATH] [--rounds 15] [--cases couplings]

OLD and NEW are checkouts; each is run by its own interpreter, by default the one that runs this. Times are those of
the processor on one thread; medians of the ratios NEW/OLD are printed with their quartiles. Bits are compared over
random networks of every energy, dynamics and order, by digests of energies and states.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

SPEED: dict[str, tuple[dict[str, Any], int, int, float, str, float]] = {  # energy, N, M, T, representation, attempts
    "p = 2 cold": ({"p": 2}, 200, 4000, 0.3, "patterns", 1e6),
    "p = 2 hot": ({"p": 2}, 200, 4000, 1e3, "patterns", 4e5),
    "p = 3 cold": ({"p": 3}, 64, 8192, 0.5, "patterns", 6e5),
    "p = 3 hot": ({"p": 3}, 64, 8192, 1e3, "patterns", 3e5),
    "p = 3 few patterns": ({"p": 3}, 64, 64, 1.0, "patterns", 4e6),
    "p = 4 cold": ({"p": 4}, 64, 8192, 0.5, "patterns", 4e5),
    "p = 4 hot": ({"p": 4}, 64, 8192, 1e3, "patterns", 2e5),
    "p = 4 N = 400": ({"p": 4}, 400, 4000, 10.0, "patterns", 4e5),
    "p = 5 cold": ({"p": 5}, 40, 4000, 0.5, "patterns", 6e5),
    "p = 5 hot": ({"p": 5}, 40, 4000, 1e3, "patterns", 1e5),
    "exponential cold": ({"interaction": "exponential", "sharpness": 0.5}, 40, 1000, 0.5, "auto", 3e5),
    "exponential hot": ({"interaction": "exponential", "sharpness": 0.5}, 40, 1000, 1e3, "auto", 5e4),
    "p = 2 couplings": ({"p": 2}, 400, 400, 1.0, "couplings", 4e6),
    "p = 3 couplings": ({"p": 3}, 64, 8192, 1.0, "couplings", 2e6),
    "p = 4 couplings": ({"p": 4}, 24, 2000, 1.0, "couplings", 2e6),
}
COMPILED = ({"p": 2}, {"p": 3}, {"p": 4}, {"p": 5}, {"interaction": "exponential"})


def signs(n_patterns: int, n_spins: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).choice(np.array([-1, 1], dtype=np.int8), (n_patterns, n_spins))


def timed(name: str) -> float:
    """Return the CPU seconds of one run."""
    import densehop as dh  # noqa: PLC0415 (the worker's)

    energy, n_spins, n_patterns, temperature, representation, attempts = SPEED[name]
    network = NETWORKS.setdefault(name, dh.PBodyHopfield(signs(n_patterns, n_spins, 0), **energy))
    n_sweeps = max(2, int(attempts / n_spins))
    began = time.process_time()
    network.sample(temperature, 1, n_sweeps, network.patterns[0], representation=representation, n_workers=1)
    return time.process_time() - began


NETWORKS: dict[str, Any] = {}


def energies() -> list[dict[str, Any]]:
    powers = [{"p": p, "interaction": kind} for p in (2, 3, 4, 5, 6) for kind in ("strict", "power", "rectified")]
    return [*powers, *({"interaction": "exponential", "sharpness": b} for b in (0.1, 1.0))]


def digests(seed: int) -> dict[str, str]:
    """Return digests of energies, states, acceptances and overlaps up to their sign, for every way to run."""
    import densehop as dh  # noqa: PLC0415

    rng, found = np.random.default_rng(seed), {}
    for energy in energies():
        n_spins, n_patterns = int(rng.integers(7, 40)), int(rng.integers(1, 300))
        network = dh.PBodyHopfield(signs(n_patterns, n_spins, seed), **energy)
        kinds = ("strict", "power")
        coupled = energy["interaction"] in kinds and energy["p"] <= 4 - (energy["interaction"] == "power")
        for dynamics in ("heat-bath", "metropolis"):
            for order in ("sequential", "random"):
                for representation in ("patterns", "couplings") if coupled else ("auto",):
                    run = network.sample(
                        float(rng.choice([0.0, 0.3, 1.0, 5.0])), 3, 12, seed=seed, dynamics=dynamics, order=order,
                        representation=representation, snapshot_every=1, references=network.patterns[0], n_workers=1,
                    )  # fmt: skip
                    name = hashlib.blake2b(digest_size=8)
                    for values in (run.energy, run.snapshots, run.acceptance, np.abs(run.overlap)):
                        name.update(np.ascontiguousarray(values).data)
                    found[f"{energy} N={n_spins} M={n_patterns} {dynamics} {order} {representation}"] = name.hexdigest()
        states = network.relax(signs(5, n_spins, seed + 1))
        found[f"{energy} relax"] = hashlib.blake2b(states.tobytes(), digest_size=8).hexdigest()
    return found


def compiled(index: int) -> float:
    """Return the CPU seconds of a first, short run."""
    import densehop as dh  # noqa: PLC0415

    network = dh.PBodyHopfield(signs(200, 20, 0), **COMPILED[index])
    began = time.process_time()
    network.sample(1.0, 2, 20, representation="patterns", n_workers=1)
    return time.process_time() - began


def imported(name: str) -> float:
    """Return the CPU seconds of an import and of one attribute."""
    began = time.process_time()
    import densehop  # noqa: PLC0415

    if name:
        getattr(densehop, name)
    return time.process_time() - began


TASKS: dict[str, Callable[..., Any]] = {f.__name__: f for f in (timed, digests, compiled, imported)}


def serve() -> None:
    """Answer one request a line: the name of a task and its argument."""
    for line in sys.stdin:
        task, argument = json.loads(line)
        print(json.dumps(TASKS[task](argument)), flush=True)


@dataclass(frozen=True)
class Tree:
    """A checkout and the interpreter that runs it."""

    folder: Path
    python: str

    def start(self, cache: str) -> "subprocess.Popen[str]":
        environment = {**os.environ, "PYTHONPATH": str(self.folder.resolve() / "src"), "NUMBA_CACHE_DIR": cache}
        command = [self.python, str(Path(__file__).resolve()), "--serve"]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)


def ask(worker: "subprocess.Popen[str]", task: str, argument: Any) -> Any:
    """Return the answer to one request."""
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(json.dumps([task, argument]) + "\n")
    worker.stdin.flush()
    return json.loads(worker.stdout.readline())


def once(tree: Tree, cache: str, task: str, argument: Any) -> Any:
    """Return the answer of a process of its own."""
    worker = tree.start(cache)
    answer = ask(worker, task, argument)
    worker.communicate()
    return answer


def show(name: str, times: list[tuple[float, float]]) -> None:
    """Print medians and the ratio NEW/OLD with its quartiles."""
    old, new = np.array(times).T
    low, middle, high = np.quantile(new / old, (0.25, 0.5, 0.75))
    print(f"  {name:34} {np.median(old):9.4f} s {np.median(new):9.4f} s  ratio {middle:.3f} [{low:.3f}, {high:.3f}]")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--python-old", default=sys.executable)
    parser.add_argument("--python-new", default=sys.executable)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--networks", type=int, default=4, help="random networks for each energy")
    parser.add_argument("--only", default="", help="bits, speed, compile or import")
    parser.add_argument("--cases", default="", help="only cases whose name has this in it")
    options = parser.parse_args()
    trees = (Tree(options.old, options.python_old), Tree(options.new, options.python_new))
    with tempfile.TemporaryDirectory() as folder:
        caches = [f"{folder}/old", f"{folder}/new"]
        if options.only in ("", "bits", "speed"):
            workers = [tree.start(cache) for tree, cache in zip(trees, caches, strict=True)]
            if options.only != "speed":
                compare_bits(workers, options.networks)
            if options.only != "bits":
                compare_speed(workers, options.rounds, options.cases)
            for worker in workers:
                worker.communicate()
        if options.only in ("", "import"):
            for name in ("", "PBodyHopfield"):
                pairs = [
                    tuple(once(tree, cache, "imported", name) for tree, cache in zip(trees, caches, strict=True))
                    for _ in range(options.rounds)
                ]
                show(f"import densehop {name}", pairs)
        if options.only in ("", "compile"):
            for index, energy in enumerate(COMPILED):
                pairs = []
                for turn in range(3):
                    cold = [f"{folder}/{tree}-{index}-{turn}" for tree in ("old", "new")]
                    answers = [once(*job, "compiled", index) for job in zip(trees, cold, strict=True)]
                    pairs.append((answers[0], answers[1]))
                show(f"compile {energy}", pairs)


def compare_bits(workers: list[Any], n_networks: int) -> None:
    """Print how many runs differ."""
    n_runs, different = 0, []
    for seed in range(n_networks):
        old, new = (ask(worker, "digests", seed) for worker in workers)
        n_runs += len(old)
        different += [name for name in old if old[name] != new[name]]
    print(f"{n_runs} runs, {len(different)} with other bits", *different, sep="\n  ")


def compare_speed(workers: list[Any], rounds: int, cases: str) -> None:
    """Print the times of each case."""
    for name in (name for name in SPEED if cases in name):
        for worker in workers:
            ask(worker, "timed", name)
        times = []
        for turn in range(rounds):
            order = (0, 1) if turn % 2 == 0 else (1, 0)
            found = {tree: ask(workers[tree], "timed", name) for tree in order}
            times.append((found[0], found[1]))
        show(name, times)


if __name__ == "__main__":
    if "--serve" in sys.argv:
        serve()
    else:
        main()
