"""Phases of the student (docs/theory.md, section 5)."""

from enum import Enum

from densehop import teacher
from densehop.problem import TeacherStudent
from densehop.theory import nishimori
from densehop.theory.saddle_point import require_nishimori


class Phase(Enum):
    """The phases, each with the short label used in figures."""

    PARAMAGNETIC = "P"
    SPIN_GLASS = "SG"
    LOCAL_RETRIEVAL = "lR"
    GLOBAL_RETRIEVAL = "gR"
    EXAMPLE_RETRIEVAL = "eR"


def phase(problem: TeacherStudent) -> Phase:
    """Return the phase of a problem on the Nishimori line (docs/theory.md, eq. 16, 18, 21 and 23).

    Raises
    ------
    OutOfRange
        If the problem is not on the Nishimori line.
    """
    require_nishimori(problem)
    if problem.temperature < teacher.critical_temperature(problem.p).temperature:
        return Phase.EXAMPLE_RETRIEVAL
    if problem.p == 2:
        inferred = problem.load / 2 > nishimori.pairwise_critical_load(problem.temperature)
        return Phase.GLOBAL_RETRIEVAL if inferred else Phase.PARAMAGNETIC
    lines = nishimori.nishimori_lines(problem.p)
    if problem.gamma > lines.gamma_global:
        return Phase.GLOBAL_RETRIEVAL
    if problem.gamma > lines.gamma_local:
        return Phase.LOCAL_RETRIEVAL
    return Phase.PARAMAGNETIC
