"""What a classifier warns of or refuses before it trains: units, radii, hidden classes."""

import re
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.spatial.distance import cdist
from sklearn.datasets import load_iris, load_wine
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import StandardScaler

from densehop import DenseAssociativeClassifier, InvalidInput


@pytest.fixture(scope="module")
def iris():
    rows, classes = load_iris(return_X_y=True)
    return StandardScaler().fit_transform(rows), classes


def nearest_of_another_class(rows, classes, metric):
    distances = cdist(rows, rows, metric)
    distances[classes[:, None] == classes] = np.inf
    return np.median(distances.min(axis=1))


@pytest.mark.parametrize(("norm", "metric"), [("l2", "euclidean"), ("linf", "chebyshev"), ("flips", "cityblock")])
@pytest.mark.parametrize("unit", [1.0, 100.0])
def test_a_radius_beyond_half_the_way_to_another_class_is_named(norm, metric, unit):
    random = np.random.default_rng(0)
    classes = np.arange(120) % 2
    rows = (random.random((120, 30)) < np.where(classes, 0.4, 0.6)[:, None]).astype(float)
    if norm != "flips":
        rows += 0.1 * random.random(rows.shape)
    half = nearest_of_another_class(rows, classes, metric) / 2 * (1 if norm == "flips" else unit)
    settings = {"objective": "certified", "norm": norm, "max_iter": 1, "random_state": 0}
    numbers = re.escape(f"which is {2 * half:.3g} (norm='{norm}')"), re.escape(f"radius={2 * half / 3:.2g}")
    with pytest.warns(UserWarning, match=".*".join(numbers)) as told:
        DenseAssociativeClassifier(radius=1.01 * half, **settings).fit(unit * rows, classes)
    assert told[0].filename == __file__
    with pytest.warns(UserWarning, match="more than half the typical distance") as told:
        DenseAssociativeClassifier(radius=1e9, **settings).partial_fit(unit * rows, classes, classes=[0, 1])
    assert told[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        DenseAssociativeClassifier(radius=0.99 * half, **settings).fit(unit * rows, classes)


def test_radii_that_digits_bear_are_not_named(digits):
    images, classes = digits[0][:500] / 16, digits[2][:500]
    for norm, radius in (("l2", 0.6), ("linf", 0.1)):
        DenseAssociativeClassifier(20, objective="certified", norm=norm, radius=radius, max_iter=1).fit(images, classes)


def test_uneven_columns_are_named_once_dense_or_sparse():
    rows, classes = load_wine(return_X_y=True)
    for data, remedy in ((rows, "StandardScaler"), (sp.csr_array(rows), "MaxAbsScaler"), (sp.csc_matrix(rows), "Max")):
        with pytest.warns(UserWarning, match=rf"spreads 369 times as wide as the median one.*{remedy}") as told:
            DenseAssociativeClassifier(max_iter=1, random_state=0).fit(data, classes)
        assert [warning.filename for warning in told] == [__file__]


def test_the_class_is_named_where_it_is_nan_or_hidden(iris):
    rows, classes = iris
    with pytest.raises(InvalidInput, match=r"Input y contains NaN.*needs the class of each row"):
        DenseAssociativeClassifier().fit(rows, np.where(classes == 0, np.nan, classes))
    with pytest.raises(InvalidInput, match="y hides 50 of its values behind a mask"):
        DenseAssociativeClassifier().fit(rows, np.ma.masked_equal(classes, 1))
    with pytest.raises(InvalidInput, match=r"Input X contains NaN.*complete rows first"):
        DenseAssociativeClassifier().fit(np.where(rows > 2, np.nan, rows), classes)


@pytest.mark.parametrize("ask", ["predict", "predict_proba", "decision_function", "certified_radius"])
def test_nothing_is_answered_before_a_fit(iris, ask):
    with pytest.raises(NotFittedError):
        getattr(DenseAssociativeClassifier(), ask)(iris[0])


@pytest.mark.parametrize("scale", [1e-135, 1e-30, 1e30, 1e135])
@pytest.mark.parametrize("parameters", [{}, {"kind": "stored"}, {"interaction": "exponential", "kind": "stored"}])
def test_the_unit_of_the_data_does_not_matter(iris, parameters, scale):
    rows, classes = iris
    plain, scaled = (
        DenseAssociativeClassifier(max_iter=1, random_state=0, **parameters).fit(data, classes)
        for data in (rows, scale * rows)
    )
    np.testing.assert_allclose(
        scaled.decision_function(scale * rows), plain.decision_function(rows), rtol=1e-3, atol=1e-3
    )
    np.testing.assert_allclose(
        scaled.certified_radius(scale * rows[:20]) / scale, plain.certified_radius(rows[:20]), rtol=1e-3, atol=1e-3
    )
    if parameters.get("interaction") == "exponential":
        assert scaled.sharpness_ * scale**2 == pytest.approx(plain.sharpness_, rel=1e-3)


def test_units_whose_squares_leave_double_precision_are_refused(iris):
    rows, classes = iris
    for scale, message in ((1e-200, "must spread over at least 1e-140"), (1e160, "at most"), (1e307, "at most")):
        for parameters in ({}, {"interaction": "exponential", "kind": "stored"}):
            with pytest.raises(InvalidInput, match=message):
                DenseAssociativeClassifier(**parameters).fit(scale * rows, classes)
