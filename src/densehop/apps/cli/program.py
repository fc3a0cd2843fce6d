"""All commands in one program. Whatever goes wrong ends in one line on standard error and a non-zero exit code."""

import sys
import warnings
from typing import Annotated

import typer

from densehop.apps.cli import campaign, diagrams, doctor, explore, figures, practice, students, theory
from densehop.apps.cli.exits import BAD_INPUT, FAILED
from densehop.base.version import __version__
from densehop.errors import DensehopError, Incomplete

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


for command in (
    figures.reproduce,
    theory.solve,
    theory.phase,
    theory.examples_needed,
    diagrams.boundary,
    diagrams.phase_diagram,
    campaign.run,
    campaign.status,
    campaign.collect,
    practice.restore,
    practice.classify,
    practice.attack,
    practice.locate,
    students.student,
    explore.explore,
    doctor.doctor,
):
    app.command()(command)


def run(arguments: list[str]) -> int:
    """Run the command line and return its exit code; an error becomes one line on standard error."""
    warnings.showwarning = lambda message, *_: print(f"densehop: warning: {message}", file=sys.stderr)
    try:
        return app(arguments or ["--help"], standalone_mode=False) or 0  # Typer returns 130 after Ctrl-C
    except Incomplete as error:
        return _print_error(str(error), FAILED)
    except DensehopError as error:
        return _print_error(str(error), BAD_INPUT)
    except typer.TyperException as error:
        return _print_error(error.format_message(), BAD_INPUT)
    except (OSError, MemoryError) as error:
        return _print_error(str(error) or "out of memory", FAILED)


def _print_error(message: str, code: int) -> int:
    """Print one line on standard error and return the exit code."""
    print(f"densehop: {' '.join(message.split())}", file=sys.stderr)
    return code
