"""Guided tours: short stories, each a sequence of states of the page's controls with two sentences."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Step:
    """A state of the controls, by their names in the address, and what is to be seen there."""

    says: str
    controls: dict[str, Any]


@dataclass(frozen=True)
class Tour:
    """A story."""

    title: str
    steps: tuple[Step, ...]


HOPFIELD = {"view": "phase", "model": "direct", "p": 2, "n": 1000, "disorders": 8, "start": "pattern"}
STUDENT = {"view": "phase", "model": "nishimori", "p": 3, "n": 128, "disorders": 4}
CODE = {"view": "phase", "model": "exponential", "sharpness": 1.0, "t": 0.05, "start": "overlap", "amount": 0.6}
FEATURES = {
    "view": "phase",
    "model": "finite_noise",
    "p": 4,
    "teacher_t": 3.4,
    "n": 128,
    "disorders": 2,
    "start": "pattern",
}
ATTACKED = {"view": "attack", "attack_load": 1.0, "digit": 3}

TOURS = {
    "lost": Tour(
        "A memory is lost at 0.138 N",
        (
            Step(
                "With 0.05 N memories each one is nearly perfect. Simulate here: the chains stay at their memory.",
                HOPFIELD | {"x": 0.1, "t": 0.1},
            ),
            Step(
                "With 0.13 N memories the memory is still there, with a few wrong sites. It is metastable: the spin "
                "glass is likelier, but a chain that starts at the memory does not find out.",
                HOPFIELD | {"x": 0.26, "t": 0.02},
            ),
            Step(
                "With 0.16 N memories, beyond 0.138 N, no such state is left. Simulate here: the overlap falls, far "
                "but not to nothing.",
                HOPFIELD | {"x": 0.32, "t": 0.02},
            ),
        ),
    ),
    "features": Tour(
        "Features or prototypes",
        (
            Step(
                "A student of many noisy examples learns what they have in common: the hidden pattern, a feature. "
                "No example has a large overlap with it.",
                FEATURES | {"x": 1.5, "t": 0.5},
            ),
            Step(
                "With few examples at the same temperature the likeliest state is a single example, as a prototype. "
                "The student remembers, and has understood nothing.",
                FEATURES | {"x": 0.1, "t": 0.5},
            ),
        ),
    ),
    "hard": Tour(
        "The hard phase",
        (
            Step(
                "The pattern is the student's likeliest state. Simulate here: chains that start at it stay.",
                STUDENT | {"x": 6.0, "t": 2.0, "start": "pattern"},
            ),
            Step(
                "The same network from a random start. Simulate here: the chains do not find the pattern, although it "
                "is the likeliest state.",
                STUDENT | {"x": 6.0, "t": 2.0, "start": "random"},
            ),
        ),
    ),
    "attack": Tour(
        "An attack and a defence",
        (
            Step(
                "An example overwrites a third of the pattern. Attack: the student comes back to the digit.",
                ATTACKED | {"eps": 0.3},
            ),
            Step(
                "Now it overwrites more than the boundary ε* allows. Attack: the example captures the student.",
                ATTACKED | {"eps": 0.7},
            ),
            Step(
                "The defence is more examples: at twice the load ε* is larger. An attack of 0.5 now fails more often.",
                ATTACKED | {"attack_load": 2.0, "eps": 0.5},
            ),
        ),
    ),
    "shannon": Tour(
        "A memory at Shannon's limit",
        (
            Step(
                "A fifth of the sites is wrong: the overlap is 0.6. No memory of any kind can correct that for more "
                "than exp(0.193 N) patterns. At a load of 0.1, Simulate here: the exponential energy corrects it.",
                CODE | {"x": 0.1, "n": 64, "disorders": 4},
            ),
            Step(
                "At a load of 0.3 other memories are as near to the damaged one. It is still a state, and the "
                "likeliest, but Simulate here: from an overlap of 0.6 the chains end at other memories.",
                CODE | {"x": 0.3, "n": 24, "disorders": 8},
            ),
            Step(
                "The same load with a twentieth of the sites wrong, an overlap of 0.9: Shannon's limit is 0.495 there. "
                "Simulate here: the memory comes back.",
                CODE | {"x": 0.3, "n": 24, "disorders": 8, "amount": 0.9},
            ),
        ),
    ),
    "digits": Tour(
        "Sharper energies hold more",
        (
            Step(
                "Half of a digit is hidden, and 50 digits are stored in 64 spins: far too many for p = 2. Restore: "
                "only the sharpest energies give it back.",
                {"view": "restore", "digit": 3, "hidden": 0.5, "flipped": 0.0, "overwritten": 0.0, "clicked": ""},
            ),
            Step(
                "Now a fifth of the pixels is wrong, and no memory knows which ones to trust. Restore: the two "
                "sharpest energies still find the digit.",
                {"view": "restore", "digit": 7, "hidden": 0.0, "flipped": 0.2, "overwritten": 0.0, "clicked": ""},
            ),
        ),
    ),
}

MAX_STEPS = max(len(tour.steps) for tour in TOURS.values())
