"""What the results of practice mean, and what to do, in sentences. `--json` has the numbers, with all digits."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from densehop.apps.cli.output import percent_with_error
from densehop.apps.located import percent

if TYPE_CHECKING:
    import numpy.typing as npt

    from densehop.learn.attacks.robustness import Robustness
    from densehop.learn.image_tasks import Classification
    from densehop.learn.students.sampling import Students

FEW = 2.0  # memories that decide together: fewer are prototypes
SHOWN_ROWS = 10
UNSURE = 0.8  # of a class


def classify_sentences(result: "Classification", kind: str, degree: float) -> list[str]:
    """Say how good a classifier is, by which memories, and what to try."""
    n_test, n_train = len(result.test.images), len(result.train.images)
    right, nearest = round(result.accuracy * n_test), round(result.nearest_accuracy * n_test)
    used = result.memories_in_use
    mechanism = "prototypes: single memories decide" if used < FEW else "features: memories decide together"
    behind = result.nearest_accuracy - result.accuracy > result.error
    return [
        f"{len(result.model.memories_)} {kind} memories (degree n = {degree:g}) of {n_train} rows of "
        f"'{result.test.name}', tested on {n_test} others.",
        f"{right} of {n_test} are classified right: {percent_with_error(result.accuracy, _error(right, n_test))}; by "
        f"their nearest neighbour it would be {percent_with_error(result.nearest_accuracy, _error(nearest, n_test))}.",
        f"About {used:.2g} memories share a decision: {mechanism}.",
        "More --memories or --epochs, or another --degree, may reach the nearest neighbour."
        if behind
        else "How much of this survives an attack: densehop attack, with the same --data.",
    ]


def _error(right: int, tested: int) -> float:
    """Return the standard error of a share, also of one that is 0 or 1 (Agresti and Coull's, one error wide)."""
    share = (right + 0.5) / (tested + 1)
    return math.sqrt(share * (1 - share) / (tested + 1))


def attack_sentences(results: Mapping[str, "Robustness"], norm: str) -> list[str]:
    """Say which classifier withstands most, and how sure that is."""
    sizes = next(iter(results.values())).sizes
    last = len(sizes) - 1
    worst = {name: float(result.worst[last]) for name, result in results.items()}
    error = max(float(result.error.max()) for result in results.values())
    best = max(worst, key=lambda name: worst[name])
    size = f"{sizes[last]:g} of the values' range ({norm})"
    if worst[best] == 0:
        verdict = f"At size {size} every one is fooled on every row: smaller --sizes show where that begins."
    else:
        verdict = f"At size {size} '{best}' withstands most: {percent(worst[best])} of the rows."
        close = [name for name in worst if name != best and worst[best] - worst[name] < 2 * error]
        if close:
            verdict += f" {len(close)} other(s) may be as good within the errors: more --images would tell."
    return [
        f"Standard errors are up to {error:.2f}; a share is an upper limit, since a better attack may be found.",
        verdict,
    ]


def known_sentence(rate: float) -> str:
    """Say what a row that a memory knows is: so close come strangers at this rate; 0: nothing can be known."""
    if rate > 0:
        return f"so close to what is stored comes 1 stranger in {int(1 / rate)}."
    return "too few different rows are stored to tell strangers from them."


def restored_sentences(known: "npt.NDArray[np.bool_]", rate: float) -> list[str]:
    """Say how many restored rows a memory knows at this rate of strangers, and what to do with the others."""
    said = [f"{len(known)} rows restored; {known.sum()} are known: {known_sentence(rate)}"]
    if not known.all():
        rows = [str(row) for row in np.flatnonzero(~known) + 1]
        more = f" and {len(rows) - SHOWN_ROWS} more" if len(rows) > SHOWN_ROWS else ""
        said.append(f"Do not trust the others, row {', '.join(rows[:SHOWN_ROWS])}{more}: a memory always answers.")
    return said


def classified_sentences(classes: "npt.NDArray[np.generic]", shares: "npt.NDArray[np.floating]") -> list[str]:
    """Say how a classifier decided, and which rows to look at."""
    names, counts = np.unique(classes, return_counts=True)
    counted = ", ".join(f"{name} {count}" for name, count in zip(names[:SHOWN_ROWS], counts, strict=False))
    least, unsure = int(shares.argmin()), int((shares < UNSURE).sum())
    return [
        f"{len(classes)} rows classified: {counted}{', ...' if len(names) > SHOWN_ROWS else ''}.",
        f"The least sure is row {least + 1}: {classes[least]}, with {percent(float(shares[least]))}. "
        + (f"Look at the {unsure} below {percent(UNSURE)} before you rely on them." if unsure else "Rely on them."),
    ]


STUDENTS = {  # what the students of a regime hold
    "paramagnet": "nothing: it is too hot",
    "spin glass": "a pattern each that the others do not share",
    "feature": "a feature that they share and that no single image is",
    "prototype": "single images, each its own",
    "feature and prototype": "a feature that they share and that is one of the images",
}


def student_sentences(students: Sequence["Students"]) -> list[str]:
    """Say what students hold at each p and temperature, whether that can be believed, and what to try."""
    said = []
    for result in students:
        group, doubt = result.group, "" if result.verdict.equilibrated else f" But {result.verdict.reason}."
        said.append(
            f"p = {result.p}, T = {result.temperature:.3g}: students hold {STUDENTS[result.regime]}; they overlap by "
            f"{group.q_mean:.2f} (standard deviation {group.q_spread:.2f}), and the closest image gives "
            f"{percent(float(np.median(group.share)))} of the energy.{doubt}"
        )
    doubtful = [result for result in students if not result.verdict.equilibrated]
    if doubtful:
        where = ", ".join(f"p = {result.p}" for result in doubtful)
        said.append(
            f"Where starts do not agree ({where}) this is what the start left: more --sweeps, or --temperatures."
        )
    else:
        said.append("Both starts agree everywhere. Larger p or lower --temperatures lead from features to prototypes.")
    return said
