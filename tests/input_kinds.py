"""Kinds of input that people bring, and public functions that take arrays: every combination of them, judged.

A function gets an input of a kind and must do one of two things: return what it returns for the plain array of the same
values, or refuse in one line, as a ValueError or TypeError that says something. Where values are no numbers, it must
refuse; where a value is hidden, it must refuse or take it for hidden, as it takes nan.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

import densehop as dh
from densehop.base.arrays import Floats

SAME, REFUSED, WRONG = "=", "no", "WRONG"
HIDDEN = (1, 2)  # the entry that is masked, missing, nan or infinite


class Foreign:
    """An array of another library, such as a tensor: NumPy can read it, and it has nothing else of an array."""

    def __init__(self, values: Floats) -> None:
        self._values = values

    def __array__(self, dtype: Any = None, copy: Any = None) -> Floats:
        del copy
        return self._values.astype(dtype or self._values.dtype)


@dataclass(frozen=True)
class Kind:
    """A kind of input: how it is made of a plain array, and which plain array says the same.

    `plain` None: the same values. `good` False: nobody can answer; it has to be refused.
    """

    name: str
    make: Callable[[Floats], Any]
    plain: Callable[[Floats], Floats] | None = None
    good: bool = True
    rows_only: bool = False  # needs a table of rows
    loose: bool = False  # single or half precision: results agree to 1e-4 of the largest


def _with(value: float) -> Callable[[Floats], Floats]:
    def changed(values: Floats) -> Floats:
        found = values.astype(float)
        found[tuple(index % length for index, length in zip(HIDDEN[-found.ndim :], found.shape, strict=True))] = value
        return found

    return changed


def _masked(values: Floats) -> Any:
    """Return a masked array under whose mask stands a number, as it does where the mask was put on."""
    return np.ma.array(values, mask=np.isnan(_with(np.nan)(values)))


def _mapped(values: Floats) -> Floats:
    with tempfile.TemporaryDirectory() as folder:
        np.save(f"{folder}/values.npy", values)
        mapped: Floats = np.load(f"{folder}/values.npy", mmap_mode="r")
    return mapped


def _read_only(values: Floats) -> Floats:
    found = values.copy()
    found.flags.writeable = False
    return found


def _objects(value: object) -> Callable[[Floats], Any]:
    def changed(values: Floats) -> Any:
        found = values.astype(object)
        found[tuple(index % length for index, length in zip(HIDDEN[-found.ndim :], found.shape, strict=True))] = value
        return found

    return changed


def _frame(values: Floats) -> Any:
    return pd.DataFrame(values) if values.ndim == 2 else pd.Series(values)


def _strided(values: Floats) -> Floats:
    return np.repeat(values, 2, axis=-1)[..., ::2]


def _whole(values: Floats) -> Floats:
    return np.trunc(values).astype(values.dtype)


def _nullable(values: Floats) -> Any:
    return _frame(values).astype("Float64")


def _nullable_hidden(values: Floats) -> Any:
    return _frame(_with(np.nan)(values)).astype("Float64")


KINDS = (
    Kind("list", lambda x: x.tolist()),
    Kind("integers", lambda x: x.astype(np.int64), _whole),
    Kind("int8", lambda x: x.astype(np.int8), _whole, loose=True),
    Kind("float32", lambda x: x.astype(np.float32), loose=True),
    Kind("float16", lambda x: x.astype(np.float16), loose=True),
    Kind("longdouble", lambda x: x.astype(np.longdouble)),
    Kind("big-endian", lambda x: x.astype(">f8")),
    Kind("Fortran order", np.asfortranarray),
    Kind("strided", _strided),
    Kind("read-only", _read_only),
    Kind("memory map", _mapped),
    Kind("np.matrix", np.asmatrix, rows_only=True),
    Kind("other library's", Foreign),
    Kind("masked, nothing masked", np.ma.array),
    Kind("masked", _masked, _with(np.nan)),
    Kind("rows, some masked", lambda x: list(_masked(x)), _with(np.nan), rows_only=True),
    Kind("pandas", _frame),
    Kind("pandas nullable", _nullable),
    Kind("pandas with NA", _nullable_hidden, _with(np.nan)),
    Kind("sparse matrix", sp.csr_matrix, rows_only=True),
    Kind("sparse array", sp.coo_array, rows_only=True),
    Kind("objects", lambda x: x.astype(object)),
    Kind("nan", _with(np.nan), _with(np.nan)),
    Kind("None among objects", _objects(None), _with(np.nan)),
    Kind("infinity", _with(np.inf), good=False),
    Kind("text among objects", _objects("a"), good=False),
    Kind("numbers as text", lambda x: x.astype(str)),
    Kind("complex", lambda x: x + 1j, good=False),
    Kind("bool", lambda x: x > 0, lambda x: (x > 0).astype(float), loose=True),
    Kind("empty", lambda x: x[:0], good=False),
    Kind("one row", lambda x: x[:1].tolist(), lambda x: x[:1], rows_only=True),
    Kind("no columns", lambda x: x[:, :0], good=False, rows_only=True),
    Kind("one more axis", lambda x: x[None]),
    Kind("ragged", lambda x: [list(x[0]), list(x[1])[:-1]], good=False, rows_only=True),
)


@dataclass(frozen=True)
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


def judged(function: Function, kind: Kind) -> tuple[str, str]:
    """Return what became of a combination, and in which words."""
    base = function.base
    plain = base if kind.plain is None else kind.plain(base)
    try:
        wanted: Any = function.call(plain)
    except (ValueError, TypeError, dh.DensehopError):
        wanted = None
    try:
        found = function.call(kind.make(base))
    except (ValueError, TypeError, dh.DensehopError) as error:
        text = str(error).strip()
        lines = text.splitlines()
        if not text or len(lines) > 1:
            return WRONG, f"an error of {len(lines)} lines: {text}"
        return REFUSED, text
    except Exception as error:
        return WRONG, f"{type(error).__name__}: {error}"
    if not kind.good or (np.isnan(plain).any() and not function.hidden):
        return WRONG, "it was taken"
    if wanted is None:
        return WRONG, "it was taken, the plain array was not"
    return (SAME, "") if _alike(found, wanted, loose=kind.loose) else (WRONG, f"{found} instead of {wanted}")


def _alike(found: Any, wanted: Any, *, loose: bool) -> bool:
    """Tell whether two answers are the same numbers."""
    if isinstance(wanted, tuple):
        return all(_alike(one, other, loose=loose) for one, other in zip(found, wanted, strict=True))
    one, other = np.asarray(found), np.asarray(wanted)
    if one.dtype.kind in "OUS" or other.dtype.kind in "OUS":
        return one.shape == other.shape and bool((one == other).all())
    room = 1e-4 * max(1.0, float(np.nanmax(np.abs(other.astype(float)), initial=0.0))) if loose else 1e-12
    return one.shape == other.shape and np.allclose(one.astype(float), other.astype(float), 0, room, equal_nan=True)
