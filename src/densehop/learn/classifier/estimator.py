"""`DenseAssociativeClassifier`: class units completed from visible units by learned or stored memories."""

from collections.abc import Callable, Mapping
from itertools import repeat
from typing import Any, Self

import numpy as np

from densehop.base.arrays import ArrayLike, Reals
from densehop.errors import InvalidInput
from densehop.learn.blas_threads import one_blas_thread
from densehop.learn.changed_parameters import refuse_changed_parameters, remember_parameters
from densehop.learn.classifier.advice import warn_of_large_radius, warn_of_uneven_columns
from densehop.learn.classifier.confidence import chosen_inverse_temperature
from densehop.learn.classifier.degree import candidates, learned_choice
from densehop.learn.classifier.epochs import Epochs
from densehop.learn.classifier.exponential_learner import ExponentialLearner, start_exponential
from densehop.learn.classifier.fitted import FittedClassifier
from densehop.learn.classifier.inputs import Scaling, scaling_of
from densehop.learn.classifier.linear_learner import LinearLearner, start_linear
from densehop.learn.classifier.nearness import nearness_of
from densehop.learn.classifier.new_classes import add_new_classes
from densehop.learn.classifier.parameters import batch_of, check_parameters, epochs_of, interaction_of, random_stream
from densehop.learn.classifier.rectified import start_rectified
from densehop.learn.classifier.samples import Samples, all_classes, refuse_one_class, validated, weighted_samples
from densehop.learn.classifier.stopping import Patience, held_out

CENTRING = {"learned": 1.0, "stored": 0.5}


