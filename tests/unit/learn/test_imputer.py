"""Completed tables beside a sum written out row by row."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import nan_euclidean_distances
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from densehop import DenseAssociativeMemory, InvalidInput
from densehop.learn import DenseAssociativeImputer


def table(seed, share=0.3):
    random = np.random.default_rng(seed)
    rows = random.normal(0, 1, (40, 3)) @ random.normal(0, 1, (3, 7)) * 10.0 ** np.arange(7) + 5
    return rows, np.where(random.random(rows.shape) < share, np.nan, rows)


@pytest.mark.parametrize("beta", [0.0, 0.3, 4.0])
def test_what_is_missing_is_the_weighted_mean_of_rows_that_have_it(beta):
    _, damaged = table(0)
    stored, asked = damaged[:30], damaged[30:]
    imputer = DenseAssociativeImputer(beta).fit(stored)
    filled = imputer.transform(asked)
    mean, scale = np.nanmean(stored, axis=0), np.nanstd(stored, axis=0)
    squares = nan_euclidean_distances((asked - mean) / scale, (stored - mean) / scale, squared=True)
    for row, column in np.argwhere(np.isnan(asked)):
        weights = np.where(np.isnan(squares[row]) | np.isnan(stored[:, column]), 0, np.exp(-beta / 2 * squares[row]))
        if beta == 0:
            weights = ~np.isnan(stored[:, column])
        expected = (weights * np.nan_to_num(stored[:, column])).sum() / weights.sum()
        assert filled[row, column] == pytest.approx(expected, rel=1e-9)
    assert (filled[~np.isnan(asked)] == asked[~np.isnan(asked)]).all()


def test_the_choice_of_beta_is_better_than_columns_means_on_wine():
    rows = load_wine().data
    hidden = np.random.default_rng(1).random(rows.shape) < 0.2
    damaged = np.where(hidden, np.nan, rows)
    errors = []
    for beta in (0.0, None):
        imputer = DenseAssociativeImputer(beta).fit(damaged[::2])
        moved = (imputer.transform(damaged[1::2]) - rows[1::2]) / rows.std(axis=0)
        errors.append(np.sqrt((moved[hidden[1::2]] ** 2).mean()))
    assert errors[1] < 0.85 * errors[0]
    assert imputer.beta_ > 0
    assert DenseAssociativeImputer().fit(damaged[::2]).beta_ == imputer.beta_


def test_it_fits_a_pipeline_and_keeps_tables():
    rows, classes = load_wine(return_X_y=True, as_frame=True)
    damaged = rows.mask(np.random.default_rng(2).random(rows.shape) < 0.2)
    model = make_pipeline(DenseAssociativeImputer(), StandardScaler(), LogisticRegression()).fit(damaged, classes)
    assert model.score(damaged, classes) > 0.95
    filled = DenseAssociativeImputer().set_output(transform="pandas").fit_transform(damaged)
    assert isinstance(filled, pd.DataFrame)
    assert filled.columns.tolist() == rows.columns.tolist()
    assert not filled.isna().any().any()


def test_columns_and_rows_without_values():
    _, damaged = table(3)
    nothing = np.full((1, 7), np.nan)
    imputer = DenseAssociativeImputer(1.0).fit(np.vstack([damaged, nothing]))
    np.testing.assert_allclose(imputer.transform(nothing)[0], np.nanmean(damaged, axis=0))
    damaged[:, 3] = np.nan
    with pytest.raises(InvalidInput, match="column 3 of X holds no value"):
        DenseAssociativeImputer().fit(damaged)
    with pytest.raises(InvalidInput, match="beta must be"):
        DenseAssociativeImputer(-1.0).fit(table(3)[0])


@pytest.mark.filterwarnings("ignore")
def test_scikit_learns_checks_of_the_imputer():
    results = check_estimator(DenseAssociativeImputer(), on_skip=None)
    skipped = {result["check_name"] for result in results if result["status"] == "skipped"}
    assert skipped <= {"check_array_api_input"}


def test_a_memory_of_a_table_gives_each_column_its_range():
    rows = load_wine().data
    memory = DenseAssociativeMemory().fit(rows)
    assert memory.encoding_.by_column
    assert (memory.memories_.min(axis=0) == -1).all()
    assert np.allclose(memory.memories_.max(axis=0), 1)
    assert (np.abs(memory.transform(rows[:20]) - rows[:20]) < 0.01 * rows.std(axis=0)).all()
    hidden = np.random.default_rng(4).random(rows.shape) < 0.2
    errors = {}
    for scale in ("columns", "shared"):
        memory = DenseAssociativeMemory("attention", scale=scale, max_steps=1).fit(rows[::2])
        moved = (memory.restore(np.where(hidden, np.nan, rows)[1::2]) - rows[1::2]) / rows.std(axis=0)
        errors[scale] = np.sqrt((moved[hidden[1::2]] ** 2).mean())
    assert errors["columns"] < 0.85 * errors["shared"]
    parts = DenseAssociativeMemory().fit(rows[:100]).partial_fit(rows[100:])
    np.testing.assert_allclose(parts.memories_, DenseAssociativeMemory().fit(rows).memories_, atol=1e-9)
    distances, places = DenseAssociativeMemory().fit(rows).kneighbors(rows[:5])
    assert places[:, 0].tolist() == list(range(5))
    assert (distances == 0).all()
    wrong = rows[:3] * np.where(np.arange(13) == 12, 10, 1)
    with pytest.warns(UserWarning, match="in column 12, what was stored from 278 to 1680"):
        DenseAssociativeMemory().fit(rows).transform(wrong)
    assert not DenseAssociativeMemory().fit(np.random.default_rng(0).normal(size=(50, 8))).encoding_.by_column


def test_a_scale_that_there_is_not():
    with pytest.raises(InvalidInput, match="scale must be one of"):
        DenseAssociativeMemory(scale="rows").fit(np.eye(3))
