"""A model that the package does not have, in one place: what it supplies is all that `solve` needs.

Exponential memories, E = -(1/L) log sum_a exp(L k_a) with exp(A N) memories, where many of them carry the sum. At
temperature 1/L the Boltzmann weight factorises, exp(-L E) = sum_a prod_i exp(L xi_ia s_i): log Z is exact at every N.
"""

# ruff: noqa: ARG002 (a noise this simple ignores most of what it is told)

import itertools
import math
from dataclasses import dataclass

import numpy as np
import pytest

import densehop as dh
from densehop.theory.models import choice
from densehop.theory.models.many_body.states import State
from densehop.theory.states import site
from densehop.theory.states.model import Branch, Case, Known, Model, paramagnet
from densehop.theory.states.noise import Order


@dataclass(frozen=True)
class ExponentialProblem:
    load: float  # A = log(M)/N
    sharpness: float  # L
    temperature: float


@dataclass(frozen=True)
class ExponentialNoise:
    sharpness: float

    def mean(self, order: Order, load: float) -> float:
        return float(order.overlap > 0)  # E = -m next to a memory: a field of 1, whatever the others do

    def spread(self, order: Order) -> tuple[float, float]:
        return 0.0, 0.0

    def energy(self, order: Order, load: float) -> float:
        if order.overlap > 0:
            return -order.overlap
        return -(load + math.log(math.cosh(self.sharpness))) / self.sharpness

    def entropy(self, order: Order, load: float) -> float:
        return 0.0

    def tilt_slope(self, order: Order, load: float) -> float:
        return 0.0

    def replicon(self, order: Order, load: float, temperature: float, fourth: float) -> float:
        return 1.0


@dataclass(frozen=True)
class Memory(Branch):
    noise: ExponentialNoise
    name: str = "retrieval"

    def symmetric(self, load: float, temperature: float, scale: float = 1.0) -> State:
        found = State(1.0, 0.0, site.average(1.0, 0.0, temperature))
        if -self.noise.energy(Order(0, 0, 0, 0, 0), load) > found.site.overlap:
            raise dh.NoSolution("the other memories are stronger")
        return found


class Exponential(Model):
    def case(self, problem: ExponentialProblem, name: str) -> Case | Known:
        noise = ExponentialNoise(problem.sharpness)
        if name == "retrieval":
            return Case(Memory(noise), problem.load, problem.temperature)
        if name == "paramagnet":
            return paramagnet(noise, problem.load, problem.temperature, replicon=1.0)
        raise dh.NoSolution(f"no {name} here")


@pytest.fixture(autouse=True)
def _entered(monkeypatch):
    monkeypatch.setitem(choice.MODELS, ExponentialProblem, lambda _: Exponential())


@pytest.mark.parametrize("ansatz", ["rs", "1rsb"])
def test_a_new_model_is_solved_without_an_edit_in_the_solvers(ansatz):
    beta = 1.7
    memory = dh.solve(ExponentialProblem(0.1, 1.2, 1 / beta), "retrieval", ansatz)
    assert memory.m == pytest.approx(math.tanh(beta), abs=1e-14)
    assert memory.free_entropy == pytest.approx(math.log(2 * math.cosh(beta)), abs=1e-13)
    assert memory.converged
    plain = dh.solve(ExponentialProblem(0.1, 1.2, 1 / beta), "paramagnet", ansatz)
    assert plain.free_entropy == pytest.approx(math.log(2) + beta / 1.2 * (0.1 + math.log(math.cosh(1.2))), abs=1e-13)
    with pytest.raises(dh.NoSolution, match="stronger"):
        dh.solve(ExponentialProblem(0.6, 1.2, 1 / beta), "retrieval", ansatz)


def test_a_new_model_competes_for_the_lowest_free_energy():
    hot = dh.candidates(ExponentialProblem(0.1, 1.2, 1 / 1.2))  # log 2cosh b < A + log 2cosh b
    assert [solution.branch for solution in hot] == ["paramagnet", "retrieval"]
    cold = dh.candidates(ExponentialProblem(0.1, 1.2, 1 / 1.7))
    assert [solution.branch for solution in cold] == ["retrieval", "paramagnet"]


def test_its_paramagnet_is_the_exact_sum_over_states_at_temperature_one_over_the_sharpness():
    n_spins, n_memories, sharpness = 8, 5, 0.7
    memories = np.random.default_rng(0).choice([-1, 1], (n_memories, n_spins))
    states = np.array(list(itertools.product([-1, 1], repeat=n_spins)))
    log_z = math.log(np.exp(sharpness * states @ memories.T).sum()) / n_spins
    problem = ExponentialProblem(math.log(n_memories) / n_spins, sharpness, 1 / sharpness)
    assert dh.solve(problem, "paramagnet").free_entropy == pytest.approx(log_z, abs=1e-13)
