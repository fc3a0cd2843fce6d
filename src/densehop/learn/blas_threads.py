"""One BLAS thread where products are small: they must not fan out, nor may bits depend on the number of threads."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from threadpoolctl import threadpool_limits

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def one_blas_thread(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Return a function that runs with one BLAS thread."""

    @wraps(function)
    def limited(*arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
        with threadpool_limits(1, user_api="blas"):
            return function(*arguments, **named)

    return limited
