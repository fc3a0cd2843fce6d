"""The commands of the theory: parse, call, print. Each says the same in words and, with --json, for programs."""

import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from densehop.apps.cli.output import ProgressBar, number, plain, print_json, print_table
from densehop.errors import InvalidInput

if TYPE_CHECKING:
    from densehop.problem import DirectModel, TeacherStudent
    from densehop.theory.states.solution import Solution

NOT_CONVERGED = 1  # exit code
QUESTION = ("n_spins", "p", "temperature", "overlap")

Bodies = Annotated[int, typer.Option("--p", help="Number of bodies in the energy, at least 2.")]
Load = Annotated[float, typer.Option(help="alpha = M p!/N^(p-1) for M memories or examples; 2M/N at p = 2.")]
Temperature = Annotated[float, typer.Option(help="T of the network or student; 0 is the limit.")]
TeacherTemperature = Annotated[float | None, typer.Option(help="T* of the teacher.")]
TeacherBodies = Annotated[int | None, typer.Option("--teacher-p", help="Bodies in the teacher's energy. (default: p)")]
Signal = Annotated[float | None, typer.Option(help="lambda, in place of a teacher temperature; p >= 3.")]
Nishimori = Annotated[bool, typer.Option("--nishimori", help="The student knows the teacher: T* = T.")]
Model = Annotated[
    str | None,
    typer.Option(
        help="direct or teacher-student. (default: teacher-student if --teacher-temperature, --signal or --nishimori "
        "is given, else direct)"
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help='Print JSON: nan as null, infinities as "Infinity" and "-Infinity".')
]
Plane = Annotated[str, typer.Option(help="direct, nishimori, fixed-teacher, fixed-load, finite-noise or large-noise.")]
PlaneTeacher = Annotated[float | None, typer.Option(help="T*, for fixed-teacher and finite-noise.")]
PlaneLoad = Annotated[float | None, typer.Option(help="alpha, for fixed-load.")]
PlaneScaled = Annotated[
    float | None,
    typer.Option(help="T*/N^(1-2/p), for large-noise. (default: the effective Nishimori line, lambda = alpha/T)"),
]
Ansatz = Annotated[str, typer.Option(help="rs (replica symmetry) or 1rsb (one step of its breaking).")]
Range = Annotated[str | None, typer.Option(help="LOW,HIGH. (default: all phases)", metavar="LOW,HIGH")]

MEANINGS = {
    "m": "overlap with an example or memory",
    "q": "overlap between two students",
    "q_star": "q*, overlap with the teacher's pattern",
    "q0": "overlap between states (1RSB)",
    "q1": "overlap inside a state (1RSB)",
    "parisi": "x, the Parisi parameter (1RSB)",
    "free_entropy": "Phi = log Z/N",
    "free_energy": "f = -T Phi",
    "energy": "u",
    "entropy": "s",
    "replicon": "stability; unstable to (further) replica symmetry breaking if negative",
    "residual": "largest violation of the saddle-point equations",
}


def solve(
    p: Bodies,
    load: Load,
    temperature: Temperature,
    teacher_temperature: TeacherTemperature = None,
    teacher_p: TeacherBodies = None,
    signal: Signal = None,
    nishimori: Nishimori = False,
    model: Model = None,
    branch: Annotated[
        str | None,
        typer.Option(
            help="paramagnet, spin_glass, retrieval (m > 0) or inference (q* > 0). (default: retrieval for the direct "
            "model, else inference)"
        ),
    ] = None,
    ansatz: Ansatz = "rs",
    as_json: Json = False,
) -> None:
    """Order parameters, free energy and stability of one branch at one point."""
    from densehop.theory.saddle_point import solve as find  # noqa: PLC0415 (slow imports, not needed for --help)

    problem, parameters = _problem(p, load, temperature, teacher_temperature, teacher_p, signal, nishimori, model)
    default = "retrieval" if parameters["model"] == "direct" else "inference"
    solution = find(problem, branch or default, ansatz)
    if as_json:
        print_json(parameters=parameters, solution=_as_dict(solution))
    else:
        typer.echo(f"{_words(parameters)}\nbranch {solution.branch}, ansatz {solution.ansatz}\n")
        for name, meaning in MEANINGS.items():
            typer.echo(f"{name:12}  {number(getattr(solution, name)):>18}  {meaning}")
        typer.echo(f"{'converged':12}  {'yes' if solution.converged else 'no':>18}")
    if not solution.converged:
        raise typer.Exit(NOT_CONVERGED)


