"""Public functions that take arrays, with small arrays that each of them takes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import densehop as dh
from densehop.base.arrays import Floats


@dataclass(frozen=True, eq=False)
class Function:
    """A public function: what it is called, the array it gets, and how its answer becomes numbers.

    `hidden`: nan means hidden to it; elsewhere nan has to be refused.
    """

    name: str
    base: Floats
    call: Callable[[Any], Any]
    hidden: bool = False


def functions() -> list[Function]:
    """Return the functions, with small arrays that each of them takes."""
    random = np.random.default_rng(1)
    signs = random.choice([-1.0, 1.0], (4, 12))
    memories = random.choice([-1.0, 1.0], (5, 12))
    greys = np.round(random.random((8, 6)) * 16)
    greys[0, :2] = 0, 16
    classes = np.array([0, 1] * 4)
    series = np.round(random.standard_normal((4, 64)) * 8) / 8
    line = np.array([0.25, 0.5, 0.75, 1.0])
    network = dh.PBodyHopfield(memories, p=3)
    memory = dh.DenseAssociativeMemory().fit(greys)
    binary = dh.DenseAssociativeMemory("strict", degree=3).fit(memories)
    model = dh.DenseAssociativeClassifier(4, degree=3, max_iter=3, random_state=0).fit(greys / 16, classes)
    stored = dh.DenseAssociativeClassifier(kind="stored", degree=3).fit(greys / 16, classes)
    learn, simulate, diagnostics = dh.learn, dh.simulate, dh.diagnostics

    def robust(x: Any) -> Any:
        found = learn.robust_accuracy(model, x, classes, (0.0, 0.25), data_range=(0.0, 1.0), steps=2, queries=5, seed=0)
        return found.worst

    def refitted(x: Any) -> Any:
        again = dh.DenseAssociativeClassifier(4, degree=3, max_iter=3, random_state=0)
        return again.fit(x, classes[: len(np.asarray(greys))]).decision_function(greys / 16)

    def added(x: Any) -> Any:
        return dh.DenseAssociativeMemory().fit(greys).partial_fit(x).memories_

    def trained(x: Any) -> Any:
        again = dh.DenseAssociativeClassifier(4, degree=3, random_state=0)
        return again.partial_fit(x, classes, classes=[0, 1]).decision_function(greys / 16)

    def sampled(x: Any) -> Any:
        return network.sample(1.0, 4, 6, start=x, seed=1, n_workers=1).energy

    def referred(x: Any) -> Any:
        return network.sample(1.0, 2, 6, references=x, seed=1, n_workers=1).overlap

    def studied(x: Any) -> Any:
        return learn.sample_students(x, 3, 1.0, 2, 50, seed=0).group.overlap

    def averaged(x: Any) -> Any:
        found = diagnostics.time_average(x)
        return found.mean, found.error

    def table(x: Any) -> Any:
        return dh.energies.overlap_table(x, 1.0, 3).energies(np.ones((1, 4), np.int8), np.ones((1, 4), np.int8))

    def histogram(x: Any) -> Any:
        return diagnostics.overlap_histogram(x, 16).density

    def imputed(x: Any, question: Any) -> Any:
        return learn.DenseAssociativeImputer().fit(x).transform(question)

    def located(x: Any) -> Any:
        found = learn.locate(x, p=3, n_trials=4, survive=1.0)
        return found.load, found.mean_overlap, found.fixed_points, found.attack.overlap

    def coupled(x: Any) -> Any:
        pairs = np.stack([np.arange(12), np.roll(np.arange(12), 1)], axis=1)
        return dh.CouplingNetwork(12, dh.energies.Couplings(pairs, x)).energy(signs)

    unit, from_table, couplings_of = greys / 16, dh.PBodyHopfield.from_table, dh.CouplingNetwork.from_patterns
    half, field = 0.5 * signs[0], np.arange(1.0, 13)
    integers = np.arange(5)
    return [
        Function("PBodyHopfield(patterns)", memories, lambda x: dh.PBodyHopfield(x, p=3).energy(signs)),
        Function("PBodyHopfield.from_table", memories, lambda x: from_table(x, network.table).energy(signs)),
        Function("PBodyHopfield.energy", signs, network.energy),
        Function("PBodyHopfield.local_fields", signs, network.local_fields),
        Function("PBodyHopfield.overlaps", signs, network.overlaps),
        Function("PBodyHopfield.largest_overlaps", signs, network.largest_overlaps),
        Function("PBodyHopfield.relax", signs, lambda x: network.relax(x, n_workers=1)),
        Function("PBodyHopfield.retrieve", signs, lambda x: network.retrieve(x, n_workers=1).states),
        Function("PBodyHopfield.sample(start)", signs, sampled),
        Function("PBodyHopfield.sample(references)", signs, referred),
        Function("PBodyHopfield.sample(temperature)", line, lambda x: network.sample(x, n_workers=1).energy),
        Function("PBodyHopfield.temper(temperatures)", line, lambda x: network.temper(x, 1, 4, n_workers=1).energy),
        Function("simulate.states_at_overlap", signs[0], lambda x: simulate.states_at_overlap(x, 0.5, 3)),
        Function("simulate.corrupted", signs[0], lambda x: simulate.corrupted(x, 0.25, 3)),
        Function("simulate.attacked", signs[0], lambda x: simulate.attacked(x, memories[0], 0.25, 3)),
        Function("simulate.typical_example", memories, lambda x: simulate.typical_example(signs[0], x).index),
        Function("simulate.closest_example", memories, lambda x: simulate.closest_example(signs[0], x, 3).index),
        Function("Memory.fit, restore", greys, lambda x: dh.DenseAssociativeMemory().fit(x).restore(unit[:, :6] * 16)),
        Function("Memory.fit (signs)", memories, lambda x: type(binary)("strict").fit(x).transform(signs)),
        Function("Memory.partial_fit", greys, added),
        Function("Memory.transform", greys, memory.transform),
        Function("Memory.restore", greys, memory.restore, hidden=True),
        Function("Memory.restore (signs)", signs, binary.restore, hidden=True),
        Function("Memory.recall", greys, lambda x: memory.recall(x).patterns, hidden=True),
        Function("Memory.kneighbors", greys, memory.kneighbors, hidden=True),
        Function("Classifier.fit", unit, refitted),
        Function("Classifier.partial_fit", unit, trained),
        Function("Classifier.decision_function", unit, model.decision_function),
        Function("Classifier.predict", unit, model.predict),
        Function("Classifier.predict_proba", unit, model.predict_proba),
        Function("Classifier.predict (stored)", unit, stored.predict),
        Function("Classifier.score", unit, lambda x: model.score(x, classes)),
        Function("learn.robust_accuracy", unit, robust),
        Function("learn.locate", memories, located),
        Function("learn.energy_depth", memories, lambda x: learn.energy_depth(x, 3)),
        Function("learn.sample_students", memories, studied),
        Function("diagnostics.time_average", series, averaged),
        Function("diagnostics.equilibration", series, lambda x: diagnostics.equilibration(x).effective_samples),
        Function("diagnostics.effective_samples", series, diagnostics.effective_samples),
        Function("diagnostics.autocorrelation_time", series, diagnostics.autocorrelation_time),
        Function("diagnostics.r_hat", series, diagnostics.r_hat),
        Function("diagnostics.disorder_estimate", series[0], lambda x: diagnostics.disorder_estimate(x).mean),
        Function("diagnostics.overlap_histogram", line, histogram),
        Function("energies.overlap_table", integers, table),
        Function("theory.boundary(temperatures)", line, lambda x: dh.boundary("retrieval_spinodal", 3, x).coordinate),
        Function("message_passing(examples)", memories, lambda x: dh.message_passing(x, 3, 2.0, half).magnetisations),
        Function("message_passing(start)", half, lambda x: dh.message_passing(memories, 3, 2.0, x).magnetisations),
        Function("recover_pattern", memories, lambda x: dh.recover_pattern(x, 3, 2.0).magnetisations),
        Function("inference.evidence", memories, lambda x: dh.inference.evidence(x, 3, (1.5, 2.0, 2.5)).q),
        Function("CouplingNetwork(field)", field, lambda x: dh.CouplingNetwork(12, field=x).energy(signs)),
        Function("CouplingNetwork.from_patterns", memories, lambda x: couplings_of(x, p=2).energy(signs)),
        Function("Couplings(values)", field, coupled),
        Function("diagnostics.specific_heat", series, lambda x: diagnostics.specific_heat(x, 1.0, 9).mean),
        Function("diagnostics.binder_cumulant", series, lambda x: diagnostics.binder_cumulant(x).mean),
        Function("Imputer.fit, transform", greys, lambda x: imputed(x, greys), hidden=True),
        Function("Imputer.transform", greys, lambda x: imputed(greys, x), hidden=True),
    ]  # fmt: skip
