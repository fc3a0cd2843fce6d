"""The problem that the options of `solve` and `phase` describe."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

from densehop.errors import InvalidInput

if TYPE_CHECKING:
    from densehop.theory.states.model import AnyProblem

EXAMPLES = "exponential-examples"
P_BODY, EXPONENTIAL = ("direct", "teacher-student"), ("exponential", EXAMPLES)
WITHOUT_TEACHER = ("direct", "exponential")


class Teacher(NamedTuple):
    """The options of a teacher whose energy has p bodies."""

    temperature: float | None
    p: int | None
    signal: float | None
    nishimori: bool

    @property
    def given(self) -> list[str]:
        """The options that make a problem one with a teacher."""
        values = {"--teacher-temperature": self.temperature, "--signal": self.signal}
        return [name for name, value in values.items() if value is not None] + ["--nishimori"] * self.nishimori


def require_energy(p: float | str | None, sharpness: float | None) -> None:
    """Refuse what is neither an energy of p bodies nor an exponential one, or both."""
    if (p is None) == (sharpness is None):
        raise InvalidInput("give exactly one of --p (p-body energy) and --sharpness (exponential energy)")


def any_problem(
    p: int | None,
    load: float,
    temperature: float,
    sharpness: float | None,
    reliability: float | None,
    teacher: Teacher,
    model: str | None,
) -> tuple["AnyProblem", dict[str, Any]]:
    """Return the problem that the options describe, and its model and parameters by name."""
    if model not in {None, *P_BODY, *EXPONENTIAL}:
        raise InvalidInput(f"--model must be {', '.join(P_BODY)}, {' or '.join(EXPONENTIAL)}; got '{model}'")
    require_energy(p, sharpness)
    if p is None:
        return _exponential(load, temperature, sharpness, reliability, teacher, model)
    if model in EXPONENTIAL or reliability is not None:
        given = "--reliability" if reliability is not None else f"--model {model}"
        raise InvalidInput(f"{given} belongs to an exponential energy: give --sharpness instead of --p")
    return _of_bodies(p, load, temperature, teacher, model)


def _exponential(
    load: float,
    temperature: float,
    sharpness: float | None,
    reliability: float | None,
    teacher: Teacher,
    model: str | None,
) -> tuple["AnyProblem", dict[str, Any]]:
    """Return a problem with an exponential energy."""
    from densehop.exponential_problem import ExponentialModel, ExponentialTeacherStudent  # noqa: PLC0415 (slow)

    named = [*teacher.given, *(["--teacher-p"] if teacher.p is not None else [])]
    if named or model in P_BODY:
        raise InvalidInput(
            f"{named[0] if named else f'--model {model}'} belongs to p bodies; examples of an exponential energy have "
            "--reliability"
        )
    if (reliability is None) != (model != EXAMPLES) and model is not None:
        raise InvalidInput(f"--model {model} {'needs' if reliability is None else 'does not take'} --reliability")
    if reliability is None:
        return _with_parameters(ExponentialModel(load, sharpness, temperature), "exponential")  # type: ignore[arg-type]
    problem = ExponentialTeacherStudent(load, sharpness, temperature, reliability)  # type: ignore[arg-type]
    return _with_parameters(problem, EXAMPLES)


def _of_bodies(
    p: int, load: float, temperature: float, teacher: Teacher, model: str | None
) -> tuple["AnyProblem", dict[str, Any]]:
    """Return a problem of p bodies."""
    from densehop.problem import DirectModel, TeacherStudent  # noqa: PLC0415 (slow)

    named = teacher.given
    if teacher.nishimori and len(named) > 1:
        raise InvalidInput(f"--nishimori sets T* = T: leave {named[0]} out")
    if model == "direct" or (model is None and not named):
        unused = [*named, *(["--teacher-p"] if teacher.p is not None else [])]
        if unused:
            raise InvalidInput(f"a direct model has no teacher: leave {unused[0]} out")
        return _with_parameters(DirectModel(p, load, temperature), "direct")
    teacher_temperature = temperature if teacher.nishimori else teacher.temperature
    if teacher_temperature is None and teacher.signal is None:
        raise InvalidInput("a teacher-student problem needs --teacher-temperature, --signal or --nishimori")
    problem = TeacherStudent(p, load, temperature, teacher_temperature, teacher.p, teacher.signal)
    return _with_parameters(problem, "teacher-student")


def _with_parameters(problem: Any, model: str) -> tuple["AnyProblem", dict[str, Any]]:
    """Return a problem, and the name of its model with its parameters for printing."""
    return problem, {"model": model, **asdict(problem)}


def parameter_line(parameters: dict[str, Any]) -> str:
    """Return the model and its parameters in one line."""
    given = [f"{name} = {value}" for name, value in parameters.items() if value is not None and name != "model"]
    if parameters.get("p") == 2:
        given.append(f"M/N = load/2 = {parameters['load'] / 2:g}")
    return f"{parameters['model']} model: {', '.join(given)}"
