"""The command that reproduces published figures."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from densehop.apps.cli.exits import leave_interrupted_campaign
from densehop.apps.cli.output import Csv, ProgressBar
from densehop.errors import InvalidInput

if TYPE_CHECKING:
    from densehop.recipes.recipe import Reproduction


def reproduce(
    name: Annotated[str | None, typer.Argument(help="The figure's name; see --list.")] = None,
    size: Annotated[str, typer.Option(help="How much to compute: quick, or paper (hours).")] = "quick",
    out: Annotated[Path, typer.Option(help="Folder for NAME.png, NAME.pdf and NAME.nc.")] = Path("figures"),
    seed: Annotated[int, typer.Option(help="Seed; results do not depend on the number of workers.")] = 0,
    workers: Annotated[int | None, typer.Option(help="Processes. (default: one for each core)")] = None,
    csv: Csv = False,
    device: Annotated[str, typer.Option(help="Where chains run: cpu, accelerator or auto; same results.")] = "cpu",
    from_data: Annotated[
        Path | None, typer.Option(help="Draw again from this NAME.nc; nothing is computed.", metavar="FILE")
    ] = None,
    list_names: Annotated[bool, typer.Option("--list", help="List the figures and stop.")] = False,
) -> None:
    """Reproduce a published figure: theory beside simulation, with a table of deviations.

    Simulations are kept in OUT/NAME.cells. The same command goes on where an earlier one stopped, and `densehop status
    OUT/NAME.cells` tells how far it is.
    """
    from densehop.recipes import RECIPES  # noqa: PLC0415 (slow imports, not needed for --help)
    from densehop.recipes.recipe import cells_folder, redraw  # noqa: PLC0415 (as above)
    from densehop.recipes.recipe import reproduce as reproduce_recipe  # noqa: PLC0415 (as above)

    if list_names:
        for recipe in RECIPES.values():
            typer.echo(f"{recipe.name:26} {recipe.title} (sizes: {', '.join(recipe.sizes)})")
        return
    if name not in RECIPES:
        got = "nothing" if name is None else f"'{name}'"
        raise InvalidInput(f"NAME must be one of {', '.join(RECIPES)}; got {got}")
    if from_data is not None:
        redrawn = redraw(RECIPES[name], from_data, out, csv=csv)
        typer.echo(f"{name}, from {from_data}\n")
        _report(redrawn)
        return
    try:
        with ProgressBar(name, counted=False) as progress:
            reproduction = reproduce_recipe(RECIPES[name], size, out, seed, workers, progress, csv=csv, device=device)
    except KeyboardInterrupt:
        if (cells := cells_folder(RECIPES[name], out)).exists():
            leave_interrupted_campaign(cells)
        raise
    typer.echo(f"{name}, size {size}, seed {seed}\n")
    _report(reproduction)
    if size == "quick":
        typer.echo(f"next: --size paper computes that of docs/figures/{name}.md, with its table and its time.")


def _report(reproduction: "Reproduction") -> None:
    """Print the table and what was written."""
    typer.echo(reproduction.table)
    typer.echo("\nwritten: " + ", ".join(str(path) for path in reproduction.files))
