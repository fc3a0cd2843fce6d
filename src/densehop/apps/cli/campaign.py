"""The commands of campaigns: run a plan, see how far it is, collect its results."""

import math
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from densehop.apps.cli.exits import FAILED, leave_interrupted_campaign
from densehop.apps.cli.output import Csv, ProgressBar, print_json
from densehop.base import checks
from densehop.errors import InvalidInput

if TYPE_CHECKING:
    from densehop.campaign.engines import Engine

ENGINES = ("local", "process", "dask")
MAX_PRINTED = 20  # failures

Folder = Annotated[Path, typer.Argument(help="The campaign's folder.", metavar="DIR")]


def run(
    plan: Annotated[Path, typer.Argument(help="The plan, a .yaml or .toml file; see docs/campaigns.md.")],
    out: Annotated[Path, typer.Option(help="Folder for the results; the same command on it resumes.")],
    engine: Annotated[
        str, typer.Option(help="Engine: local (worker processes), process (only this one) or dask.")
    ] = "local",
    workers: Annotated[int | None, typer.Option(help="Worker processes. (default: one for each core)")] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler. (default: a local cluster)", metavar="ADDRESS")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed to use instead of the plan's.")] = None,
    device: Annotated[str, typer.Option(help="Where chains run: cpu, accelerator or auto; same results.")] = "cpu",
) -> None:
    """Run a campaign, the grid of simulations of a plan; interrupted or run again, it continues where it stopped.

    Exit codes: 0 every cell has a result, 1 some have none (they failed, or results could not be written),
    2 wrong input or a folder that another run holds, 130 interrupted.
    """
    from densehop.apps.cli import campaign_sentences as sentences  # noqa: PLC0415 (slow imports, not needed for --help)
    from densehop.campaign.device import on_device  # noqa: PLC0415 (slow imports, not needed for --help)
    from densehop.campaign.plan_file import plan_of, read_plan  # noqa: PLC0415 (slow imports, not needed for --help)
    from densehop.campaign.runner import run as run_plan  # noqa: PLC0415 (as above)
    from densehop.campaign.status_report import status as read_status  # noqa: PLC0415 (as above)

    wanted = read_plan(plan)
    if seed is not None:
        wanted = plan_of({**wanted.model_dump(), "seed": seed}, "--seed")
    if device != "cpu" and engine == "dask":
        raise InvalidInput(f"--device {device} is a device of this machine: leave --engine dask out")
    chosen, task = on_device(wanted, device, _engine(engine, workers, scheduler))
    try:
        with ProgressBar(wanted.name, counted=False) as progress:
            report = run_plan(wanted, out, chosen, progress, task=task)
    except KeyboardInterrupt:
        leave_interrupted_campaign(out)
    for note in report.notes:
        _warn(note)
    n_missing = report.n_cells - report.n_found - report.n_finished
    typer.echo(
        f"{wanted.name}: {report.n_cells} cells, {report.n_found} were finished before, {report.n_finished} now, "
        f"{n_missing} failed"
    )
    if report.failures:
        _print_failures(report.failures)
        typer.echo(f"parameters, seeds and errors: {out / 'failures'}; the same command tries them again")
        raise typer.Exit(FAILED)
    state = read_status(out)
    _say(sentences.campaign_sentences(state.cells_by_verdict, state.n_imprecise))
    if sentences.doubtful(state.cells_by_verdict):
        typer.echo(f"densehop status {out} names the cells that are too short or disagree.")
    typer.echo(_next_step(state, out))


