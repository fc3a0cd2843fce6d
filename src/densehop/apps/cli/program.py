"""The command line: parse, call, print. Wrong input ends in one line on standard error and a non-zero exit code."""

import sys
import warnings
from pathlib import Path
from typing import Annotated

import typer

from densehop.apps.cli import campaign, explore, practice, theory
from densehop.apps.cli.output import ProgressBar
from densehop.base.version import __version__
from densehop.errors import DensehopError, Incomplete, InvalidInput

BAD_INPUT, FAILED = 2, 1  # exit codes

app = typer.Typer(
    help="Dense Hopfield networks: exact theory and fast Monte Carlo.",
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"densehop {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Dense Hopfield networks: exact theory and fast Monte Carlo."""
    del version


@app.command()
def reproduce(
    name: Annotated[str | None, typer.Argument(help="The figure's name; see --list.")] = None,
    size: Annotated[str, typer.Option(help="How much to compute.")] = "quick",
    out: Annotated[Path, typer.Option(help="Folder for NAME.png, NAME.pdf and NAME.nc.")] = Path("figures"),
    seed: Annotated[int, typer.Option(help="One seed gives the same bits with any number of workers.")] = 0,
    workers: Annotated[int | None, typer.Option(help="Processes; default: one for each core.")] = None,
    list_names: Annotated[bool, typer.Option("--list", help="List the figures and stop.")] = False,
) -> None:
    """Reproduce a published figure: theory beside simulation, with a table of deviations.

    What is simulated is kept in OUT/NAME.cells: the same command goes on where an earlier one stopped, `densehop status
    OUT/NAME.cells` tells how far it is.
    """
    from densehop.recipes import RECIPES  # noqa: PLC0415 (slow imports, not needed for --help)
    from densehop.recipes.recipe import cells_of  # noqa: PLC0415 (as above)
    from densehop.recipes.recipe import reproduce as carry_out  # noqa: PLC0415 (as above)

    if list_names:
        for recipe in RECIPES.values():
            typer.echo(f"{recipe.name:26} {recipe.title} (sizes: {', '.join(recipe.sizes)})")
        return
    if name not in RECIPES:
        got = "nothing" if name is None else f"'{name}'"
        raise InvalidInput(f"NAME must be one of {', '.join(RECIPES)}; got {got}")
    try:
        with ProgressBar(name, counted=False) as progress:
            made = carry_out(RECIPES[name], size, out, seed, workers, progress)
    except KeyboardInterrupt:
        if (cells := cells_of(RECIPES[name], out)).exists():
            campaign.leave_interrupted(cells)
        raise
    typer.echo(f"{name}, size {size}, seed {seed}\n")
    typer.echo(made.table)
    typer.echo("\nwritten: " + ", ".join(str(path) for path in made.files))


for command in (
    theory.solve,
    theory.phase,
    theory.examples_needed,
    theory.boundary,
    theory.phase_diagram,
    campaign.run,
    campaign.status,
    campaign.collect,
    practice.restore,
    practice.classify,
    practice.attack,
    practice.locate,
    practice.student,
    explore.explore,
):
    app.command()(command)


def run(arguments: list[str]) -> int:
    """Run the command line and return its exit code; what went wrong becomes one line."""
    warnings.showwarning = lambda message, *_: print(f"densehop: warning: {message}", file=sys.stderr)
    try:
        return app(arguments or ["--help"], standalone_mode=False) or 0  # Typer returns 130 after Ctrl-C
    except Incomplete as error:
        return _complain(str(error), FAILED)
    except DensehopError as error:
        return _complain(str(error), BAD_INPUT)
    except typer.TyperException as error:
        return _complain(error.format_message(), BAD_INPUT)
    except (OSError, MemoryError) as error:
        return _complain(str(error) or "out of memory", FAILED)


def _complain(message: str, code: int) -> int:
    """Print one line on standard error and return the exit code."""
    print(f"densehop: {' '.join(message.split())}", file=sys.stderr)
    return code
