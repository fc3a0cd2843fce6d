"""`message_passing`: the posterior of one data set by approximate message passing (docs/theory.md, section 17).

Sources: Thouless, Anderson & Palmer (1977); Mezard, Phys. Rev. E 95, 022117 (2017) for p = 2; Lesieur, Miolane,
Lelarge, Krzakala & Zdeborova (2017) for tensors.
"""

import math
import warnings
from dataclasses import dataclass

import numpy as np

from densehop.base import checks
from densehop.base.arrays import ArrayLike, Floats, Signs
from densehop.base.streams import Purpose, Seed, generator
from densehop.errors import InvalidInput
from densehop.inference.instance import Instance
from densehop.inference.iteration import Limits, Path, find_fixed_point

ROUNDING = 1e-9  # of the replicon
LEAST_ENTROPY = -1.0  # of all spins, in nats: a state of spins has 0 or more, and small N errs by less than this
DEFAULT_LIMITS = Limits()
LARGEST_START = 1 - 1e-12  # of a magnetisation: at +-1 the slope of the entropy is infinite


@dataclass(frozen=True, eq=False)
class MessagePassing:
    """What message passing found: one state of the student on these examples. Everything is per spin.

    Attributes
    ----------
    magnetisations : (N,) float64
        m_i = <xi_i>, the mean of each spin. Its sign is the best guess of the spin, its size how sure it is.
    q : float
        Mean of m_i^2, the overlap between two students.
    free_entropy, energy, entropy : float
        Phi = log Z/N of this state, u = <E>/N and s = Phi + u/T (docs/theory.md, eq. 111). For even p the mirror
        image -m has the same, so that log Z is larger than N Phi by log 2 where q > 0.
    replicon : float
        Positive where the state is stable (docs/theory.md, eq. 115).
    converged : bool
        Whether m solves the TAP equations to the tolerance and is stable.
    residual : float
        Root mean square of m_i - tanh(...) over the spins.
    n_iterations : int
        How many passes it took, of the method that ended here.
    damping : float
        0 for message passing, else the part of m that each step of damped TAP kept.
    overlaps : (n_iterations,) float64
        q after each iteration, which follows state evolution.
    advice : str
        What to do about a result that should not be believed as it is; empty otherwise.
    p, temperature, load : the student's p and T, and alpha = M p!/N^(p-1)
    """

    magnetisations: Floats
    q: float
    free_entropy: float
    energy: float
    entropy: float
    replicon: float
    converged: bool
    residual: float
    n_iterations: int
    damping: float
    overlaps: Floats
    advice: str
    p: int
    temperature: float
    load: float

    @property
    def pattern(self) -> Signs:
        """The most probable sign of each spin, (N,) int8."""
        return np.where(self.magnetisations < 0, -1, 1).astype(np.int8)


def message_passing(
    examples: ArrayLike,
    p: int,
    temperature: float,
    start: ArrayLike | None = None,
    seed: Seed = 0,
    damping: float | None = None,
    max_iterations: int = 500,
    tolerance: float = 1e-8,
    n_workers: int | None = None,
) -> MessagePassing:
    """Return the magnetisations and free entropy of a student of these examples (docs/theory.md, eq. 110 to 116).

    Parameters
    ----------
    examples : (M, N) of +-1
    p : int
        Bodies in the student's strict energy, 2 <= p <= N, at most 20.
    temperature : float
        The student's T > 0.
    start : (N,) numbers from -1 to 1, optional
        Magnetisations to begin with; None means random signs. `recover_pattern` finds better starts.
    seed : int or SeedSequence
        Of the random start.
    damping : float, optional
        0 is message passing, a part below 1 is damped TAP. None tries message passing and, where it does not converge,
        damped TAP from the same start.
    max_iterations : int
        Passes through the examples at each damping.
    tolerance : float
        Of the residual.
    n_workers : int, optional
        Threads; None is one for each core. The bits do not depend on it.

    Raises
    ------
    InvalidInput
        If an argument is out of its range.

    Warns
    -----
    RuntimeWarning
        If it did not converge, or to a state that is unstable to replica symmetry breaking, or to one of negative
        entropy, which is not the system's: `advice` says what to do.
    """
    instance = Instance.checked(examples, p, temperature, n_workers)
    limits = Limits(checks.integer("max_iterations", max_iterations, 1), checks.number("tolerance", tolerance))
    result = infer(instance, _start(start, instance.n_spins, seed), damping, limits)
    if result.advice:
        warnings.warn(result.advice, RuntimeWarning, stacklevel=2)
    return result


