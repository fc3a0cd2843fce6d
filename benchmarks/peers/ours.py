"""densehop, one thread, through its public face."""

from functools import partial

import numpy as np

from peers.instance import Contender, Instance, Outcome

REPRESENTATIONS = ("auto", "patterns", "couplings")


def sample(instance: Instance, representation: str, n_chains: int, n_sweeps: int) -> Outcome:
    run = instance.network.sample(
        instance.temperature, n_chains, n_sweeps, dynamics="metropolis", representation=representation, n_workers=1
    )
    return run.spins, np.asarray(run.energy[:, -1])


def contenders(instance: Instance) -> list[Contender]:
    return [Contender("densehop", name, partial(sample, instance, name), (1, 8, 64, 256)) for name in REPRESENTATIONS]