class DenseAssociativeClassifier(FittedClassifier):
    """Classify with a dense associative memory, and prove how far its decisions stand (`certified_radius`).

    Rectified (Krotov & Hopfield 2016): memories of visible and class units; the class is the one whose unit, switched
    on, gives the lowest energy -sum_mu max(h_mu, 0)^n. Small n: memories are features, large n: prototypes.
    Exponential: each memory xi belongs to a class and has the weight exp(-L d^2/2) at distance d; scores are log odds.
    Data should share one scale, as pixels do; standardise other features first.

    Parameters
    ----------
    n_memories : int or None
        K, of learned memories. None: two fifths of the samples, from 100 to 1,000; of the exact class energy 100; of
        exponential ones a fifth of the samples, from 100 to 2,000.
    interaction : "rectified", "exponential" or None
        None: exponential for certified training, else rectified.
    kind : "learned" or "stored"
        Stored: every training sample becomes a memory, nothing is trained.
    objective : "accuracy" or "certified"
        Certified: train exponential memories so that the bound behind `certified_radius` holds at `radius` for as many
        samples as it can; the memories then withstand perturbations of about that size.
    radius, norm : float, and "l2", "linf" or "flips"
        What certified training aims at, in the units of X (or a number of flips); see `certified_radius`.
    sharpness : float or None
        L of exponential memories, in one over the squared units of X; learned memories start from it. None: the value
        at which the class of each sample is most likely given all others.
    degree : float or None
        n >= 1. None: of learned memories, 2 or 3, whichever makes a held-out fifth more likely; of the exact class
        energy 2 or 10 likewise; of stored ones, the one of 10, 30, 100, 300 at which the class of each sample is most
        likely given all others.
    class_energy : "linear", "exact" or None
        How class units count. Linear: the score is what the unit's flip changes in the energy to first order in its
        values, sum_mu n max(h_mu, 0)^(n - 1) zeta_mu,c + o_c; trained with dropout, smoothed labels and inputs that are
        made worse (see `input_noise`). Exact: log sum_mu max(h_mu,c, 0)^n. None: linear, but exact where `degree` or
        loss="published" is given, of fewer than 100 samples (then n = 10), and in `partial_fit`.
    loss : "cross_entropy" or "published"
        Of softmax(inverse_temperature/n * scores), or ``|tanh - target|^(2m)`` of the class units, its temperature set
        from the data at the start and annealed; n = 30 then learns better at a learning_rate of 0.01.
    loss_power : int, m of the published loss
    inverse_temperature : float or None
        Of the probabilities and, but for linear class energies, of the training's loss. None: of linear ones the value
        that makes a held-out fifth most likely, of exact ones 20; for stored samples the value that makes the class of
        each stored sample most likely given all others; for exponential memories 1, in certified training 1/6, and
        for learned ones in `fit` the value that makes a held-out fifth of 100 samples or more clearly likelier than 1.
    input_noise : float or None
        Standard deviation of the noise on training inputs, in units of half the data's range. None: a tenth of the
        median distance to the nearest sample of another class, at most 0.5 and the features' own deviation; of linear
        class energies no noise, each input moves by a twentieth of that distance to where its loss rises fastest.
    learning_rate : float or None
        Of Adam, falling to 0 along a cosine; the published loss takes less where its tanh would saturate. None: 0.05,
        of linear class energies 0.03, of exponential memories 0.01.
    max_iter : int or None
        Epochs. None: 60; of linear class energies 40, fewer for more than 3,000 samples, 15 from 8,000 on; in certified
        training 30, and fewer for more than 2,000 samples, 15 from 4,000 on.
    batch_size : int or None
        None: 100; of linear class energies a twentieth of the samples, from 16 to 100.
    early_stopping : bool
        Hold out `validation_fraction`, stop after `n_iter_no_change` epochs without a better score, keep the best.
    validation_fraction, n_iter_no_change : float, int
    class_weight : "balanced", dict or None, factors of the samples' weights
    random_state : int, RandomState or None
    n_jobs : int or None, threads over rows in `predict` and its like, over memories in `fit` (None: all cores)
    verbose : bool or callable
        True prints a line for each epoch; a function gets the same line.

    Attributes
    ----------
    classes_ : (C,)
    memories_, label_memories_ : (K, N) and (K, C)
        Visible and class values of ``(x - mean_) * scale_``.
    mean_, scale_ : (N,) and float
        The training mean; of stored memories, half of it above the lowest value.
    degree_, sharpness_, input_noise_, inverse_temperature_ : float
        As given, or as chosen: the degree of rectified, the sharpness of exponential memories.
    class_energy_ : "linear" or "exact", of rectified memories
    loss_curve_, validation_scores_ : lists, one number an epoch
    n_iter_, n_features_in_ : int
    """

    def __init__(
        self,
        n_memories: int | None = None,
        *,
        interaction: str | None = None,
        kind: str = "learned",
        objective: str = "accuracy",
        radius: float = 1.58,
        norm: str = "l2",
        sharpness: float | None = None,
        degree: float | None = None,
        class_energy: str | None = None,
        loss: str = "cross_entropy",
        loss_power: int = 1,
        inverse_temperature: float | None = None,
        input_noise: float | None = None,
        learning_rate: float | None = None,
        max_iter: int | None = None,
        batch_size: int | None = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        class_weight: str | Mapping[Any, float] | None = None,
        random_state: Any = None,
        n_jobs: int | None = None,
        verbose: bool | Callable[[str], None] = False,
    ) -> None:
        self.n_memories = n_memories
        self.interaction = interaction
        self.kind = kind
        self.objective = objective
        self.radius = radius
        self.norm = norm
        self.sharpness = sharpness
        self.degree = degree
        self.class_energy = class_energy
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
        self.class_weight = class_weight
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    @one_blas_thread
    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:  # noqa: N803 (scikit-learn's name)
        """Learn or store memories from rows X (M, N), dense or sparse, their classes y (M,) and weights (M,)."""
        check_parameters(self)
        data, target = validated(self, X, y, reset=True)
        self.classes_ = np.unique(target)
        samples = weighted_samples(data, target, self.classes_, sample_weight, self.class_weight)
        refuse_one_class(samples, self.classes_)
        warn_of_uneven_columns(samples.data, stacklevel=3)
        return self._learn(samples)

    def _learn(self, samples: Samples) -> Self:
        """Learn or store checked samples; copies that are compared to choose a parameter begin here."""
        random = self._begin()
        if self.kind == "stored":
            self._store(samples)
            return self
        training = validation = np.arange(len(samples.classes))
        if self.early_stopping:
            training, validation = held_out(samples.classes, self.validation_fraction, random)
        if interaction_of(self) == "rectified" and None in (self.degree, self.inverse_temperature):
            self._choice = learned_choice(self, samples, random.spawn(1)[0])
        part = self._relative(samples[training])
        inputs = self._start(part, random)
        linear, patience = isinstance(self._learner, LinearLearner), None
        if self.early_stopping:
            held = self._scaling.apply(samples.data[validation], np.float32)
            patience = Patience(held, samples.classes[validation], self.n_iter_no_change)
        batches = epochs_of(self, len(training), linear=linear), batch_of(self, len(training), linear=linear)
        self._epochs.all(
            self._learner, inputs, part.classes, part.weights, self.inverse_temperature_, batches, patience, random
        )
        if isinstance(self._learner, ExponentialLearner):
            self._learner.chosen_inverse_temperature = chosen_inverse_temperature(self, samples, random.spawn(1)[0])
        self.n_iter_ = len(self.loss_curve_)
        self.validation_scores_ = [] if patience is None else patience.scores
        return self

    @one_blas_thread
    def partial_fit(
        self,
        X: ArrayLike,  # noqa: N803 (scikit-learn's name)
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Run one epoch over X (M, N), or store it besides earlier samples.

        The first call needs `classes`, all there will be. Of learned memories it also sets the scaling and the first
        values (exponential memories of a class begin with the first part that holds it); stored samples are the same in
        whatever parts they come.
        """
        first = not hasattr(self, "_learner")
        check_parameters(self)
        if isinstance(self.class_weight, str):
            raise InvalidInput("partial_fit does not know all classes' shares: class_weight must be a dict or None")
        data, target = validated(self, X, y, reset=first)
        self.classes_ = all_classes(classes, None if first else self.classes_)
        if first:
            self._begin()
            self.n_iter_ = 0
        samples = weighted_samples(data, target, self.classes_, sample_weight, self.class_weight)
        if not first:
            refuse_changed_parameters(self)
        if self.kind == "stored":
            self._store(samples.after(self._stored_samples))
        else:
            self._epoch(samples, first=first)
        self.n_iter_ += 1
        return self

    def _begin(self) -> np.random.Generator:
        """Set what a fit begins with and return its random stream."""
        self._random_stream = random_stream(self.random_state)
        self._stored_samples: Samples | None = None
        self._epochs = Epochs(self.verbose)
        self.validation_scores_ = []
        self.n_iter_ = 1
        if interaction_of(self) == "rectified":
            self._choice = candidates(self)[0]
        return self._random_stream

    def _start(self, samples: Samples, random: np.random.Generator, n_coming: int = 0) -> Reals:
        """Set the scaling and the first memories, where some classes are yet to come; return the training inputs."""
        weights = samples.weights
        self._scaling: Scaling = scaling_of(samples.data, CENTRING[self.kind], weights)
        inputs = self._scaling.apply(samples.data, np.float32)
        self._nearness = nearness_of(inputs)
        warn_of_large_radius(self, self._scaling, inputs, samples.classes, stacklevel=5)
        n_classes = len(self.classes_)
        if interaction_of(self) == "exponential":
            exponential = start_exponential(
                self, self._scaling, inputs, samples.classes, weights, n_classes, random, n_coming
            )
            self.input_noise_, self._learner = exponential.trainer.noise, exponential
        else:
            start = start_linear if self._choice.class_energy == "linear" else start_rectified
            learner = start(self, inputs, samples.classes, weights, n_classes, self._choice.degree, random)
            if isinstance(learner, LinearLearner) and self._choice.inverse_temperature is not None:
                learner.inverse_temperature = self._choice.inverse_temperature
            self.degree_, self.input_noise_, self._learner = learner.degree, learner.trainer.noise, learner
            self.class_energy_ = self._choice.class_energy
        remember_parameters(self, ("degree", "kind", "interaction", "sharpness", "class_energy"))
        return inputs

    def _relative(self, samples: Samples) -> Samples:
        """Return samples with their weights over the mean, which stays the unit of the parts that follow."""
        self._weight_unit = samples.mean_weight()
        return samples.in_units_of(self._weight_unit)

    def _store(self, samples: Samples) -> None:
        """Store samples, all scaled alike."""
        self._stored_samples = samples
        self._start(self._relative(samples), self._random_stream)

    def _epoch(self, samples: Samples, *, first: bool) -> None:
        """Run one epoch of `partial_fit`."""
        if first:
            samples = self._relative(samples)
            n_coming = len(self.classes_) - len(np.unique(samples.classes))
            inputs = self._start(samples, self._random_stream, n_coming)
        else:
            samples = samples.in_units_of(self._weight_unit)
            self._scaling = self._scaling.wider(samples.data)
            inputs = self._scaling.apply(samples.data, np.float32)
            self._nearness = self._nearness.wider(inputs)
            self._learner.make_writable()
            if isinstance(self._learner, ExponentialLearner):
                add_new_classes(self._learner, self, inputs, samples.classes, samples.weights, self._random_stream)
        rates = repeat(self._learner.rate(inputs))
        rising = interaction_of(self) == "exponential"
        progress = min(1.0, self.n_iter_ / epochs_of(self, len(inputs), linear=False)) if rising else 0.0
        self._epochs.one(
            self._learner, inputs, samples.classes, samples.weights, self.inverse_temperature_, progress, rates,
            self._random_stream,
        )  # fmt: skip
