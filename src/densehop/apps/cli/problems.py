"""The problem that the options of `solve` and `phase` describe."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

from densehop.errors import InvalidInput

if TYPE_CHECKING:
    from densehop.theory.states.model import AnyProblem

EXAMPLES, ARCHETYPES, RECTIFIED = "exponential-examples", "exponential-archetypes", "rectified"
P_BODY, WITHOUT_TEACHER = ("direct", "teacher-student"), ("direct", "exponential", RECTIFIED)
MANY = {  # models of exponentially many memories, and the options that each needs besides load and temperature
    "exponential": ("sharpness",),
    EXAMPLES: ("sharpness", "reliability"),
    ARCHETYPES: ("sharpness", "reliability", "archetype_load"),
    RECTIFIED: ("degree",),
}
OPTIONAL = {EXAMPLES: ("unrelated_load",)}  # what some may have besides
ENERGIES = {
    "p": "--p (p-body energy)",
    "sharpness": "--sharpness (exponential energy)",
    "degree": "--degree (rectified polynomial)",
}


class Many(NamedTuple):
    """The options of models with exponentially many memories."""

    sharpness: float | None
    reliability: float | None
    archetype_load: float | None
    unrelated_load: float | None
    degree: float | None

    @property
    def given(self) -> dict[str, float]:
        """Those that have a value, by name."""
        return {name: value for name, value in self._asdict().items() if value is not None}

    @property
    def model(self) -> str:
        """The model that they belong to."""
        if self.degree is not None:
            return RECTIFIED
        if self.archetype_load is not None:
            return ARCHETYPES
        return "exponential" if self.reliability is None else EXAMPLES


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


def require_energy(**given: float | str | None) -> None:
    """Refuse what is none of the energies whose options are `given`, or more than one."""
    if sum(value is not None for value in given.values()) != 1:
        *first, last = (ENERGIES[name] for name in given)
        raise InvalidInput(f"give exactly one of {', '.join(first)} and {last}")


def any_problem(
    p: int | None, load: float, temperature: float, many: Many, teacher: Teacher, model: str | None
) -> tuple["AnyProblem", dict[str, Any]]:
    """Return the problem that the options describe, and its model and parameters by name."""
    if model not in {None, *P_BODY, *MANY}:
        *first, last = (*P_BODY, *MANY)
        raise InvalidInput(f"--model must be {', '.join(first)} or {last}; got '{model}'")
    require_energy(p=p, sharpness=many.sharpness, degree=many.degree)
    if p is None:
        return _of_many(load, temperature, many, teacher, model)
    unfit = [f"--model {model}"] if model in MANY else [_option(name) for name in many.given]
    if unfit:
        instead = "--degree" if model == RECTIFIED else "--sharpness"
        raise InvalidInput(f"{unfit[0]} belongs to exponentially many memories: give {instead} instead of --p")
    return _of_bodies(p, load, temperature, teacher, model)


def _of_many(
    load: float, temperature: float, many: Many, teacher: Teacher, model: str | None
) -> tuple["AnyProblem", dict[str, Any]]:
    """Return a problem of exponentially many memories."""
    from densehop import exponential_problem as problems  # noqa: PLC0415 (slow)

    named = [*teacher.given, *(["--teacher-p"] if teacher.p is not None else [])]
    if named or model in P_BODY:
        raise InvalidInput(
            f"{named[0] if named else f'--model {model}'} belongs to p bodies; examples of an exponential energy have "
            "--reliability"
        )
    model, given = model or many.model, many.given
    for name in Many._fields:
        if name not in given and name in MANY[model]:
            raise InvalidInput(f"--model {model} needs {_option(name)}")
        if name in given and name not in (*MANY[model], *OPTIONAL.get(model, ())):
            raise InvalidInput(f"--model {model} does not take {_option(name)}")
    kinds: dict[str, type] = {
        "exponential": problems.ExponentialModel,
        EXAMPLES: problems.ExponentialTeacherStudent,
        ARCHETYPES: problems.ExponentialArchetypes,
        RECTIFIED: problems.RectifiedModel,
    }
    return _with_parameters(kinds[model](load=load, temperature=temperature, **given), model)


def _option(name: str) -> str:
    """Return the option that gives a parameter."""
    return f"--{name.replace('_', '-')}"


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
