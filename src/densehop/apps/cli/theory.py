"""The commands of the theory at one point. Each prints a table or, with --json, JSON for programs."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from densehop.apps.cli.exits import FAILED
from densehop.apps.cli.output import number, plain, print_json, print_table
from densehop.apps.cli.problems import WITHOUT_TEACHER, Many, Teacher, any_problem, parameter_line, require_energy
from densehop.apps.cli.theory_sentences import phase_sentences, solution_sentences

if TYPE_CHECKING:
    from densehop.theory.states.solution import Solution

GIVEN = ("n_spins", "p", "temperature", "overlap")  # what a user gives to examples-needed

Bodies = Annotated[
    int | None,
    typer.Option("--p", help="Number of bodies in the energy, at least 2; none with --sharpness or --degree."),
]
Load = Annotated[
    float,
    typer.Option(help="Load alpha = M p!/N^(p-1) for M memories or examples; 2M/N at p = 2; log(M)/N without --p."),
]
Sharpness = Annotated[float | None, typer.Option(help="Sharpness L of an exponential energy, instead of --p.")]
Reliability = Annotated[
    float | None,
    typer.Option(
        help="Reliability r of the examples of an exponential energy, or of copies of archetypes: a site is right with "
        "(1 + r)/2."
    ),
]
ArchetypeLoad = Annotated[
    float | None, typer.Option(help="Load log(K)/N of K archetypes, of which the stored vectors are noisy copies.")
]
UnrelatedLoad = Annotated[
    float | None,
    typer.Option(help="Load log(M')/N of M' random memories beside the examples of an exponential energy."),
]
Degree = Annotated[
    float | None,
    typer.Option(help="Rate c of a rectified polynomial of degree n = c N, instead of --p or --sharpness."),
]
Temperature = Annotated[float, typer.Option(help="T of the network or student; 0 is the limit T -> 0.")]
TeacherTemperature = Annotated[float | None, typer.Option(help="T* of the teacher.")]
TeacherBodies = Annotated[int | None, typer.Option("--teacher-p", help="Bodies in the teacher's energy. (default: p)")]
Signal = Annotated[float | None, typer.Option(help="Signal lambda, instead of a teacher temperature; p >= 3.")]
Nishimori = Annotated[bool, typer.Option("--nishimori", help="The student knows the teacher's temperature: T* = T.")]
Model = Annotated[
    str | None,
    typer.Option(
        help="Model: direct, teacher-student, exponential, exponential-examples, exponential-archetypes or rectified. "
        "(default: what the other options belong to; direct with --p alone, exponential with --sharpness alone)"
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help='Print JSON: nan as null, infinities as "Infinity" and "-Infinity".')
]
Ansatz = Annotated[str, typer.Option(help="Ansatz: rs (replica symmetry) or 1rsb (one step of its breaking).")]

MEANINGS = {
    "m": "overlap with an example or memory",
    "q": "overlap between two students",
    "q_star": "q*, overlap with the teacher's pattern",
    "q0": "overlap between states (1RSB)",
    "q1": "overlap inside a state (1RSB)",
    "parisi": "x, the Parisi parameter (1RSB)",
    "parisi_over_temperature": "y = x/T, finite at T = 0 (1RSB)",
    "free_entropy": "Phi = log Z/N, free entropy per spin",
    "free_energy": "f = -T Phi, free energy per spin",
    "energy": "u, energy per spin",
    "entropy": "s, entropy per spin",
    "replicon": "stability; negative if unstable to (further) replica symmetry breaking",
    "residual": "largest violation of the saddle-point equations",
}
BROKEN = ("q0", "q1", "parisi", "parisi_over_temperature")  # of 1RSB alone


def solve(
    load: Load,
    temperature: Temperature,
    p: Bodies = None,
    sharpness: Sharpness = None,
    reliability: Reliability = None,
    archetype_load: ArchetypeLoad = None,
    unrelated_load: UnrelatedLoad = None,
    degree: Degree = None,
    teacher_temperature: TeacherTemperature = None,
    teacher_p: TeacherBodies = None,
    signal: Signal = None,
    nishimori: Nishimori = False,
    model: Model = None,
    branch: Annotated[
        str | None,
        typer.Option(
            help="Branch: paramagnet, spin_glass, retrieval (m > 0), inference (q* > 0), or with --unrelated-load "
            "unrelated_retrieval. (default: inference where there is a teacher, else retrieval)"
        ),
    ] = None,
    ansatz: Ansatz = "rs",
    as_json: Json = False,
) -> None:
    """Compute order parameters, free energy and stability of one branch at one point."""
    from densehop.theory.saddle_point import solve as solve_problem  # noqa: PLC0415 (slow imports, not needed for --help)

    many = Many(sharpness, reliability, archetype_load, unrelated_load, degree)
    teacher = Teacher(teacher_temperature, teacher_p, signal, nishimori)
    problem, parameters = any_problem(p, load, temperature, many, teacher, model)
    default = "retrieval" if parameters["model"] in WITHOUT_TEACHER else "inference"
    solution = solve_problem(problem, branch or default, ansatz)
    if as_json:
        print_json(parameters=parameters, solution=_as_dict(solution))
    else:
        typer.echo(f"{parameter_line(parameters)}\nbranch {solution.branch}, ansatz {solution.ansatz}\n")
        for name, meaning in MEANINGS.items():
            if (name in BROKEN and ansatz == "rs") or (name == "q_star" and parameters["model"] in WITHOUT_TEACHER):
                continue  # 0 by definition
            shown = number(getattr(solution, name), 2 if name == "residual" else 12)
            typer.echo(f"{name:23}  {shown:>18}  {meaning}")
        typer.echo(f"{'converged':23}  {'yes' if solution.converged else 'no':>18}")
        typer.echo("\n" + "\n".join(solution_sentences(solution)))
    if not solution.converged:
        raise typer.Exit(FAILED)


def phase(
    load: Load,
    temperature: Temperature,
    p: Bodies = None,
    sharpness: Sharpness = None,
    reliability: Reliability = None,
    archetype_load: ArchetypeLoad = None,
    unrelated_load: UnrelatedLoad = None,
    degree: Degree = None,
    teacher_temperature: TeacherTemperature = None,
    teacher_p: TeacherBodies = None,
    signal: Signal = None,
    nishimori: Nishimori = False,
    model: Model = None,
    ansatz: Ansatz = "rs",
    as_json: Json = False,
) -> None:
    """Find the phase at one point, and list every branch that exists there."""
    from densehop.theory.diagrams import phases  # noqa: PLC0415 (slow)

    many = Many(sharpness, reliability, archetype_load, unrelated_load, degree)
    teacher = Teacher(teacher_temperature, teacher_p, signal, nishimori)
    problem, parameters = any_problem(p, load, temperature, many, teacher, model)
    found, ranked = phases.phase(problem, ansatz), phases.candidates(problem, ansatz)
    if as_json:
        print_json(
            parameters={**parameters, "ansatz": ansatz}, phase=found, candidates=[_as_dict(one) for one in ranked]
        )
        return
    typer.echo(f"{parameter_line(parameters)}\nphase: {found.value} ({found.name.lower().replace('_', ' ')})\n")
    shown = ("m", "q", "q_star", "free_energy", "energy", "entropy", "replicon")
    print_table(
        ("branch", "ansatz", *shown, "stable"),
        [
            (one.branch, one.ansatz, *(number(getattr(one, name), 8) for name in shown), "no" if one.advice else "yes")
            for one in ranked
        ],
    )
    typer.echo("\n" + "\n".join(phase_sentences(found, ranked)))


def examples_needed(
    n_spins: Annotated[int, typer.Option(help="Number of spins N.")],
    temperature: Annotated[
        float, typer.Option(help="T = T* of student and teacher; that of the student if it is exponential.")
    ],
    overlap: Annotated[float, typer.Option(help="Overlap q* with the pattern to reach, between 0 and 1.")],
    p: Bodies = None,
    sharpness: Sharpness = None,
    reliability: Reliability = None,
    unrelated_load: UnrelatedLoad = None,
    as_json: Json = False,
) -> None:
    """Compute how many examples it takes to infer the teacher's pattern up to a given overlap."""
    from densehop.theory.questions import examples_needed as question  # noqa: PLC0415 (slow)

    require_energy(p=p, sharpness=sharpness)
    energy = {"sharpness": sharpness, "reliability": reliability, "unrelated_load": unrelated_load}
    answer = question.examples_needed(n_spins, p, temperature, overlap, **energy)
    given = [
        *(name for name in GIVEN if name != "p" or p is not None),
        *(n for n, x in energy.items() if x is not None),
    ]
    found = {name: value for name, value in plain(asdict(answer)).items() if name not in {*GIVEN, *energy}}
    if as_json:
        parameters = {name: getattr(answer, name) for name in given}
        print_json(parameters=parameters, **found, explanation=answer.explanation)
        return
    for name, value in found.items():
        typer.echo(f"{name.replace('_', ' '):18}  {_entry(value):>18}")
    typer.echo(f"\n{answer.explanation}")


def _as_dict(solution: "Solution") -> dict[str, Any]:
    """Return the fields of a solution, without its problem."""
    fields = {name: value for name, value in vars(solution).items() if name != "problem"}
    return {**fields, "converged": solution.converged}


def _entry(value: object) -> str:
    """Return an entry of a table, '-' where it is not defined."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None else number(value, 6) if isinstance(value, float) else str(value)
