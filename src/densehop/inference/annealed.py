"""A start from Monte Carlo: chains that are cooled find patterns that no eigenvector points at yet."""

from collections.abc import Iterator

from densehop.base.arrays import Signs
from densehop.base.streams import Purpose, Seed, seed_sequence
from densehop.inference.spectral import Start, tensor_fits
from densehop.network import PBodyHopfield
from densehop.simulate.settings import annealing

BODIES = (3, 4)  # whose chains run on couplings, at a cost that does not grow with the number of examples
HOTTEST, COLDEST = 2.0, 0.5  # times T: from the paramagnet to where the pattern's state wins by most
N_SWEEPS, N_CHAINS = 10_000, 4


def annealed_starts(examples: Signs, p: int, temperature: float, seed: Seed, n_workers: int) -> Iterator[Start]:
    """Yield the state of lowest energy at which cooled chains end, where couplings exist and fit into memory."""
    n_examples, n_spins = examples.shape
    if p not in BODIES or not tensor_fits(p, n_spins, n_examples):
        return
    cooling = annealing(HOTTEST * temperature, COLDEST * temperature, N_SWEEPS)
    stream = seed_sequence(seed, Purpose.NOISE)
    run = PBodyHopfield(examples, p).sample(cooling, N_CHAINS, seed=stream, n_workers=n_workers)
    yield Start("annealing", run.spins[run.energy[:, -1].argmin()].astype(float))
