"""Compare ways to complete tables: a fifth of the values hidden, in the rows to store (70%) and in the others.

Prints the root mean square error on hidden values of the other rows, each column in its own standard deviations, and
its standard error over seeds; below, the accuracy of a pipeline that completes, scales and classifies.
"""

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from densehop import DenseAssociativeMemory
from densehop.learn import DenseAssociativeImputer

Floats = npt.NDArray[np.float64]
SEEDS = 10
HIDDEN = 0.2


class Restorer(BaseEstimator):  # type: ignore[misc]
    """A memory of the complete rows, without their gaps: columns' means are stored in these."""

    def fit(self, rows: Floats) -> "Restorer":
        whole = np.asarray(SimpleImputer().fit_transform(rows))
        self.memory_ = DenseAssociativeMemory("attention", max_steps=1).fit(whole)
        return self

    def transform(self, rows: Floats) -> Floats:
        return self.memory_.restore(rows).astype(np.float64)


def methods() -> dict[str, BaseEstimator]:
    """Return what is compared."""
    return {
        "column means": SimpleImputer(),
        "KNNImputer, raw": KNNImputer(),
        "KNNImputer, standardised": make_pipeline(StandardScaler(), KNNImputer()),
        "memory, restore": Restorer(),
        "imputer": DenseAssociativeImputer(),
    }


def error(method: BaseEstimator, rows: Floats, seed: int) -> float:
    """Return the error of one method at one seed."""
    random = np.random.default_rng(seed)
    spread, order = rows.std(axis=0), random.permutation(len(rows))
    hidden = random.random(rows.shape) < HIDDEN
    hidden[:, 0] &= ~hidden.all(axis=1)
    damaged, cut = np.where(hidden, np.nan, rows), int(0.7 * len(rows))
    stored, asked = order[:cut], order[cut:]
    method.fit(damaged[stored])
    filled = method.transform(damaged[asked])
    if hasattr(method, "steps"):
        filled = method[0].inverse_transform(filled)
    return float(np.sqrt((((filled - rows[asked]) / spread)[hidden[asked]] ** 2).mean()))


def main() -> None:
    """Print the tables."""
    tables = {"wine": load_wine(), "breast cancer": load_breast_cancer(), "diabetes": load_diabetes()}
    print(f"{'':26}" + "".join(f"{name:>18}" for name in tables))
    for name, method in methods().items():
        cells = []
        for table in tables.values():
            errors = [error(method, table.data, seed) for seed in range(SEEDS)]
            cells.append(f"{np.mean(errors):.3f}({1000 * np.std(errors, ddof=1) / np.sqrt(SEEDS):.0f})")
        print(f"{name:26}" + "".join(f"{cell:>18}" for cell in cells), flush=True)
    random = np.random.default_rng(0)
    wine = tables["wine"]
    damaged = np.where(random.random(wine.data.shape) < HIDDEN, np.nan, wine.data)
    train = random.random(len(damaged)) < 0.7
    for name in ("column means", "KNNImputer, raw", "imputer"):
        model = make_pipeline(methods()[name], StandardScaler(), LogisticRegression())
        score = model.fit(damaged[train], wine.target[train]).score(damaged[~train], wine.target[~train])
        print(f"wine in a pipeline, {name}: accuracy {score:.3f}")


if __name__ == "__main__":
    main()