def phase(
    p: Bodies,
    load: Load,
    temperature: Temperature,
    teacher_temperature: TeacherTemperature = None,
    teacher_p: TeacherBodies = None,
    signal: Signal = None,
    nishimori: Nishimori = False,
    model: Model = None,
    ansatz: Ansatz = "rs",
    as_json: Json = False,
) -> None:
    """Phase at one point, and every branch that competes for it."""
    from densehop.theory.diagrams import phases  # noqa: PLC0415 (slow)

    problem, parameters = _problem(p, load, temperature, teacher_temperature, teacher_p, signal, nishimori, model)
    found, ranked = phases.phase(problem, ansatz), phases.candidates(problem, ansatz)
    if as_json:
        print_json(
            parameters={**parameters, "ansatz": ansatz}, phase=found, candidates=[_as_dict(one) for one in ranked]
        )
        return
    typer.echo(f"{_words(parameters)}\nphase: {found.value} ({found.name.lower().replace('_', ' ')})\n")
    shown = ("m", "q", "q_star", "free_energy", "energy", "entropy", "replicon")
    print_table(
        ("branch", "ansatz", *shown, "stable"),
        [
            (one.branch, one.ansatz, *(number(getattr(one, name), 8) for name in shown), "no" if one.advice else "yes")
            for one in ranked
        ],
    )


def examples_needed(
    n_spins: Annotated[int, typer.Option(help="Number of spins N.")],
    p: Bodies,
    temperature: Annotated[float, typer.Option(help="T = T* of student and teacher.")],
    overlap: Annotated[float, typer.Option(help="Overlap q* with the pattern to reach, between 0 and 1.")],
    as_json: Json = False,
) -> None:
    """How many examples it takes to infer the teacher's pattern to an overlap."""
    from densehop.theory.questions import examples_needed as question  # noqa: PLC0415 (slow)

    answer = question.examples_needed(n_spins, p, temperature, overlap)
    found = {name: value for name, value in plain(asdict(answer)).items() if name not in QUESTION}
    if as_json:
        parameters = {name: getattr(answer, name) for name in QUESTION}
        print_json(parameters=parameters, **found, explanation=answer.explanation)
        return
    for name, value in found.items():
        typer.echo(f"{name.replace('_', ' '):18}  {_shown(value):>18}")
    typer.echo(f"\n{answer.explanation}")


def boundary(
    p: Annotated[str, typer.Option(help="Number of bodies, at least 2, or inf for the limit of the global lines.")],
    kind: Annotated[
        str,
        typer.Option(
            help="retrieval_ or inference_ followed by spinodal, global or stability; inference_or_retrieval; glass_ "
            "followed by static, dynamic or gardner; zero_entropy."
        ),
    ],
    model: Plane = "direct",
    teacher_temperature: PlaneTeacher = None,
    load: PlaneLoad = None,
    scaled_teacher_temperature: PlaneScaled = None,
    temperatures: Annotated[
        str | None, typer.Option(help="Where, as 0.1,0.2,... (default: all of the line)", metavar="T,T,...")
    ] = None,
    points: Annotated[int, typer.Option(help="How many, where no temperatures are given.")] = 101,
    ansatz: Ansatz = "rs",
    as_json: Json = False,
) -> None:
    """Trace a line of a phase diagram, with the error of each point."""
    from densehop.theory.lines.boundaries import boundary as trace  # noqa: PLC0415 (slow)

    plane = {
        "model": model.replace("-", "_"),
        "teacher_temperature": teacher_temperature,
        "load": load,
        "scaled_teacher_temperature": scaled_teacher_temperature,
    }
    chosen = None if temperatures is None else _numbers("temperatures", temperatures)
    line = trace(kind, _bodies(p), chosen, points=points, ansatz=ansatz, **plane)  # type: ignore[arg-type]
    if as_json:
        parameters = {"p": line.p, "kind": kind, "ansatz": ansatz, **plane}
        missing = {"missing": line.n_missing, "undecided": line.n_undecided, "reason": list(line.reason)}
        print_json(parameters=parameters, axis=line.axis, **_columns(line), **missing)
    else:
        rows = zip(line.coordinate, line.temperature, line.error, line.reason, strict=True)
        print_table(
            (line.axis, "temperature", "error", ""),
            [(f"{x:.12g}", f"{t:.12g}", f"{error:.1e}", reason) for x, t, error, reason in rows],
        )
        if line.n_missing:
            typer.echo(f"\n{line.n_missing} of {len(line.reason)} points are missing, {line.n_undecided} undecided")
    if line.n_undecided:
        raise typer.Exit(NOT_CONVERGED)


def _bodies(word: str) -> float:
    """Return a number of bodies, or infinity."""
    try:
        return math.inf if word == "inf" else int(word)
    except ValueError as error:
        raise InvalidInput(f"p must be an integer >= 2 or inf, got '{word}'") from error


