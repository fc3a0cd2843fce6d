"""dwave-samplers: SimulatedAnnealingSampler at constant temperature; p = 2 only. Reads run one after another."""

import dimod
import numpy as np
from dwave.samplers import SimulatedAnnealingSampler

from peers.instance import Contender, Instance, Outcome


def contenders(instance: Instance) -> list[Contender]:
    if instance.p > 2:
        return []
    first, second = np.triu_indices(instance.n_spins, 1)
    values = -instance.scale * instance.sums[first, second]
    model = dimod.BinaryQuadraticModel.from_numpy_vectors(
        np.zeros(instance.n_spins), (first, second, values), 0.0, dimod.SPIN
    )
    sampler = SimulatedAnnealingSampler()

    def run(n_chains: int, n_sweeps: int) -> Outcome:
        found = sampler.sample(
            model,
            num_reads=n_chains,
            beta_schedule_type="custom",
            beta_schedule=[1 / instance.temperature],
            num_sweeps_per_beta=n_sweeps,
            proposal_acceptance_criteria="Metropolis",
        )
        order = np.argsort(found.variables)
        return found.record.sample[:, order].astype(np.int8), np.asarray(found.record.energy, dtype=np.float64)

    return [Contender("dwave-samplers", "sequential", run, (1, 8))]
