"""Measure a memory whose codes lie in a file: time to store, time per query, and what stays in memory.

    python benchmarks/bench_store.py --stored 10000000 --values 784 --folder /some/disk

Random codes are written to a file of the folder (a byte each, few at a time), stored from its map with `store=` (a bit
each), and asked for with a tenth of their signs flipped. Memory is the process's own (RssAnon), beyond what it was
before; pages of mapped files are the system's, which takes them back. Both files are deleted at the end.
"""

import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import densehop as dh

ROWS = 100_000


def anonymous() -> float:
    """Return the process's own memory in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


def write_codes(path: Path, n_stored: int, n_values: int) -> None:
    """Write random codes of 0 and 1."""
    random = np.random.default_rng(0)
    codes = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(n_stored, n_values))
    for first in range(0, n_stored, ROWS):
        some = codes[first : first + ROWS]
        bits = random.integers(0, 256, (len(some), -(-n_values // 8)), dtype=np.uint8)
        some[:] = np.unpackbits(bits, axis=1, count=n_values)
    codes.flush()


def main() -> None:
    """Store, ask, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stored", type=int, default=10_000_000)
    parser.add_argument("--values", type=int, default=784)
    parser.add_argument("--queries", type=int, default=128)
    parser.add_argument("--folder", type=Path, default=None, help="for both files; the default is the temporary one")
    options = parser.parse_args()
    with TemporaryDirectory(dir=options.folder) as folder:
        path = Path(folder) / "codes.npy"
        write_codes(path, options.stored, options.values)
        codes = np.load(path, mmap_mode="r")
        random = np.random.default_rng(1)
        rows = random.integers(options.stored, size=options.queries)
        asked = np.where(random.random((len(rows), options.values)) < 0.1, 1 - codes[rows], codes[rows])
        small = dh.DenseAssociativeMemory().fit(codes[:5000])
        for name in ("transform", "kneighbors", "recall"):  # compiles
            getattr(small, name)(asked[:64])
        before = anonymous()
        memory = dh.DenseAssociativeMemory(store=Path(folder) / "store.npy")
        began, spent = time.perf_counter(), time.process_time()
        memory.fit(codes)
        size = (Path(folder) / "store.npy").stat().st_size / 1e9
        print(f"{options.stored} codes of {options.values} bits in a file of {size:.2f} GB")
        for name in ("fit", "transform", "kneighbors", "recall, first call", "recall"):
            if name != "fit":
                began, spent = time.perf_counter(), time.process_time()
                found = getattr(memory, name.split(",")[0])(asked)
                if name.startswith("recall"):
                    assert (found.memory == rows).all()
                    assert found.known.all()
            processor, wall = time.process_time() - spent, time.perf_counter() - began
            each = "" if name == "fit" else f", {1e3 * processor / len(asked):.2f} ms a query"
            print(
                f"  {name:20}{processor:8.1f} s processor, {wall:.1f} s wall{each}; own memory "
                f"{anonymous() - before:.0f} MB",
                flush=True,
            )


if __name__ == "__main__":
    main()
