"""The command that looks for the pattern behind examples in a file."""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from densehop.apps.cli.image_options import Json, SeedOption
from densehop.apps.cli.output import number, print_json
from densehop.errors import InvalidInput

SHOWN = 80  # signs of a pattern on the terminal
NEXT = {  # after each verdict
    "found": "A sign is right with probability (1 + |m_i|)/2 if p and T are the teacher's; --out FILE.npy writes m.",
    "impossible": "No pattern is shown, since nothing can be known of it: only more examples would help.",
    "undecided": "No pattern is shown, since chance could have made it: try another --seed, p or T, or more examples.",
}


def infer(
    file: Annotated[Path, typer.Argument(help="Examples (M, N) of +1 and -1: .npy, .npz, .csv or .tsv.")],
    p: Annotated[int, typer.Option("--p", help="Number of bodies in the student's energy, at least 2.")],
    temperature: Annotated[float, typer.Option(help="The student's T.")],
    teacher_p: Annotated[int | None, typer.Option("--teacher-p", help="Bodies p* of the teacher. (default: p)")] = None,
    teacher_temperature: Annotated[float | None, typer.Option(help="T* of the teacher. (default: temperature)")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the magnetisations (N,) to this .npy file.")] = None,
    seed: SeedOption = 0,
    as_json: Json = False,
) -> None:
    """Find the hidden pattern from which a teacher drew the examples in a file, or say why it cannot be found."""
    from densehop.inference.recovery import recover_pattern  # noqa: PLC0415 (slow imports, not needed for --help)
    from densehop.learn.data.own import read_own  # noqa: PLC0415

    if out is not None and out.suffix != ".npy":
        raise InvalidInput(f"--out must be a .npy file, got '{out}'")
    examples = read_own(file).complete().rows
    recovery = recover_pattern(examples, p, temperature, seed, teacher_p, teacher_temperature)
    if out is not None:
        np.save(out, recovery.magnetisations)
    result = recovery.result
    if as_json:
        parameters = {"file": str(file), "n_examples": len(examples), "n_spins": examples.shape[1], "p": p}
        parameters |= {"temperature": temperature, "teacher_p": teacher_p, "teacher_temperature": teacher_temperature}
        print_json(
            parameters={**parameters, "seed": seed},
            verdict=recovery.verdict,
            reason=recovery.reason,
            pattern=recovery.pattern,
            magnetisations=recovery.magnetisations,
            log_odds=recovery.log_odds,
            q=result.q,
            free_entropy=result.free_entropy,
            energy=result.energy,
        )
        return
    typer.echo(f"{len(examples)} examples of {examples.shape[1]} spins, p = {p}, T = {temperature:g}")
    typer.echo(f"verdict: {recovery.verdict}\n\n{recovery.reason}\n")
    if recovery.verdict == "found":
        signs = "".join("+" if sign > 0 else "-" for sign in recovery.pattern[:SHOWN])
        typer.echo(f"{'pattern':14}{signs}{' ...' if len(recovery.pattern) > SHOWN else ''}")
    for name, value, meaning in (
        ("q", result.q, "overlap of two students, which is that with the pattern if T = T*"),
        ("free entropy", result.free_entropy, "per spin"),
        ("log odds", recovery.log_odds, "for this pattern, against examples without one, in nats"),
    ):
        typer.echo(f"{name:14}{number(round(value, 4), 6):>9}  {meaning}")
    typer.echo(NEXT[recovery.verdict])
    if out is not None:
        typer.echo(f"\nwritten: {out}")