def status(folder: Folder, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Show how much of a campaign is done and how long it has taken.

    Exit codes: 0 complete or at work, 1 cells are missing, 2 wrong input.
    """
    from densehop.apps.cli import campaign_sentences as sentences  # noqa: PLC0415 (slow)
    from densehop.campaign.status_report import status as read_status  # noqa: PLC0415 (slow)

    state = read_status(folder)
    if as_json:
        failures = [
            {"cell": entry.cell.identity, "content": entry.cell.content, "error": entry.error}
            for entry in state.failures
        ]
        verdicts = {
            verdict.value: [entry.identity for entry in cells] for verdict, cells in state.cells_by_verdict.items()
        }
        print_json(**{**vars(state), "failures": failures, "cells_by_verdict": verdicts})
    else:
        n_left = state.n_cells - state.n_finished
        typer.echo(f"{state.name} in {folder}: {'a run is at work' if state.at_work else 'no run is at work'}")
        typer.echo(
            f"cells: {state.n_cells}, of which finished {state.n_finished}, failed {len(state.failures)}, damaged "
            f"{state.n_damaged}, saved on the way {state.n_under_way}, left {n_left}"
        )
        typer.echo(f"spent: {duration(state.seconds_spent)} of one worker on {', '.join(state.hosts) or 'no host'}")
        if n_left:
            typer.echo(f"left: about {duration(state.seconds_left)} of one worker")
        counts = ", ".join(f"{verdict.value} {len(cells)}" for verdict, cells in state.cells_by_verdict.items())
        typer.echo(f"verdicts: {counts}; less precise than asked: {state.n_imprecise}")
        _print_doubtful(state.cells_by_verdict)
        _print_failures(state.failures)
        _say(sentences.campaign_sentences(state.cells_by_verdict, state.n_imprecise))
        typer.echo(_next_step(state, folder))
    if state.n_finished < state.n_cells and not state.at_work:
        raise typer.Exit(FAILED)


def _next_step(state: Any, folder: Path) -> str:
    """Say what to do with a campaign as it stands."""
    if state.at_work:
        return "next: wait; finished cells can be collected at any time"
    if state.n_finished < state.n_cells:
        return f"next: densehop run PLAN --out {folder} computes what is missing"
    return f"next: densehop collect {folder}"


def collect(
    folder: Folder,
    out: Annotated[Path | None, typer.Option(help="The NetCDF file. (default: DIR/NAME.nc)")] = None,
    traces: Annotated[bool, typer.Option(help="Include the values of every sweep.")] = True,
    csv: Csv = False,
) -> None:
    """Write all results of a campaign into one NetCDF file.

    Cells without a result are nan; then the exit code is 1.
    """
    from densehop.campaign import dataset as collecting  # noqa: PLC0415 (slow)
    from densehop.campaign import store  # noqa: PLC0415 (slow)
    from densehop.campaign.folder import CampaignFolder  # noqa: PLC0415 (slow)

    plan = CampaignFolder.existing(folder).plan()
    target = out or folder / f"{plan.name}.nc"
    store.writable_folder(target.parent, [target.name])
    dataset = collecting.collect(folder, plan, traces)
    numbers = store.tables(dataset, target) if csv else {}
    store.save({target: store.encode(dataset, plan.seed, plan.model_dump(mode="json"))} | numbers)
    sizes = ", ".join(f"{name} {length}" for name, length in dataset.sizes.items())
    typer.echo(", ".join([f"written: {target} ({sizes})", *map(str, numbers)]))
    typer.echo("Each quantity stands beside its _error, and verdict says which cells to believe.")
    if dataset.attrs["n_missing"]:
        _warn(f"{dataset.attrs['n_missing']} of {dataset.attrs['n_cells']} cells have no result; they are nan")
        raise typer.Exit(FAILED)


def duration(seconds: float) -> str:
    """Return a time in hours, minutes or seconds."""
    if math.isnan(seconds):
        return "an unknown time"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"


def _engine(name: str, n_workers: int | None, scheduler: str | None) -> "Callable[[], Engine]":
    """Return the engine that the options ask for; options that do not go with it are refused."""
    from densehop.campaign.cluster import DaskWorkers  # noqa: PLC0415 (slow)
    from densehop.campaign.engines import LocalWorkers, ThisProcess  # noqa: PLC0415 (slow)

    checks.choice("engine", name, ENGINES)
    if n_workers is not None:
        checks.integer("workers", n_workers, 1)
    if scheduler is not None and name != "dask":
        raise InvalidInput(f"--scheduler goes with --engine dask, got --engine {name}")
    if name == "process":
        if n_workers not in {None, 1}:
            raise InvalidInput(f"--engine process is a single process: leave --workers out, got --workers {n_workers}")
        return ThisProcess
    return partial(DaskWorkers, scheduler, n_workers) if name == "dask" else partial(LocalWorkers, n_workers)


def _print_doubtful(cells_by_verdict: Any) -> None:
    """Name the cells that need more sweeps or another method."""
    from densehop.apps.cli import campaign_sentences as sentences  # noqa: PLC0415 (slow)
    from densehop.campaign.summary import described  # noqa: PLC0415 (slow)

    for verdict, cells in sentences.doubtful(cells_by_verdict).items():
        for cell in cells[:MAX_PRINTED]:
            where = ", ".join(f"{name} = {value}" for name, value in described(cell).items())
            typer.echo(f"{verdict.value}: {where}")
        if len(cells) > MAX_PRINTED:
            typer.echo(f"{verdict.value}: {len(cells) - MAX_PRINTED} more")


def _print_failures(failures: Any) -> None:
    for failure in failures[:MAX_PRINTED]:
        typer.echo(f"failed: {failure}")
    if len(failures) > MAX_PRINTED:
        typer.echo(f"failed: {len(failures) - MAX_PRINTED} more")


def _say(sentences: list[str]) -> None:
    """Print sentences, each on a line of its own."""
    for sentence in sentences:
        typer.echo(sentence)


def _warn(text: str) -> None:
    print(f"densehop: warning: {text}", file=sys.stderr)
