"""What the results of practice mean, and what to do, in sentences. `--json` has the numbers, with all digits."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from densehop.apps.located import percent

if TYPE_CHECKING:
    from densehop.learn.attacks.robustness import Robustness
    from densehop.learn.image_tasks import Classification

FEW = 2.0  # memories that decide together: fewer are prototypes


def classify_sentences(found: "Classification", kind: str, degree: float) -> list[str]:
    """Say how good a classifier is, by which memories, and what to try."""
    n_test, n_train = len(found.test.images), len(found.train.images)
    right = round(found.accuracy * n_test)
    used = found.memories_in_use
    way = "prototypes: single memories decide" if used < FEW else "features: memories decide together"
    behind = found.nearest_accuracy - found.accuracy > found.error
    return [
        f"{len(found.model.memories_)} {kind} memories (degree n = {degree:g}) of {n_train} rows of "
        f"'{found.test.name}', tested on {n_test} others.",
        f"{right} of {n_test} are classified right: {percent(found.accuracy)} +- {percent(_error(right, n_test))}; by "
        f"their nearest neighbour it would be {percent(found.nearest_accuracy)}.",
        f"About {used:.2g} memories share a decision: {way}.",
        "More --memories or --epochs, or another --degree, may reach the nearest neighbour."
        if behind
        else "How much of this survives an attack: densehop attack, with the same --data.",
    ]


def _error(right: int, tested: int) -> float:
    """Return the standard error of a share, also of one that is 0 or 1 (Agresti and Coull's, one error wide)."""
    share = (right + 0.5) / (tested + 1)
    return math.sqrt(share * (1 - share) / (tested + 1))


def attack_sentences(found: Mapping[str, "Robustness"], norm: str) -> list[str]:
    """Say which classifier withstands most, and how sure that is."""
    sizes = next(iter(found.values())).sizes
    last = len(sizes) - 1
    worst = {name: float(one.worst[last]) for name, one in found.items()}
    error = max(float(one.error.max()) for one in found.values())
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
