"""`DenseAssociativeClassifier`: class units completed from visible units by learned or stored memories."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import repeat
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from densehop.base import checks
from densehop.base.arrays import Integers, Reals
from densehop.errors import InvalidInput
from densehop.learn.changed_parameters import refuse_changed_parameters, remember_parameters
from densehop.learn.classifier.degree import LEARNED, learned_degree, stored_degree
from densehop.learn.classifier.inputs import Scaling, noise_level, scaling_of, uneven
from densehop.learn.classifier.losses import CrossEntropy, Published, largest_rate, log_drive, softmax
from densehop.learn.classifier.scores import Memories, class_scores
from densehop.learn.classifier.stopping import Patience, held_out
from densehop.learn.classifier.temperature import LeftOut
from densehop.learn.classifier.threads import one_blas_thread
from densehop.learn.classifier.training import Loss, Trainer, cosine, first_memories

NUMBERS_AT_ONCE = 2**22  # fields in one block of rows
FLAT, STEEP = -1.0, 1.0  # log of a typical argument of the published loss's tanh, at the first and in the last epoch
LABEL_WEIGHT = {"learned": 0.5, "stored": 0.1}  # chosen on validation splits of digits and MNIST, as the next line
INVERSE_TEMPERATURE = 20.0
CENTRING = {"learned": 1.0, "stored": 0.5}
KINDS, LOSSES = ("learned", "stored"), ("cross_entropy", "published")


class DenseAssociativeClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Classify with a dense associative memory over visible and class units (Krotov & Hopfield 2016).

    The class is the one whose unit, switched on, gives the lowest energy -sum_mu max(h_mu, 0)^n (learn/scores.py).
    Small n: memories are features, many act at once; large n: prototypes, the nearest decides. Data should share one
    scale, as pixels do; standardise other features first.

    Parameters
    ----------
    n_memories : int
        K, of learned memories.
    degree : float or None
        n >= 1. None: of learned memories, 2 or 10, whichever makes a held-out fifth more likely after half the epochs
        (below 100 samples and in `partial_fit` 10); of stored ones, the one of 10, 30, 100, 300 at which the class of
        each sample is most likely given all others.
    kind : "learned" or "stored"
        Stored: every training sample becomes a memory, nothing is trained.
    loss : "cross_entropy" or "published"
        Cross-entropy of softmax(inverse_temperature/n * scores), or ``|tanh - target|^(2m)`` of the class units, its
        temperature set from the data at the start and annealed; n = 30 then learns better at a learning_rate of 0.01.
    loss_power : int
        m of the published loss.
    inverse_temperature : float or None
        Of the probabilities and of the cross-entropy. None: 20; for stored samples the value that makes the class of
        each stored sample most likely given all others.
    input_noise : float or None
        Standard deviation of the noise on each training input, in units of half the data's range. None: a tenth of the
        median distance to the nearest sample of another class, but no more than 0.5 or than the features' own root mean
        square deviation.
    learning_rate : float
        Of Adam, falling to 0 along a cosine; the published loss takes less where its tanh would saturate.
    max_iter : int
        Epochs.
    batch_size : int
    early_stopping : bool
        Hold out `validation_fraction`, stop after `n_iter_no_change` epochs without a better score, keep the best.
    validation_fraction : float
    n_iter_no_change : int
    random_state : int, RandomState or None
    n_jobs : int or None
        Threads over blocks of rows in `predict` and its like.
    verbose : bool or callable
        True prints a line for each epoch; a function gets the same line.

    Attributes
    ----------
    classes_ : (C,)
    memories_, label_memories_ : (K, N) and (K, C)
        Visible and class values of ``(x - mean_) * scale_``.
    mean_, scale_ : (N,) and float
        The training mean; of stored memories, half of it above the lowest value.
    degree_, input_noise_, inverse_temperature_ : float
        As given, or as chosen.
    loss_curve_, validation_scores_ : lists, one number an epoch
    n_iter_ : int
    n_features_in_ : int
    """

    def __init__(
        self,
        n_memories: int = 100,
        *,
        degree: float | None = None,
        kind: str = "learned",
        loss: str = "cross_entropy",
        loss_power: int = 1,
        inverse_temperature: float | None = None,
        input_noise: float | None = None,
        learning_rate: float = 0.05,
        max_iter: int = 60,
        batch_size: int = 100,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        random_state: Any = None,
        n_jobs: int | None = None,
        verbose: bool | Callable[[str], None] = False,
    ) -> None:
        self.n_memories = n_memories
        self.degree = degree
        self.kind = kind
        self.loss = loss
        self.loss_power = loss_power
        self.inverse_temperature = inverse_temperature
        self.input_noise = input_noise
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    @one_blas_thread
    def fit(self, X: npt.ArrayLike, y: npt.ArrayLike) -> Self:  # noqa: N803 (scikit-learn's name)
        """Learn or store memories from rows X (M, N), dense or sparse, and their classes y (M,)."""
        self._check_parameters()
        data, target = self._validated(X, y)
        self.classes_, classes = np.unique(target, return_inverse=True)
        if len(self.classes_) < 2:
            raise InvalidInput(f"y must hold at least 2 classes, got 1 class: {self.classes_[0]}")
        advice = uneven(data)
        if advice is not None:
            warnings.warn(advice, UserWarning, stacklevel=3)
        self._random_stream = random = self._random()
        training = validation = np.arange(len(classes))
        stops = self.early_stopping and self.kind == "learned"
        if stops:
            training, validation = held_out(classes, self.validation_fraction, random)
        self.degree_ = LEARNED[0] if self.degree is None else float(self.degree)
        if self.kind == "learned" and self.degree is None:
            self.degree_ = learned_degree(self, data, classes, random.spawn(1)[0])
        inputs = self._start(data[training], classes[training], random)
        self._stored_samples = (data, classes) if self.kind == "stored" else None
        self.loss_curve_: list[float] = []
        self.validation_scores_: list[float] = []
        self.n_iter_ = 1
        if self.kind == "learned":
            held = self._scaling.apply(data[validation], np.float32) if stops else None
            patience = None if held is None else Patience(held, classes[validation], self.n_iter_no_change)
            self._train(inputs, classes[training], patience, random)
        return self

    @one_blas_thread
    def partial_fit(
        self,
        X: npt.ArrayLike,  # noqa: N803 (scikit-learn's name)
        y: npt.ArrayLike,
        classes: npt.ArrayLike | None = None,
    ) -> Self:
        """Run one epoch over X (M, N), or store it besides earlier samples.

        The first call needs `classes`, all there will be. Of learned memories it also sets the scaling and the first
        values; stored samples are the same in whatever parts they come.
        """
        first = not hasattr(self, "_trainer")
        self._check_parameters()
        data, target = self._validated(X, y, reset=first)
        if first:
            if classes is None:
                raise InvalidInput("partial_fit needs classes= in its first call: all classes that there will be")
            self.classes_ = np.unique(np.asarray(classes))
            if len(self.classes_) < 2:
                raise InvalidInput(f"classes must hold at least 2, got {checks.shown(self.classes_.tolist())}")
            self._stored_samples = None
            self.degree_ = LEARNED[0] if self.degree is None else float(self.degree)
            self._random_stream = self._random()
            self.loss_curve_, self.validation_scores_, self.n_iter_ = [], [], 0
        elif classes is not None and not np.array_equal(np.unique(np.asarray(classes)), self.classes_):
            raise InvalidInput(
                f"classes must be those of the first call, {checks.shown(self.classes_.tolist())}, or be left out; "
                f"got {checks.shown(np.unique(np.asarray(classes)).tolist())}"
            )
        unknown = np.setdiff1d(target, self.classes_)
        if len(unknown):
            raise InvalidInput(f"y must hold classes of the first call, got {checks.shown(unknown.tolist())}")
        index = np.searchsorted(self.classes_, target)
        if not first:
            refuse_changed_parameters(self)
        if self.kind == "stored":
            self._store(data, index)
        else:
            if first:
                inputs = self._start(data, index, self._random_stream)
            else:
                inputs = self._scaling.apply(data, np.float32)
                self._trainer.make_writable()
            self._epoch(inputs, index, self._loss(inputs, 0.0), repeat(self._rate(inputs)), self._random_stream)
        self.n_iter_ += 1
        return self

    def decision_function(self, X: npt.ArrayLike) -> Reals:  # noqa: N803 (scikit-learn's name)
        """Return scores times ``inverse_temperature_`` over ``degree_``, (B, C); for two classes the difference."""
        logits = self._logits(X)
        return logits[:, 1] - logits[:, 0] if len(self.classes_) == 2 else logits

    def predict_proba(self, X: npt.ArrayLike) -> Reals:  # noqa: N803 (as above)
        """Return class probabilities, (B, C): softmax of the logits."""
        return softmax(self._logits(X))

    def predict(self, X: npt.ArrayLike) -> npt.NDArray[Any]:  # noqa: N803 (as above)
        """Return the class of lowest energy for each row, (B,)."""
        logits = self._logits(X)
        found: npt.NDArray[Any] = self.classes_[logits.argmax(axis=1)]
        return found

    @property
    def inverse_temperature_(self) -> float:
        """The inverse temperature as given, or as chosen."""
        if self.inverse_temperature is not None:
            return self.inverse_temperature
        return INVERSE_TEMPERATURE if self._left_out is None else self._left_out.inverse_temperature

    @property
    def network_(self) -> Memories:
        """The memories as learn/scores.py takes them."""
        refuse_changed_parameters(self)
        return self._trainer.memories

    @property
    def memories_(self) -> Reals:
        """Visible values, (K, N)."""
        return self._trainer.memories.visible

    @property
    def label_memories_(self) -> Reals:
        """Class values, (K, C)."""
        return self._trainer.memories.labels

    @property
    def mean_(self) -> npt.NDArray[np.float64]:
        """What is subtracted from data, (N,)."""
        return self._scaling.mean

    @property
    def scale_(self) -> float:
        """What differences in the data are multiplied by."""
        return self._scaling.scale

    def _logits(self, X: npt.ArrayLike) -> Reals:  # noqa: N803 (as above)
        """Return inverse_temperature_/degree_ * scores, (B, C), in the precision of X."""
        check_is_fitted(self)
        data = validate_data(self, X, accept_sparse="csr", dtype=[np.float64, np.float32], reset=False)
        memories = self.network_.astype(data.dtype)
        rows = max(1, NUMBERS_AT_ONCE // (len(memories.visible) * len(self.classes_)))

        def block(first: int) -> Reals:
            return class_scores(memories, self._scaling.apply(data[first : first + rows], data.dtype)).scores

        parts = Parallel(n_jobs=self.n_jobs, prefer="threads")(
            delayed(block)(first) for first in range(0, data.shape[0], rows)
        )
        logits: Reals = np.vstack(parts) * data.dtype.type(self._sharpness())
        return logits

    def _train(self, inputs: Reals, classes: Integers, patience: Patience | None, random: np.random.Generator) -> None:
        """Run all epochs, or fewer if stopping early."""
        rates = cosine(self._rate(inputs), self.max_iter * -(-len(inputs) // self.batch_size))
        for epoch in range(self.max_iter):
            loss = self._loss(inputs, epoch / max(self.max_iter - 1, 1))
            self._epoch(inputs, classes, loss, rates, random)
            self.n_iter_ = epoch + 1
            if patience is None:
                continue
            ended = patience.ends(self._trainer.memories)
            self._say(f"  validation accuracy {patience.scores[-1]:.4f}")
            if ended:
                break
        if patience is not None and patience.best is not None:
            self._trainer.memories, self.validation_scores_ = patience.best, patience.scores

    def _epoch(
        self, inputs: Reals, classes: Integers, loss: Loss, rates: Iterator[float], random: np.random.Generator
    ) -> None:
        """Run one epoch and note its loss."""
        value = self._trainer.epoch(inputs, classes, loss, rates, random)
        if not np.isfinite(value):
            raise InvalidInput("training diverged to a loss that is not finite: use a smaller learning_rate")
        self.loss_curve_.append(value)
        self._say(f"epoch {len(self.loss_curve_)}: loss {value:.6f}")

    def _loss(self, inputs: Reals, progress: float) -> Loss:
        """Return the loss of an epoch; the published one gets its temperature from a sample of the scores."""
        if self.loss == "cross_entropy":
            return CrossEntropy(self._sharpness())
        if progress > 0:
            return Published(self._log_scale - (STEEP - FLAT) * progress, self.loss_power)
        sample = inputs[:: -(-len(inputs) // 200)]
        scores = class_scores(self.network_, sample, none=True).scores.astype(np.float64)
        self._log_scale: float = log_drive(scores) - FLAT
        return Published(self._log_scale, self.loss_power)

    def _sharpness(self) -> float:
        """Return what scores are multiplied by in probabilities."""
        return self.inverse_temperature_ / self.degree_

    def _rate(self, inputs: Reals) -> float:
        """Return the first learning rate."""
        if self.loss == "cross_entropy":
            return self.learning_rate
        return min(self.learning_rate, largest_rate(inputs, len(self.classes_), self.degree_) or np.inf)

    def _start(self, data: Any, classes: Integers, random: np.random.Generator) -> Reals:
        """Set the scaling and the first memories; return the training inputs."""
        self._scaling: Scaling = scaling_of(data, CENTRING[self.kind])
        inputs = self._scaling.apply(data, np.float32)
        n_samples = len(inputs)
        rows = np.arange(n_samples)
        if self.kind == "learned":
            rows = random.choice(n_samples, self.n_memories, replace=self.n_memories > n_samples)
        memories = first_memories(inputs, classes, len(self.classes_), self.degree_, rows, LABEL_WEIGHT[self.kind])
        if self.kind == "stored" and self.degree is None:
            self.degree_ = stored_degree(memories, inputs, classes)
            memories = replace(memories, degree=self.degree_)
        noise = 0.0
        if self.kind == "learned":
            noise = noise_level(inputs, classes) if self.input_noise is None else self.input_noise
            jitter = random.standard_normal(memories.visible.shape, dtype=np.float32)
            memories.visible[...] += 0.01 * memories.visible.std() * jitter  # two copies of a sample must come apart
        self.input_noise_ = float(noise)
        self._trainer = Trainer(memories, self.batch_size, noise)
        remember_parameters(self, ("degree", "kind"))
        self._left_out = LeftOut(memories, inputs, classes) if self.kind == "stored" else None
        return inputs

    def _store(self, data: Any, classes: Integers) -> None:
        """Store samples besides earlier ones, all scaled alike."""
        if self._stored_samples is not None:
            earlier, earlier_classes = self._stored_samples
            stack = sp.vstack if sp.issparse(earlier) or sp.issparse(data) else np.vstack
            data, classes = stack([earlier, data]), np.concatenate([earlier_classes, classes])
            data = data.tocsr() if sp.issparse(data) else data
        self._stored_samples = data, classes
        self._start(data, classes, self._random_stream)

    def _validated(self, X: npt.ArrayLike, y: npt.ArrayLike, *, reset: bool = True) -> tuple[Any, npt.NDArray[Any]]:  # noqa: N803
        """Return checked data and targets."""
        data, target = validate_data(self, X, y, accept_sparse="csr", dtype=[np.float64, np.float32], reset=reset)
        check_classification_targets(target)
        return data, target

    def _check_parameters(self) -> None:
        """Refuse parameters out of range."""
        for name in ("n_memories", "max_iter", "batch_size", "loss_power", "n_iter_no_change"):
            checks.integer(name, getattr(self, name), 1)
        checks.number("learning_rate", self.learning_rate)
        if self.inverse_temperature is not None:
            checks.number("inverse_temperature", self.inverse_temperature)
        if self.degree is not None and checks.number("degree", self.degree) < 1:
            raise InvalidInput(f"degree must be at least 1, got {self.degree:g}")
        if self.input_noise is not None:
            checks.number("input_noise", self.input_noise, zero_allowed=True)
        checks.choice("kind", self.kind, KINDS)
        checks.choice("loss", self.loss, LOSSES)

    def _random(self) -> np.random.Generator:
        """Return the stream of a fit, by scikit-learn's rules of `random_state`."""
        return np.random.default_rng(check_random_state(self.random_state).randint(2**31 - 1, size=4))

    def _say(self, line: str) -> None:
        """Report progress."""
        if callable(self.verbose):
            self.verbose(line)
        elif self.verbose:
            print(line)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
