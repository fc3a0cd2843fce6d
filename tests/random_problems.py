"""Random valid problems for the theory, and one question about one of them with all that can go wrong recorded."""

import math
import time
import warnings
from typing import NamedTuple

import densehop as dh
from densehop.errors import NotConverged

BRANCHES = ("paramagnet", "spin_glass", "retrieval", "inference")
SLOWEST = {"rs": 1.0, "1rsb": 3.0}  # seconds of CPU time
KINDS = {"direct": 0.4, "nishimori": 0.1, "same": 0.15, "other": 0.1, "signal": 0.1, "finite": 0.075, "large": 0.075}
BAD = ("error", "NumPy warning", "wrong", "missed", "smaller", "slow")


class Case(NamedTuple):
    """What was asked and what came: outcome is "found", "advised", "NoSolution", "OutOfRange" or one of `BAD`."""

    problem: object
    branch: str
    ansatz: str
    outcome: str
    detail: str
    seconds: float
    solution: dh.Solution | None

    @property
    def order(self):
        """The order parameter that names the branch; 0 where there is no solution."""
        return 0.0 if self.solution is None else self.solution.m or self.solution.q_star or self.solution.q


def log_uniform(rng, low, high):
    return float(math.exp(rng.uniform(math.log(low), math.log(high))))


def random_temperature(rng):
    return 0.0 if rng.random() < 0.08 else log_uniform(rng, 1e-3, 10.0)


def random_load(rng, p, temperature):
    """Zero, near the loads of retrieval, or near Gamma = alpha/T^2 of order 1, where glass and inference begin."""
    kind = rng.random()
    if kind < 0.06:
        return 0.0
    if kind < 0.55 or temperature == 0:
        return log_uniform(rng, 1e-5, 10.0) * (0.3 if p == 2 else 1.0)
    return log_uniform(rng, 0.1, 30.0) * temperature**2


def random_broken_problem(rng):
    """Return a problem where replica symmetry tends to be broken: a glass, or retrieval at low T near its end."""
    p = int(rng.integers(2, 11))
    temperature = 0.0 if rng.random() < 0.1 else log_uniform(rng, 3e-3, 1.0)
    end = dh.retrieval_boundary(p, temperature)
    load = end * rng.uniform(0.2, 1.6) if rng.random() < 0.7 else log_uniform(rng, 0.1, 10.0)
    if p == 2 or rng.random() < 0.6:
        return dh.DirectModel(p, load, temperature)
    signal = log_uniform(rng, 0.3, 3.0)
    return dh.TeacherStudent(p, load * signal**2, temperature * signal, signal=signal)


def random_edge_problem(rng):
    """Return a problem very close to where a branch begins or ends, on either side."""
    p = int(rng.integers(2, 11))
    away = 1 + float(rng.choice([-1, 1])) * log_uniform(rng, 1e-9, 0.1)
    if p > 2 and rng.random() < 0.3:
        lines = dh.nishimori_lines(p)
        gamma = away * float(rng.choice([lines.gamma_local, lines.gamma_global]))
        temperature = log_uniform(rng, 0.01, 10.0)
        build = dh.TeacherStudent.nishimori if rng.random() < 0.5 else dh.DirectModel
        return build(p, gamma * temperature**2, temperature)
    if p == 2 and rng.random() < 0.5:
        temperature, teacher_temperature = 2 + log_uniform(rng, 1e-3, 5.0), 2 + log_uniform(rng, 1e-3, 5.0)
        onset = (temperature - 2) * max(temperature - 2, teacher_temperature - 2) / 2  # of the glass or of inference
        return dh.TeacherStudent(2, away * onset, temperature, teacher_temperature)
    temperature = 0.0 if rng.random() < 0.1 else log_uniform(rng, 1e-3, 1.4)
    load = away * dh.retrieval_boundary(p, temperature)
    if p == 2 or rng.random() < 0.6:
        return dh.DirectModel(p, load, temperature)
    signal = log_uniform(rng, 0.1, 10.0)
    return dh.TeacherStudent(p, load * signal**2, temperature * signal, signal=signal)


def random_problem(rng):
    """Return any valid problem; about one in ten lies where the theory says no."""
    p = int(rng.integers(2, 11))
    temperature = random_temperature(rng)
    load = random_load(rng, p, temperature)
    kind = rng.choice(
        ["direct", "nishimori", "same", "other", "signal", "finite", "large"],
        p=[0.4, 0.1, 0.15, 0.1, 0.1, 0.075, 0.075],
    )
    if kind == "direct":
        return dh.DirectModel(p, load, temperature)
    if kind == "nishimori" and temperature > 0:
        return dh.TeacherStudent.nishimori(p, load, temperature)
    if kind in {"finite", "large"}:
        p = 2 * int(rng.integers(2, 6))
        if kind == "finite":
            scaled = log_uniform(rng, 0.01, 100.0) * (temperature + 0.1)
            return dh.TeacherStudent.finite_noise(p, scaled, temperature, 2 + log_uniform(rng, 0.01, 10.0))
        return dh.TeacherStudent.large_noise(p, load, temperature, log_uniform(rng, 0.1, 3.0))
    if kind == "signal" and p > 2:
        signal = (
            0.0 if rng.random() < 0.05 else log_uniform(rng, 0.3, 30.0) * (temperature + log_uniform(rng, 1e-3, 1.0))
        )
        return dh.TeacherStudent(p, load, temperature, signal=signal)
    teacher_p = int(rng.integers(2, 11)) if kind == "other" else p
    critical = dh.critical_temperature(teacher_p).temperature
    teacher_temperature = critical * (
        (1 + log_uniform(rng, 1e-6, 10.0)) if rng.random() < 0.95 else rng.uniform(0.1, 1)
    )
    return dh.TeacherStudent(p, load, temperature, teacher_temperature, teacher_p)


def ask(problem, branch, ansatz="rs"):
    """Solve and say how it went."""
    began = time.process_time()
    solution, outcome, detail = None, "found", ""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            solution = dh.solve(problem, branch, ansatz)
        except (dh.NoSolution, dh.OutOfRange, NotConverged) as refusal:
            outcome, detail = type(refusal).__name__, str(refusal)
        except Exception as error:
            outcome, detail = "error", repr(error)
    seconds = time.process_time() - began
    said = "" if solution is None else solution.advice
    strange = [
        str(w.message) for w in caught if str(w.message) != said and not str(w.message).startswith("signal is 0")
    ]
    if strange:
        outcome, detail = "NumPy warning", strange[0]
    elif said:
        outcome, detail = "advised", said
    elif solution is not None and not solution.residual < 1e-9:
        outcome, detail = "wrong", f"residual {solution.residual:.1e} without advice"
    if seconds > SLOWEST[ansatz] and outcome not in BAD:
        outcome, detail = "slow", f"{seconds:.2f} s"
    return Case(problem, branch, ansatz, outcome, detail, seconds, solution)
