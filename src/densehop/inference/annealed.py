"""A start from Monte Carlo: chains that are cooled find patterns that no eigenvector points at yet."""

from collections.abc import Iterator

from densehop.base.streams import Purpose, Seed, seed_sequence
from densehop.inference.examples import Examples
from densehop.inference.spectral import Start
from densehop.simulate.settings import annealing

BODIES = (3, 4)  # whose chains run on couplings, at a cost that does not grow with the number of examples
HOTTEST, COLDEST = 2.0, 0.5  # times T: from the paramagnet to where the pattern's state wins by most
N_SWEEPS, N_CHAINS = 10_000, 4


def annealed_starts(examples: Examples, temperature: float, seed: Seed) -> Iterator[Start]:
    """Yield the state of lowest energy at which cooled chains end, where couplings exist and fit into memory."""
    if examples.p not in BODIES or not examples.fit_a_tensor:
        return
    cooling = annealing(HOTTEST * temperature, COLDEST * temperature, N_SWEEPS)
    stream = seed_sequence(seed, Purpose.NOISE)
    run = examples.network.sample(cooling, N_CHAINS, seed=stream, n_workers=examples.n_workers)
    yield Start("annealing", run.spins[run.energy[:, -1].argmin()].astype(float))
