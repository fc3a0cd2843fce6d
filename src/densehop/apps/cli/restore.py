"""The command that stores rows and restores damaged copies of them, or rows of a file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from densehop.apps.cli.image_options import FIGURES, Data, Json, Label, Out, SeedOption, Side, write_figure
from densehop.apps.cli.output import print_json
from densehop.apps.cli.sentences import known_sentence
from densehop.apps.located import percent
from densehop.base import checks
from densehop.errors import InvalidInput

MOST = 200  # images that are stored where no number is given
SHOWN = 10  # images in the figure
RESTORED, NEAREST = "restored,\nits error", "nearest\nneighbour"


@dataclass(frozen=True)
class RestoreReport:
    """What came of it: rows for the figure with notes under the images of some, numbers, sentences, files."""

    rows: dict[str, Any]
    summary: dict[str, Any]
    sentences: list[str]
    files: list[Path]
    notes: dict[str, list[str]]


def restore(
    data: Data = "digits",
    query: Annotated[
        Path | None,
        typer.Option(help="Restore this file, of the same kinds as --data, not damaged copies; nan is hidden."),
    ] = None,
    memories: Annotated[int | None, typer.Option(help="How many rows to store. (default: all, at most 200)")] = None,
    hidden: Annotated[float, typer.Option(help="Fraction of pixels to hide.")] = 0.5,
    flipped: Annotated[float, typer.Option(help="Fraction of pixels to invert.")] = 0.0,
    interaction: Annotated[
        str, typer.Option(help="Energy: strict, power, rectified, exponential or attention.")
    ] = "exponential",
    degree: Annotated[int, typer.Option(help="Degree p of strict, power and rectified.")] = 3,
    graded: Annotated[bool, typer.Option("--graded", help="Keep grey values (exponential, attention).")] = False,
    label: Label = None,
    side: Side = None,
    seed: SeedOption = 0,
    out: Out = FIGURES,
    as_json: Json = False,
) -> None:
    """Store images, hide or invert some of their pixels, and restore them; or restore rows of your own."""
    from densehop.learn.data import datasets  # noqa: PLC0415 (slow)
    from densehop.learn.memory.estimator import DenseAssociativeMemory  # noqa: PLC0415 (slow)
    from densehop.learn.memory.interactions import WITH_DEGREE  # noqa: PLC0415 (slow)
    from densehop.plot import images as draw  # noqa: PLC0415 (slow imports, not needed for --help)

    checks.integer("seed", seed, 0)
    if graded and interaction in WITH_DEGREE:
        raise InvalidInput(f"--graded needs --interaction exponential or attention; '{interaction}' takes signs only")
    images = datasets.load(data, label, side)
    stored = min(MOST, len(images.images)) if memories is None else memories
    checks.integer("memories", stored, 1, len(images.images))
    memory = DenseAssociativeMemory(interaction, degree=degree, encoding="graded" if graded else "auto")
    parameters = {"data": data, "memories": stored, "interaction": interaction, "graded": graded, "seed": seed}
    if interaction in WITH_DEGREE:
        parameters["degree"] = degree
    if query is None:
        parameters |= {"hidden": hidden, "flipped": flipped}
        report = _damaged_copies(images, memory, stored, hidden, flipped, seed, graded=graded)
    else:
        parameters["query"] = str(query)
        report = _rows_of_file(images, memory, stored, query, seed, out, graded=graded)
    picture = draw.restored_rows(_painted(report.rows, images), images.shape, 1.0, report.notes)
    files = [str(path) for path in [*write_figure(out, "restore", picture), *report.files]]
    if as_json:
        print_json(parameters=parameters, **report.summary, files=files)
        return
    typer.echo("\n".join(report.sentences) + "\n\nwritten: " + ", ".join(files))


def _painted(rows: dict[str, Any], images: Any) -> dict[str, Any]:
    """Return the first images of each row, from 0, paper, to 1, ink."""
    span = images.largest - images.lowest
    first = {name: np.clip((part[:SHOWN] - images.lowest) / span, 0, 1) for name, part in rows.items()}
    return {name: 1 - part if images.light else part for name, part in first.items()}


def _damaged_copies(
    images: Any, memory: Any, stored: int, hidden: float, flipped: float, seed: int, *, graded: bool
) -> RestoreReport:
    """Damage what is stored, and restore it."""
    from densehop.learn import image_tasks  # noqa: PLC0415 (slow)

    restoration = image_tasks.restore_images(images, memory, stored, hidden, flipped, binary=not graded, seed=seed)
    rows = {
        "original": restoration.original,
        _damage(hidden, flipped, ",\n"): restoration.corrupted,
        RESTORED: restoration.recall.patterns,
        NEAREST: restoration.nearest,
    }
    errors = {RESTORED: restoration.error, NEAREST: restoration.nearest_error}
    notes = {name: [percent(error) for error in part[:SHOWN]] for name, part in errors.items()}
    right, settled = int((restoration.recall.memory == np.arange(stored)).sum()), int(restoration.recall.settled.sum())
    error, nearest = float(restoration.error.mean()), float(restoration.nearest_error.mean())
    summary = {
        "error": error,
        "nearest_neighbour_error": nearest,
        "settled": settled / stored,
        "right_memory": right / stored,
        "steps": restoration.recall.n_steps,
    }
    pixels = "pixels" if flipped else "hidden pixels"
    unit = f"off on the {pixels} (root mean square, of the range of values)" if graded else f"of the {pixels} are wrong"
    if right == stored:
        advice = "The memory holds them: more images (--memories) or more damage would show its limits."
    elif memory.interaction in {"exponential", "attention"}:
        advice = "Less damage or fewer images (--memories) would help: this energy holds most."
    else:
        advice = "Less damage, fewer images (--memories) or --interaction exponential, which holds most, would help."
    sentences = [
        f"{stored} images of '{images.name}' were stored, damaged ({_damage(hidden, flipped, ' and ')}) and restored.",
        f"{right} of {stored} came back as themselves, and {settled} settled in a minimum of the energy.",
        f"{percent(error)} {unit}; taking the nearest stored image instead would give {percent(nearest)}.",
        advice,
    ]
    return RestoreReport(rows, summary, sentences, [], notes)


def _damage(hidden: float, flipped: float, between: str) -> str:
    """Say how images were damaged."""
    damages = [f"{100 * share:g}% {kind}" for share, kind in ((hidden, "hidden"), (flipped, "inverted")) if share]
    return between.join(damages) or "as stored"


def _rows_of_file(
    images: Any, memory: Any, stored: int, query: Path, seed: int, out: Path, *, graded: bool
) -> RestoreReport:
    """Restore the rows of a file and write them in its format."""
    from densehop.campaign import store  # noqa: PLC0415 (slow)
    from densehop.learn.data.own import read_own, written_like  # noqa: PLC0415 (slow)

    data = read_own(query, shape=images.shape)
    questions = data.rows
    if questions.shape[1] != images.images.shape[1]:
        lengths = f"rows of {questions.shape[1]} values, and '{images.name}' of {images.images.shape[1]}"
        raise InvalidInput(f"'{query}' has {lengths}: they must be as long, with the same columns")
    if stored < len(images.images):
        chosen = np.sort(np.random.default_rng(seed).permutation(len(images.images))[:stored])
        rows = images.images[chosen]
    else:
        rows = images.images
    if not graded:
        rows = np.where(rows > images.middle, images.largest, images.lowest)
        signs = np.where(questions > images.middle, images.largest, images.lowest)
        questions = np.where(np.isnan(questions), np.nan, signs)
    recall = memory.fit(rows).recall(questions)
    store.writable_folder(out)
    contents = written_like(data, recall.patterns, out, images.shape)
    store.save(contents)
    n_known, hidden = int(recall.known.sum()), float(np.isnan(questions).mean())
    note = f"{percent(hidden)} of their values were hidden" if hidden else "no value was hidden, so all could change"
    sentences = [
        f"{stored} rows of '{images.name}' are stored. {len(questions)} rows of '{query}' were restored; {note}.",
        f"{n_known} of {len(questions)} are known: {known_sentence(recall.false_alarm_rate)}",
        "All of them can be trusted that far." if n_known == len(questions) else
        "Do not trust the others: --json says which they are (known) and how likely a stranger is (p_value).",
    ]  # fmt: skip
    summary = {name: getattr(recall, name) for name in ("memory", "known", "p_value", "settled", "overlap")}
    pictures = {"as it came": data.rows, "restored": recall.patterns}
    return RestoreReport(pictures, summary, sentences, list(contents) or [out / "restored"], {})
