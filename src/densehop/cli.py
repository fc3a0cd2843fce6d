"""The command line: parse, call, print. Wrong input ends in one line on standard error and a non-zero exit code."""

import sys
import warnings
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from densehop.errors import DensehopError, InvalidInput
from densehop.version import __version__

BAD_INPUT, FAILED = 2, 1  # exit codes

app = typer.Typer(
    help="Dense Hopfield networks: exact theory and fast Monte Carlo.",
    add_completion=False,
    pretty_exceptions_enable=False,
)


class ProgressBar:
    """A progress bar on standard error; silent where that is not a terminal."""

    def __init__(self, title: str) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        console = Console(stderr=True)
        self._bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._title = title
        self._task: TaskID | None = None

    def __enter__(self) -> "ProgressBar":
        self._bar.start()
        return self

    def __exit__(self, *details: object) -> None:
        self._bar.stop()

    def total(self, steps: int) -> None:
        """Announce how many steps there are."""
        self._task = self._bar.add_task(self._title, total=steps)

    def advance(self, steps: int = 1) -> None:
        """Report steps done."""
        if self._task is not None:
            self._bar.advance(self._task, steps)


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
    workers: Annotated[int | None, typer.Option(help="Threads; default: one for each core.")] = None,
    list_names: Annotated[bool, typer.Option("--list", help="List the figures and stop.")] = False,
) -> None:
    """Reproduce a published figure: theory beside simulation, with a table of deviations."""
    from densehop.recipes import RECIPES  # noqa: PLC0415 (slow imports, not needed for --help)
    from densehop.recipes.recipe import reproduce as carry_out  # noqa: PLC0415 (as above)

    if list_names:
        for recipe in RECIPES.values():
            typer.echo(f"{recipe.name:26} {recipe.title} (sizes: {', '.join(recipe.sizes)})")
        return
    if name not in RECIPES:
        got = "nothing" if name is None else f"'{name}'"
        raise InvalidInput(f"NAME must be one of {', '.join(RECIPES)}; got {got}")
    with ProgressBar(name) as progress:
        made = carry_out(RECIPES[name], size, out, seed, workers, progress)
    typer.echo(f"{name}, size {size}, seed {seed}\n")
    typer.echo(made.table)
    typer.echo("\nwritten: " + ", ".join(str(path) for path in made.files))


def run(arguments: list[str]) -> int:
    """Run the command line and return its exit code; what went wrong becomes one line."""
    warnings.showwarning = lambda message, *_: print(f"densehop: warning: {message}", file=sys.stderr)
    try:
        return app(arguments or ["--help"], standalone_mode=False) or 0  # Typer returns 130 after Ctrl-C
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
