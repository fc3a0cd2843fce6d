"""Parameters changed after a fit: those that a fitted model depends on may not change unnoticed."""

from collections.abc import Sequence
from typing import Any

from densehop.errors import InvalidInput


def remember_parameters(model: Any, names: Sequence[str]) -> None:
    """Keep the values of the named parameters beside what is being fitted with them."""
    model._fitted_with = {name: getattr(model, name) for name in names}


def refuse_changed_parameters(model: Any) -> None:
    """Refuse a fitted model one of whose remembered parameters has been set to another value since."""
    for name, value in model._fitted_with.items():
        current = getattr(model, name)
        if current != value:
            raise InvalidInput(f"{name} was {value!r} when fitted and is {current!r} now: fit again, or set it back")
