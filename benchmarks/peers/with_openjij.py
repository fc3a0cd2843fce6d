"""OpenJij: SASampler's compiled annealers, at constant temperature.

p = 2: dense model (sparse ones were slower on these graphs). Higher orders: the sampler behind `sample_hubo`, made
once, so that conversions stay outside the times. Reads run one after another on one thread.
"""

import numpy as np
import openjij
from openjij.cxxjij.algorithm import RandomNumberEngine, UpdateMethod
from openjij.cxxjij.graph import IsingPolynomialModel
from openjij.cxxjij.sampler import make_sa_sampler
from openjij.model.model import BinaryQuadraticModel

from peers.instance import Contender, Instance, Outcome, Run


def quadratic(instance: Instance) -> Run:
    model = BinaryQuadraticModel.from_numpy_matrix(-instance.scale * np.triu(instance.sums, 1), vartype="SPIN")
    sampler = openjij.SASampler()

    def run(n_chains: int, n_sweeps: int) -> Outcome:
        schedule = [[1 / instance.temperature, n_sweeps]]  # without a seed: with one, all reads are the same
        response = sampler.sample(model, schedule=schedule, num_reads=n_chains, sparse=False)
        order = np.argsort(response.variables)
        return response.record.sample[:, order].astype(np.int8), np.asarray(response.record.energy, dtype=np.float64)

    return run


def polynomial(instance: Instance) -> Run:
    keys, values = instance.terms()
    sampler = make_sa_sampler(IsingPolynomialModel(key_list=keys, value_list=values))
    sampler.set_num_threads(num_threads=1)
    sampler.set_update_method(update_method=UpdateMethod.METROPOLIS)
    sampler.set_random_number_engine(random_number_engine=RandomNumberEngine.XORSHIFT)
    sampler.set_beta_min(beta_min=1 / instance.temperature)
    sampler.set_beta_max(beta_max=1 / instance.temperature)

    def run(n_chains: int, n_sweeps: int) -> Outcome:
        sampler.set_num_reads(num_reads=n_chains)
        sampler.set_num_sweeps(num_sweeps=n_sweeps)
        sampler.sample()
        order = np.argsort(sampler.get_index_list())
        return np.array(sampler.get_samples(), dtype=np.int8)[:, order], np.array(sampler.calculate_energies())

    return run


def contenders(instance: Instance) -> list[Contender]:
    if instance.p == 2:
        return [Contender("OpenJij", "dense", quadratic(instance), (1, 8))]
    return [Contender("OpenJij", "polynomial", polynomial(instance), (1, 8))]
