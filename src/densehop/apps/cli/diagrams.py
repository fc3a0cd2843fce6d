"""The commands of phase diagrams: trace one boundary, or compute and draw a whole diagram."""

import math
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from densehop.apps.cli.arguments import interval, numbers
from densehop.apps.cli.exits import FAILED
from densehop.apps.cli.output import Csv, ProgressBar, known, print_csv, print_json, print_table
from densehop.apps.cli.problems import require_energy
from densehop.apps.cli.theory import Ansatz, Bodies, Degree, Json, Reliability, Sharpness, UnrelatedLoad
from densehop.apps.cli.theory_sentences import diagram_sentences, line_sentence
from densehop.errors import InvalidInput

Plane = Annotated[
    str,
    typer.Option(
        help="Model: direct, nishimori, fixed-teacher, fixed-load, finite-noise, large-noise, or with --sharpness and "
        "no --p exponential, with --reliability exponential-examples, with --copies-load as well "
        "exponential-archetypes; with --degree rectified."
    ),
]
PlaneTeacher = Annotated[float | None, typer.Option(help="T*, for fixed-teacher and finite-noise.")]
CopiesLoad = Annotated[float | None, typer.Option(help="Load log(n)/N of n copies of each archetype.")]
PlaneLoad = Annotated[float | None, typer.Option(help="Load alpha, for fixed-load.")]
PlaneScaled = Annotated[
    float | None,
    typer.Option(help="T*/N^(1-2/p), for large-noise. (default: the effective Nishimori line, lambda = alpha/T)"),
]
LoadRange = Annotated[
    str | None,
    typer.Option(help="Range of the load, or of what the plane has instead. (default: all phases)", metavar="LOW,HIGH"),
]
Range = Annotated[str | None, typer.Option(help="Range of temperatures. (default: all phases)", metavar="LOW,HIGH")]


def boundary(
    kind: Annotated[
        str,
        typer.Option(
            help="Kind: retrieval_ or inference_ followed by spinodal, global or stability; inference_or_retrieval; "
            "glass_ followed by static, dynamic or gardner; zero_entropy."
        ),
    ],
    p: Annotated[
        str | None,
        typer.Option(
            help="Number of bodies, at least 2, or inf for the limit of the global lines; none with --sharpness or "
            "--degree."
        ),
    ] = None,
    model: Plane = "direct",
    sharpness: Sharpness = None,
    reliability: Reliability = None,
    copies_load: CopiesLoad = None,
    unrelated_load: UnrelatedLoad = None,
    degree: Degree = None,
    teacher_temperature: PlaneTeacher = None,
    load: PlaneLoad = None,
    scaled_teacher_temperature: PlaneScaled = None,
    temperatures: Annotated[
        str | None,
        typer.Option(help="Temperatures at which to trace, like 0.1,0.2. (default: the whole line)", metavar="T,T,..."),
    ] = None,
    points: Annotated[int, typer.Option(help="Number of points at most, if no temperatures are given.")] = 101,
    ansatz: Ansatz = "rs",
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV with all digits, for a file.")] = False,
    as_json: Json = False,
) -> None:
    """Trace a boundary of a phase diagram, with the error of each point."""
    from densehop.theory.lines.boundaries import boundary as trace  # noqa: PLC0415 (slow)

    require_energy(p=p, sharpness=sharpness, degree=degree)
    plane = {
        "model": model.replace("-", "_"),
        "teacher_temperature": teacher_temperature,
        "load": load,
        "scaled_teacher_temperature": scaled_teacher_temperature,
        "sharpness": sharpness,
        "reliability": reliability,
        "copies_load": copies_load,
        "unrelated_load": unrelated_load,
        "degree": degree,
    }
    chosen = None if temperatures is None else numbers("temperatures", temperatures)
    with ProgressBar(kind) as progress:
        line = trace(kind, _bodies(p), chosen, points=points, ansatz=ansatz, progress=progress, **plane)  # type: ignore[arg-type]
    if csv:
        rows = zip(line.coordinate, line.temperature, line.error, line.reason, strict=True)
        print_csv((line.axis, "temperature", "error", "reason"), rows)
    elif as_json:
        parameters = {"p": line.p, "kind": kind, "ansatz": ansatz, **plane}
        columns = {"coordinate": line.coordinate, "temperature": line.temperature, "error": line.error}
        missing = {"missing": line.n_missing, "undecided": line.n_undecided, "reason": list(line.reason)}
        print_json(parameters=parameters, axis=line.axis, **columns, **missing)
    else:
        rows = zip(line.coordinate, line.temperature, line.error, line.reason, strict=True)
        print_table(
            (line.axis, "temperature", "error", ""),
            [(known(x, error), f"{t:.12g}", f"{error:.1e}", reason) for x, t, error, reason in rows],
        )
        typer.echo(f"\n{line_sentence(kind, line.model)}")
        if line.n_missing:
            typer.echo(f"{line.n_missing} of {len(line.reason)} points are missing, {line.n_undecided} undecided.")
    if line.n_undecided:
        raise typer.Exit(FAILED)


