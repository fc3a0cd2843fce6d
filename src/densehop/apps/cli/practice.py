"""The commands of practice on images. Each draws a figure, and prints a table or, with --json, JSON for programs."""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from densehop.apps.cli.arguments import numbers
from densehop.apps.cli.image_options import FIGURES, Data, Json, Label, Out, SeedOption, Side, write_figure
from densehop.apps.cli.output import percent_with_error, print_json, print_table
from densehop.apps.cli.sentences import attack_sentences, classify_sentences
from densehop.apps.located import CLOSE, HOLDS, locate_sentences
from densehop.base import checks

MEMORIES = 50  # that are located, where there are as many
SIZES = {"linf": "0,0.05,0.1,0.2", "l2": "0,0.5,1,2"}


def classify(
    data: Data = "digits",
    memories: Annotated[int, typer.Option(help="Number K of learned memories.")] = 100,
    degree: Annotated[float, typer.Option(help="Degree n of the rectified polynomial.")] = 10,
    kind: Annotated[
        str, typer.Option(help="Kind: learned or stored; stored: every training image is a memory.")
    ] = "learned",
    epochs: Annotated[int, typer.Option(help="Passes over the training images.")] = 60,
    label: Label = None,
    side: Side = None,
    seed: SeedOption = 0,
    out: Out = FIGURES,
    as_json: Json = False,
) -> None:
    """Train a classifier on 70% of the images, test it on the rest, and draw its memories."""
    from densehop.learn import image_tasks  # noqa: PLC0415 (slow)
    from densehop.learn.classifier.estimator import DenseAssociativeClassifier  # noqa: PLC0415 (slow)
    from densehop.learn.data import datasets  # noqa: PLC0415 (slow)
    from densehop.plot import images as draw  # noqa: PLC0415 (slow)

    checks.integer("seed", seed, 0, 2**32 - 1)
    model = DenseAssociativeClassifier(memories, degree=degree, kind=kind, max_iter=epochs, random_state=seed)
    result = image_tasks.classify_images(datasets.load(data, label, side), model, seed)
    number_of, first_memories = len(result.model.memories_), result.model.memories_[:100]
    title = f"{number_of} {kind} memories, n = {degree:g}" + (", the first 100" if number_of > 100 else "")
    title += f": {percent_with_error(result.accuracy, result.error)} right; below each its class"
    classes = result.model.classes_[result.model.label_memories_[:100].argmax(axis=1)]
    grid = draw.memory_grid(first_memories, result.test.shape, title, labels=[str(name) for name in classes])
    files = write_figure(out, "classify", grid)
    summary = {
        "accuracy": result.accuracy,
        "standard_error": result.error,
        "nearest_neighbour_accuracy": result.nearest_accuracy,
        "memories_in_use": result.memories_in_use,
        "test_images": len(result.test.images),
    }
    parameters = {"data": data, "memories": memories, "degree": degree, "kind": kind, "epochs": epochs, "seed": seed}
    _report(parameters, summary, classify_sentences(result, kind, degree), files, as_json=as_json)


def attack(
    data: Data = "digits",
    degrees: Annotated[str, typer.Option(help="Degrees n of learned classifiers, like 2,10,30.", metavar="N,N,...")] = (
        "2,10,30"
    ),
    sizes: Annotated[
        str,
        typer.Option(
            help="Attack sizes as shares of the values' range; none: 0 to 0.2, or to 2 in l2.", metavar="S,S,..."
        ),
    ] = "",
    norm: Annotated[str, typer.Option(help="Norm: linf or l2.")] = "linf",
    images: Annotated[int, typer.Option(help="Held-out images to attack.")] = 100,
    stored: Annotated[
        bool, typer.Option("--stored", help="Also attack a classifier that stores its examples.")
    ] = False,
    steps: Annotated[int, typer.Option(help="Steps of the gradient attack, which starts twice.")] = 40,
    queries: Annotated[int, typer.Option(help="Queries of the random search.")] = 500,
    epochs: Annotated[int, typer.Option(help="Passes over the training images.")] = 30,
    label: Label = None,
    side: Side = None,
    seed: SeedOption = 0,
    out: Out = FIGURES,
    as_json: Json = False,
) -> None:
    """Attack classifiers and a logistic regression; show each one's accuracy under the strongest attack."""
    from densehop.learn import image_tasks  # noqa: PLC0415 (slow)
    from densehop.learn.classifier.estimator import DenseAssociativeClassifier  # noqa: PLC0415 (slow)
    from densehop.learn.data import datasets  # noqa: PLC0415 (slow)
    from densehop.plot import images as draw  # noqa: PLC0415 (slow)

    checks.integer("seed", seed, 0, 2**32 - 1)
    models: dict[str, Any] = {
        f"learned, n = {n:g}": DenseAssociativeClassifier(degree=n, max_iter=epochs, random_state=seed)
        for n in numbers("degrees", degrees)
    }
    if stored:
        models["stored, n = 30"] = DenseAssociativeClassifier(degree=30, kind="stored")
    chosen = numbers("sizes", sizes or SIZES.get(norm, SIZES["linf"]))
    checks.integer("steps", steps, 1)
    checks.integer("queries", queries, 1)
    results = image_tasks.attack_images(
        datasets.load(data, label, side), models, chosen, norm, images, seed, steps=steps, queries=queries
    )
    curves = [(name, result.sizes, result.worst, result.error) for name, result in results.items()]
    label = f"attack size ({norm}, share of the values' range)"
    files = write_figure(out, "attack", draw.robustness_curves(curves, label))
    if as_json:
        parameters = {"data": data, "norm": norm, "images": images, "epochs": epochs, "seed": seed}
        content = {
            name: {"sizes": result.sizes, "worst": result.worst, "error": result.error, "by_attack": result.accuracy}
            for name, result in results.items()
        }
        print_json(parameters=parameters, models=content, files=[str(path) for path in files])
        return
    header = ("worst accuracy at", *(f"{size:g}" for size in sorted(chosen)))
    print_table(header, [(name, *(f"{share:.2f}" for share in result.worst)) for name, result in results.items()])
    typer.echo("\n" + "\n".join(attack_sentences(results, norm)))
    typer.echo("\nwritten: " + ", ".join(str(path) for path in files))


