"""Classifiers for Foolbox: its NumPy backend, with this package's exact gradients where Foolbox asks for one.

Foolbox's NumPy backend cannot differentiate. Its gradient-descent attacks let a subclass say how to, which the attacks
here do. Of the others those run that ask for decisions only, such as `foolbox.attacks.BoundaryAttack`; those that
differentiate in their own way, such as DeepFool and Carlini & Wagner, do not (`art_adapter` has them).
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import Reals
from densehop.errors import InvalidInput, MissingPackage
from densehop.learn.attacks.attacked_models import AttackedModel, attacked_model_with_gradient

try:
    import eagerpy as ep
    import foolbox
    from foolbox import attacks
except ImportError as error:
    raise MissingPackage.of_extra("foolbox_adapter", "foolbox", "attacks", error) from error


class FoolboxModel(foolbox.NumPyModel):  # type: ignore[misc]
    """A fitted classifier as Foolbox's model.

    Parameters
    ----------
    model : a fitted classifier with a known gradient; see `attacked_model`
    bounds : lowest and highest value an input can have

    Raises
    ------
    InvalidInput
        If the model has fewer than three classes or no known gradient.

    Notes
    -----
    Labels are places in `model.classes_`, inputs (B, N) NumPy arrays.
    """

    def __init__(self, model: Any, bounds: tuple[float, float]) -> None:
        self.target: AttackedModel = attacked_model_with_gradient(model)
        super().__init__(self.target.scores, bounds)


class MarginLoss:
    """The summed margin of the best wrong class of inputs, with its exact gradient."""

    def __init__(self, target: AttackedModel, labels: npt.NDArray[np.int64]) -> None:
        self.target, self.labels = target, labels

    def __call__(self, inputs: Any) -> Any:
        """Return the loss of Foolbox's tensor (B, N)."""
        return ep.astensor(self.target.margins(inputs.raw, self.labels).sum())

    def value_and_gradient(self, inputs: Reals) -> tuple[float, Reals]:
        """Return the loss of inputs (B, N) and its gradient (B, N)."""
        margins, gradient = self.target.ascent(inputs, self.labels)
        return float(margins.sum()), gradient


class ExactGradient:
    """What makes Foolbox's gradient-descent attacks climb the margin of a `FoolboxModel`."""

    def get_loss_fn(self, model: Any, labels: Any) -> MarginLoss:
        """Return the loss that the attack raises."""
        if not isinstance(model, FoolboxModel):
            raise InvalidInput(f"these attacks need a FoolboxModel with its own bounds, got {type(model).__name__}")
        return MarginLoss(model.target, labels.numpy().astype(np.int64))

    def value_and_grad(self, loss_fn: MarginLoss, x: Any) -> tuple[Any, Any]:
        """Return the loss and its gradient as Foolbox's tensors."""
        value, gradient = loss_fn.value_and_gradient(x.raw)
        return ep.astensor(np.asarray(value)), ep.astensor(gradient.astype(x.raw.dtype))


class LinfFastGradientAttack(ExactGradient, attacks.LinfFastGradientAttack):  # type: ignore[misc]
    """FGSM."""


class L2FastGradientAttack(ExactGradient, attacks.L2FastGradientAttack):  # type: ignore[misc]
    """One step along the gradient, L2."""


class LinfPGD(ExactGradient, attacks.LinfPGD):  # type: ignore[misc]
    """Projected gradient ascent, L-inf."""


class L2PGD(ExactGradient, attacks.L2PGD):  # type: ignore[misc]
    """Projected gradient ascent, L2."""