def infer(
    instance: Instance, start: Floats, damping: float | None = None, limits: Limits = DEFAULT_LIMITS
) -> MessagePassing:
    """Return what `message_passing` does, without its warning, from a start (N,) that lies within +-1."""
    if damping is not None:
        damping = checks.between("damping", damping, 0, 0.999)
    path = find_fixed_point(instance, np.clip(start, -LARGEST_START, LARGEST_START), damping, limits)
    return _result(instance, path, limits.tolerance)


def random_start(n_spins: int, seed: Seed) -> Floats:
    """Return random signs, (N,)."""
    return np.where(generator(seed, Purpose.START).integers(0, 2, n_spins) > 0, 1.0, -1.0)


def _start(start: ArrayLike | None, n_spins: int, seed: Seed) -> Floats:
    """Return checked magnetisations to begin with."""
    random = random_start(n_spins, seed)  # also where it is not used: a wrong seed is refused
    if start is None:
        return random
    values = checks.series("start", start, "(N,)")
    if values.shape != (n_spins,):
        raise InvalidInput(f"start must have shape ({n_spins},), one number for each spin, got {values.shape}")
    if np.abs(values).max() > 1:
        raise InvalidInput(f"start must lie between -1 and 1, got {values[np.argmax(np.abs(values))]:g}")
    return values


def _result(instance: Instance, path: Path, tolerance: float) -> MessagePassing:
    """Say what was found, and whether to believe it."""
    state, temperature = path.state, 1 / instance.beta
    replicon = state.reaction.replicon
    return MessagePassing(
        magnetisations=path.magnetisations,
        q=float(np.mean(path.magnetisations**2)),
        free_entropy=state.free_entropy,
        energy=state.energy,
        entropy=state.free_entropy + instance.beta * state.energy,
        replicon=replicon,
        converged=path.holds(tolerance) and replicon >= -ROUNDING,
        residual=path.residual,
        n_iterations=path.n_iterations,
        damping=path.damping,
        overlaps=np.array(path.overlaps),
        advice=_advice(path, tolerance, replicon, temperature),
        p=instance.p,
        temperature=temperature,
        load=instance.load,
    )


def _advice(path: Path, tolerance: float, replicon: float, temperature: float) -> str:
    """Say why a result should not be believed, and what to do."""
    broken = replicon < -ROUNDING
    n_spins, q = len(path.magnetisations), float(np.mean(path.magnetisations**2))
    if not math.isfinite(path.residual):
        return (
            f"there is no state with q = {q:.3g} at temperature {temperature:g}: two-body examples order one another "
            f"at T < 2(1 - q) = {2 * (1 - q):.3g}; start from signs, such as an example's, or raise the temperature"
        )
    if not path.holds(tolerance):
        why = (
            f"replica symmetry is broken (replicon = {replicon:.3g}): raise the temperature above {temperature:g}, "
            "or sample"
            if broken and math.isfinite(replicon)
            else "give max_iterations= or damping= a larger value, a start near the pattern, or sample instead"
        )
        return (
            f"message passing did not converge (residual {path.residual:.1e} after {path.n_iterations} passes); {why}"
        )
    if broken:
        return (
            f"the state found is unstable to replica symmetry breaking (replicon = {replicon:.3g}), so that it is not "
            f"the state of the system: raise the temperature above {temperature:g}, start elsewhere, or sample"
        )
    entropy = path.state.free_entropy + path.state.energy / temperature
    if n_spins * entropy < LEAST_ENTROPY:
        return (
            f"the state found has the entropy {entropy:.3g} per spin, which no state of spins can have: its free "
            "entropy is too large, and the system is in another state; start elsewhere (`recover_pattern`), raise the "
            f"temperature above {temperature:g}, or sample"
        )
    return ""