def phase_diagram(
    p: Bodies,
    model: Plane = "direct",
    teacher_temperature: PlaneTeacher = None,
    load: PlaneLoad = None,
    scaled_teacher_temperature: PlaneScaled = None,
    size: Annotated[
        int | None, typer.Option(help="Points along each axis. (default: 161; 21 at p = 2, where each takes long)")
    ] = None,
    coordinate_range: Range = None,
    temperature_range: Range = None,
    out: Annotated[Path, typer.Option(help="Folder for the figure as .png and .pdf and the data as .nc.")] = Path(
        "figures"
    ),
    as_json: Json = False,
) -> None:
    """Compute a phase diagram with its boundaries and draw it."""
    from densehop.recipes import plane  # noqa: PLC0415 (slow)
    from densehop.recipes.recipe import reproduce  # noqa: PLC0415 (slow)

    asked = plane.Size.asked(
        p,
        model.replace("-", "_"),
        size,
        _window("coordinate-range", coordinate_range),
        _window("temperature-range", temperature_range),
        teacher_temperature=teacher_temperature,
        load=load,
        scaled_teacher_temperature=scaled_teacher_temperature,
    )
    with ProgressBar(asked.name) as progress:
        made = reproduce(plane.alone(asked), "asked", out, 0, None, progress)
    if as_json:
        parts: dict[str, Any] = {"shares": plane.shares(made.dataset), "boundaries": plane.traced(made.dataset)}
        print_json(parameters=asdict(asked), **parts, files=[str(path) for path in made.files])
        return
    typer.echo(f"{made.table}\n\nwritten: {', '.join(str(path) for path in made.files)}")


def _problem(
    p: int,
    load: float,
    temperature: float,
    teacher_temperature: float | None,
    teacher_p: int | None,
    signal: float | None,
    nishimori: bool,
    model: str | None,
) -> tuple["DirectModel | TeacherStudent", dict[str, Any]]:
    """Return the problem that was asked for, and its parameters by name."""
    from densehop.problem import DirectModel, TeacherStudent  # noqa: PLC0415 (slow)

    given = {"--teacher-temperature": teacher_temperature, "--signal": signal, "--nishimori": nishimori or None}
    named = [name for name, value in given.items() if value is not None]
    if model not in {None, "direct", "teacher-student"}:
        raise InvalidInput(f"--model must be direct or teacher-student; got '{model}'")
    if nishimori and len(named) > 1:
        raise InvalidInput(f"--nishimori sets T* = T: leave {named[0]} out")
    if model == "direct" or (model is None and not named):
        useless = [*named, *(["--teacher-p"] if teacher_p is not None else [])]
        if useless:
            raise InvalidInput(f"a direct model has no teacher: leave {useless[0]} out")
        return _described(DirectModel(p, load, temperature), "direct")
    if nishimori:
        teacher_temperature = temperature
    if teacher_temperature is None and signal is None:
        raise InvalidInput("a teacher-student problem needs --teacher-temperature, --signal or --nishimori")
    return _described(TeacherStudent(p, load, temperature, teacher_temperature, teacher_p, signal), "teacher-student")


def _described(
    problem: "DirectModel | TeacherStudent", model: str
) -> tuple["DirectModel | TeacherStudent", dict[str, Any]]:
    return problem, {"model": model, **asdict(problem)}


def _words(parameters: dict[str, Any]) -> str:
    """Return parameters in one line."""
    given = [f"{name} = {value}" for name, value in parameters.items() if value is not None and name != "model"]
    return f"{parameters['model']} model: {', '.join(given)}"


def _as_dict(solution: "Solution") -> dict[str, Any]:
    """Return what was solved for, without the problem."""
    fields = {name: value for name, value in vars(solution).items() if name != "problem"}
    return {**fields, "converged": solution.converged}


def _columns(line: Any) -> dict[str, Any]:
    return {"coordinate": line.coordinate, "temperature": line.temperature, "error": line.error}


def _shown(value: object) -> str:
    """Return an entry of a table: what is not defined as '-'."""
    return "-" if value is None else number(value) if isinstance(value, float) else str(value)


def _numbers(name: str, text: str) -> list[float]:
    """Return numbers that are parted by commas."""
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        raise InvalidInput(f"--{name} must be numbers parted by commas; got '{text}'") from error


def _window(name: str, text: str | None) -> tuple[float, float] | None:
    """Return the two ends of a range."""
    if text is None:
        return None
    ends = _numbers(name, text)
    if len(ends) != 2:
        raise InvalidInput(f"--{name} must be LOW,HIGH; got '{text}'")
    return ends[0], ends[1]