def locate(
    data: Data = "digits",
    memories: Annotated[
        int | None, typer.Option(help="How many images to store. (default: all, at most 50)", show_default=False)
    ] = None,
    p: Annotated[int, typer.Option("--p", help="Number p of bodies of the strict model that is compared.")] = 3,
    temperature: Annotated[float, typer.Option(help="Temperature T of the network.")] = 0.0,
    random: Annotated[int, typer.Option(help="Store random signs on this many sites instead of images.")] = 0,
    trials: Annotated[int, typer.Option(help="Trials of the overwrite attack.")] = 100,
    label: Label = None,
    side: Side = None,
    seed: SeedOption = 0,
    out: Out = FIGURES,
    as_json: Json = False,
) -> None:
    """Locate stored images on the phase diagram; predict and measure the attack that they withstand.

    An image comes back from flipped signs where it ends at an overlap of 0.95 or more; beside it stands the share that
    ends with every sign right.
    """
    from densehop.learn.data import datasets  # noqa: PLC0415 (slow)
    from densehop.learn.holding import holding  # noqa: PLC0415 (slow)
    from densehop.learn.location import locate as locate_memories  # noqa: PLC0415 (slow)
    from densehop.plot import images as draw  # noqa: PLC0415 (slow)

    checks.integer("seed", seed, 0)
    if memories is not None:
        checks.integer("memories", memories, 2)
    stream = np.random.default_rng(seed)
    if random:
        memories = MEMORIES if memories is None else memories
        signs = stream.choice([-1, 1], (memories, checks.integer("random", random, 2)))
    else:
        images = datasets.load(data, label, side)
        n_images = len(images.images)
        memories = min(MEMORIES, n_images) if memories is None else checks.integer("memories", memories, 2, n_images)
        chosen = images.images[stream.permutation(n_images)[:memories]]
        signs = np.where(chosen > images.middle, 1, -1)
    location = locate_memories(signs, p, temperature, trials, seed)
    curve = location.attack
    picture = draw.overwrite_curve(
        curve.fraction,
        curve.overlap,
        curve.intruder_overlap,
        curve.retrieved,
        location.predicted_retrieved,
        f"{location.n_memories} memories of {location.n_sites} sites, {location.interaction}"
        f"{'' if location.p is None else f', p = {location.p}'}: "
        f"{location.room.survival:.0%} come back (overlap {CLOSE}) from {location.room.damage:.0%} flipped signs",
    )
    files = write_figure(out, "locate", picture)
    summary = {
        name: value for name, value in vars(location).items() if name not in {"attack", "room", "predicted_retrieved"}
    }
    summary |= vars(location.room)
    summary |= {"correlated": location.correlated, "measured_eps": curve.fails_at}
    parameters = {"data": f"random, {random} sites" if random else data, "memories": memories, "seed": seed}
    holds = holding(signs, HOLDS) if location.fixed_points < HOLDS else None
    summary |= {"holding_p": holds and holds.p, "holding_sharpness": holds and holds.sharpness}
    said = locate_sentences(location, holds, to_store="fewer: --memories", the_p="--p")
    _report(parameters, summary, said, files, as_json=as_json)


def _report(
    parameters: dict[str, Any], summary: dict[str, Any], sentences: list[str], files: list[Path], *, as_json: bool
) -> None:
    """Print, for people, what came of it and what to do, or, for programs, all numbers; and the files."""
    if as_json:
        print_json(parameters=parameters, **summary, files=[str(path) for path in files])
    else:
        typer.echo("\n".join(sentences) + "\n\nwritten: " + ", ".join(str(path) for path in files))
