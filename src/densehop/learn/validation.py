"""Scikit-learn's checks of data, whose refusals become one line where they are several."""

from typing import Any

import numpy as np
from sklearn.utils.validation import validate_data

from densehop.base.checks import hides_values
from densehop.errors import InvalidInput

NO_TARGET = "no_validation"  # scikit-learn's word
RESHAPE = "Reshape your data"  # its words where X has one dimension
NAMES = "feature names"  # its message on these is a list, a name a line


def validate(estimator: Any, data: Any, target: Any = NO_TARGET, *, reset: bool = False, **checks: Any) -> Any:
    """Return what `validate_data` returns; `checks` are its own.

    Sparse data are taken unless `accept_sparse` is false. Values that a masked array hides are nan afterwards where
    nan is allowed, and refused elsewhere.

    Raises
    ------
    InvalidInput
        In one line, where scikit-learn says it in several.
    """
    if hides_values(data):
        data = np.ma.filled(np.ma.asarray(data, dtype=np.float64), np.nan)
    if hides_values(target):
        hidden = int(np.ma.getmaskarray(np.ma.asarray(target)).sum())
        raise InvalidInput(f"y hides {hidden} of its values behind a mask: leave these rows out")
    try:
        with np.errstate(over="ignore", invalid="ignore"):  # of its sum over all values
            return validate_data(estimator, data, target, reset=reset, **{"accept_sparse": "csr", **checks})
    except ValueError as error:
        text = str(error)
        if "Input y contains NaN" in text:
            raise InvalidInput(
                f"Input y contains NaN, and {type(estimator).__name__} needs the class of each row: leave out the rows "
                "whose class is not known"
            ) from error
        if "contains NaN" in text:
            raise InvalidInput(
                f"Input X contains NaN, and {type(estimator).__name__} needs all values here; complete rows first, as "
                "by `restore` of a DenseAssociativeMemory or by an imputer, or leave them out"
            ) from error
        if NAMES in text or "\n" not in text:
            raise
        first = text.splitlines()[0].rstrip(":")
        if RESHAPE in text:
            raise InvalidInput(
                f"{first}. {RESHAPE}: X.reshape(1, -1) is one sample, X.reshape(-1, 1) one feature"
            ) from error
        raise InvalidInput(f"{first}: X must hold real numbers") from error