def _bodies(word: str | None) -> float | None:
    """Return a number p of bodies, or infinity; None for an exponential energy."""
    try:
        return None if word is None else math.inf if word == "inf" else int(word)
    except ValueError as error:
        raise InvalidInput(f"p must be an integer >= 2 or inf, got '{word}'") from error


def phase_diagram(
    p: Bodies = None,
    model: Plane = "direct",
    sharpness: Sharpness = None,
    reliability: Reliability = None,
    copies_load: CopiesLoad = None,
    unrelated_load: UnrelatedLoad = None,
    degree: Degree = None,
    teacher_temperature: PlaneTeacher = None,
    load: PlaneLoad = None,
    scaled_teacher_temperature: PlaneScaled = None,
    size: Annotated[
        int | None,
        typer.Option(help="Points along each axis. (default: 161)"),
    ] = None,
    coordinate_range: LoadRange = None,
    temperature_range: Range = None,
    ansatz: Ansatz = "rs",
    n_spins: Annotated[
        int | None, typer.Option(help="N for which to show where finding the pattern is easy, hard or impossible.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the figure as .png and .pdf and the data as .nc.")] = Path(
        "figures"
    ),
    csv: Csv = False,
    as_json: Json = False,
) -> None:
    """Compute a phase diagram with its boundaries and draw it."""
    from densehop.recipes.phase_diagrams import plane  # noqa: PLC0415 (slow)
    from densehop.recipes.recipe import reproduce  # noqa: PLC0415 (slow)

    require_energy(p=p, sharpness=sharpness, degree=degree)
    asked = plane.Size.from_options(
        p,
        model.replace("-", "_"),
        size,
        interval("coordinate-range", coordinate_range),
        interval("temperature-range", temperature_range),
        ansatz,
        n_spins,
        teacher_temperature=teacher_temperature,
        load=load,
        scaled_teacher_temperature=scaled_teacher_temperature,
        sharpness=sharpness,
        reliability=reliability,
        copies_load=copies_load,
        unrelated_load=unrelated_load,
        degree=degree,
    )
    with ProgressBar(asked.name) as progress:
        made = reproduce(plane.single_diagram(asked), "asked", out, 0, None, progress, csv=csv)
    if as_json:
        parts: dict[str, Any] = {"shares": plane.shares(made.dataset), "boundaries": plane.boundaries(made.dataset)}
        print_json(parameters=asdict(asked), **parts, files=[str(path) for path in made.files])
        return
    typer.echo(made.table)
    typer.echo("\n" + "\n".join(diagram_sentences(plane.shares(made.dataset))))
    typer.echo(f"\nwritten: {', '.join(str(path) for path in made.files)}")
