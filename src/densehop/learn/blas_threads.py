"""One BLAS thread where products are small: they must not fan out, nor may bits depend on the number of threads."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache, wraps
from typing import ParamSpec, TypeVar

from threadpoolctl import ThreadpoolController

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


@cache
def _controller() -> ThreadpoolController:
    """Find the BLAS of NumPy, once: a look through all libraries takes longer than small products."""
    return ThreadpoolController()


def one_thread() -> AbstractContextManager[object]:
    """Return a context in which products run on one thread."""
    limits: AbstractContextManager[object] = _controller().limit(limits=1, user_api="blas")
    return limits


def one_blas_thread(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Return a function that runs with one BLAS thread."""

    @wraps(function)
    def limited(*arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
        with one_thread():
            return function(*arguments, **named)

    return limited
