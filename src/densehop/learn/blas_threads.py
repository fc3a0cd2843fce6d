"""One BLAS thread where products are small: they must not fan out, nor may bits depend on the number of threads."""

from collections.abc import Callable
from functools import cache, wraps
from typing import ParamSpec, TypeVar

from threadpoolctl import ThreadpoolController

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


@cache
def _libraries() -> ThreadpoolController:
    """Return the BLAS libraries; to look for them takes longer than many a product, and NumPy's has been loaded."""
    return ThreadpoolController()


def one_blas_thread(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Return a function that runs with one BLAS thread."""

    @wraps(function)
    def limited(*arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
        with _libraries().limit(limits=1, user_api="blas"):
            return function(*arguments, **named)

    return limited
