"""The command that samples students of images."""

from typing import Annotated, Any

import numpy as np
import typer

from densehop.apps.cli.arguments import integers, numbers
from densehop.apps.cli.image_options import FIGURES, Data, Json, Out, SeedOption, write_figure
from densehop.apps.cli.output import print_json, print_table
from densehop.apps.cli.sentences import student_sentences
from densehop.base import checks

COLUMNS = (
    "q: overlap between students; q(t): of a student with itself, later; m: with the closest image; relaxed: m without",
    "thermal noise; share: of the energy that this image gives; found: different closest images",
)


def student(
    data: Data = "digits",
    memories: Annotated[int, typer.Option(help="How many images to learn from.")] = 50,
    digit: Annotated[int | None, typer.Option(help="Learn from images of this class only.")] = None,
    p: Annotated[str, typer.Option("--p", help="Numbers p of bodies, like 2,3,6.", metavar="P,P,...")] = "2,3,4,6,16",
    temperatures: Annotated[
        str,
        typer.Option(
            help="Temperatures in units of the depth, -E/N of the deepest state, of each p.", metavar="T,T,..."
        ),
    ] = "0.3",
    students: Annotated[int, typer.Option(help="Students for each of the two starts.")] = 8,
    sweeps: Annotated[int, typer.Option(help="Sweeps of annealing, and as many of sampling.")] = 400,
    seed: SeedOption = 0,
    out: Out = FIGURES,
    as_json: Json = False,
) -> None:
    """Sample the patterns that a student infers from images, with the law exp(-E/T).

    Depending on p and T they hold a feature that all images share, or a prototype close to one of them.
    """
    from densehop.learn.data import datasets  # noqa: PLC0415 (slow)
    from densehop.learn.students.sampling import energy_depth, sample_students, signs_of_images  # noqa: PLC0415 (slow)
    from densehop.plot import images as draw  # noqa: PLC0415 (slow)

    checks.integer("seed", seed, 0)
    images = datasets.load(data)
    signs = signs_of_images(images, memories, digit, seed)
    relative = numbers("temperatures", temperatures)
    depths = {bodies: energy_depth(signs, bodies, seed) for bodies in integers("p", p)}
    results = [
        sample_students(signs, bodies, share * depth, students, sweeps, seed=seed)
        for bodies, depth in depths.items()
        for share in relative
    ]
    rows = [(_row_label(result), result.group.students, result.group.overlap) for result in results]
    files = write_figure(out, "student", draw.student_rows(rows, images.shape))
    parameters = {"data": data, "memories": len(signs), "digit": digit, "students": students, "sweeps": sweeps}
    parameters["seed"] = seed
    if as_json:
        summaries = [_summary(result) for result in results]
        print_json(parameters=parameters, students=summaries, files=[str(path) for path in files])
        return
    header = ("p", "T", "T/depth", "q", "q(t)", "m", "relaxed", "share", "found", "regime", "starts agree")
    print_table(header, [_table_row(result) for result in results])
    typer.echo("\n" + "\n".join([*COLUMNS, "", *student_sentences(results)]))
    typer.echo("\nwritten: " + ", ".join(str(path) for path in files))


def _row_label(result: Any) -> str:
    """Return the label of a row of students in the figure."""
    point = f"$p = {result.p}$, $T = {result.temperature / result.depth:.2g}$ depths"
    return f"{point}\n{result.regime}\n$q = {result.group.q_mean:.2f}$"


def _summary(result: Any) -> dict[str, Any]:
    """Return the results for students at one temperature."""
    group = result.group
    return {
        "p": result.p,
        "temperature": result.temperature,
        "depth": result.depth,
        "regime": str(result.regime),
        "q": group.q_mean,
        "q_spread": group.q_spread,
        "self_overlap": group.self_overlap,
        "overlap": float(np.median(group.overlap)),
        "chance": result.chance,
        "relaxed_overlap": float(np.median(group.relaxed_overlap)),
        "share": float(np.median(group.share)),
        "examples_found": group.n_examples_found,
        "starts_agree": result.verdict.equilibrated,
        "reason": result.reason,
    }


def _table_row(result: Any) -> tuple[str, ...]:
    """Return the results for students at one temperature as a row of the table."""
    summary = _summary(result)
    numbers = ("q", "self_overlap", "overlap", "relaxed_overlap", "share")
    return (
        str(result.p),
        f"{result.temperature:.4g}",
        f"{result.temperature / result.depth:.2g}",
        *(f"{summary[name]:.2f}" for name in numbers),
        str(summary["examples_found"]),
        summary["regime"],
        "yes" if summary["starts_agree"] else "no",
    )
