"""The commands of practice on images. Each draws a figure, and prints a table or, with --json, JSON for programs."""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from densehop.apps.cli.arguments import numbers
from densehop.apps.cli.image_options import FIGURES, Data, Json, Out, SeedOption, write_figure
from densehop.apps.cli.output import number, print_json, print_table
from densehop.base import checks
from densehop.errors import InvalidInput

Interaction = Annotated[str, typer.Option(help="strict, power, rectified, exponential or attention.")]
Degree = Annotated[int, typer.Option(help="Degree p of strict, power and rectified.")]


def restore(
    data: Data = "digits",
    memories: Annotated[int, typer.Option(help="How many images to store.")] = 200,
    hidden: Annotated[float, typer.Option(help="Fraction of pixels to hide.")] = 0.5,
    flipped: Annotated[float, typer.Option(help="Fraction of pixels to invert.")] = 0.0,
    interaction: Interaction = "exponential",
    degree: Degree = 3,
    graded: Annotated[bool, typer.Option("--graded", help="Keep grey values (exponential, attention).")] = False,
    seed: SeedOption = 0,
    out: Out = FIGURES,
    as_json: Json = False,
) -> None:
    """Store images, hide or invert some of their pixels, and restore them."""
    from densehop.learn import image_tasks  # noqa: PLC0415 (slow)
    from densehop.learn.data import datasets  # noqa: PLC0415 (slow)
    from densehop.learn.memory.estimator import DenseAssociativeMemory  # noqa: PLC0415 (slow)
    from densehop.learn.memory.interactions import WITH_DEGREE  # noqa: PLC0415 (slow)
    from densehop.plot import images as draw  # noqa: PLC0415 (slow imports, not needed for --help)

    checks.integer("seed", seed, 0)
    if graded and interaction in WITH_DEGREE:
        raise InvalidInput(f"--graded needs --interaction exponential or attention; '{interaction}' takes signs only")
    images = datasets.load(data)
    memory = DenseAssociativeMemory(interaction, degree=degree, encoding="graded" if graded else "auto")
    found = image_tasks.restore_images(images, memory, memories, hidden, flipped, binary=not graded, seed=seed)
    damage = _damage_label(hidden, flipped)
    rows = {"original": found.original, damage: found.corrupted, "restored": found.recall.patterns}
    shown = {name: part[:10] for name, part in rows.items()}
    files = write_figure(out, "restore", draw.restored_rows(shown, found.shape, images.largest))
    summary = {
        "error": float(found.error.mean()),
        "nearest_neighbour_error": float(found.nearest_error.mean()),
        "settled": float(found.recall.settled.mean()),
        "right_memory": float((found.recall.memory == np.arange(memories)).mean()),
        "steps": found.recall.n_steps,
    }
    parameters = {"data": data, "memories": memories, "hidden": hidden, "flipped": flipped, "graded": graded}
    _report({**parameters, "interaction": interaction, "degree": degree, "seed": seed}, summary, files, as_json=as_json)


def _damage_label(hidden: float, flipped: float) -> str:
    """Return a label that says how the images were damaged."""
    done = [f"{100 * share:g}% {what}" for share, what in ((hidden, "hidden"), (flipped, "inverted")) if share]
    return ",\n".join(done) or "as stored"


def classify(
    data: Data = "digits",
    memories: Annotated[int, typer.Option(help="Number K of learned memories.")] = 100,
    degree: Annotated[float, typer.Option(help="Degree n of the rectified polynomial.")] = 10,
    kind: Annotated[str, typer.Option(help="learned or stored; stored: every training image is a memory.")] = "learned",
    epochs: Annotated[int, typer.Option(help="Passes over the training images.")] = 60,
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
    found = image_tasks.classify_images(datasets.load(data), model, seed)
    title = f"{min(memories, 100)} {kind} memories, n = {degree:g}"
    files = write_figure(out, "classify", draw.memory_grid(found.model.memories_[:100], found.test.shape, title))
    summary = {
        "accuracy": found.accuracy,
        "standard_error": found.error,
        "nearest_neighbour_accuracy": found.nearest_accuracy,
        "memories_in_use": found.memories_in_use,
        "test_images": len(found.test.images),
    }
    parameters = {"data": data, "memories": memories, "degree": degree, "kind": kind, "epochs": epochs, "seed": seed}
    _report(parameters, summary, files, as_json=as_json)


def attack(
    data: Data = "digits",
    degrees: Annotated[str, typer.Option(help="Degrees n of learned classifiers, like 2,10,30.", metavar="N,N,...")] = (
        "2,10,30"
    ),
    sizes: Annotated[
        str, typer.Option(help="Attack sizes as fractions of the pixels' range.", metavar="S,S,...")
    ] = "0,0.05,0.1,0.2",
    norm: Annotated[str, typer.Option(help="linf or l2.")] = "linf",
    images: Annotated[int, typer.Option(help="Held-out images to attack.")] = 100,
    stored: Annotated[
        bool, typer.Option("--stored", help="Also attack a classifier that stores its examples.")
    ] = False,
    steps: Annotated[int, typer.Option(help="Steps of the gradient attack, which starts twice.")] = 40,
    queries: Annotated[int, typer.Option(help="Queries of the random search.")] = 500,
    epochs: Annotated[int, typer.Option(help="Passes over the training images.")] = 30,
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
    chosen = numbers("sizes", sizes)
    checks.integer("steps", steps, 1)
    checks.integer("queries", queries, 1)
    found = image_tasks.attack_images(
        datasets.load(data), models, chosen, norm, images, seed, steps=steps, queries=queries
    )
    curves = [(name, one.sizes, one.worst, one.error) for name, one in found.items()]
    label = f"attack size ({norm}, fraction of the pixels' range)"
    files = write_figure(out, "attack", draw.robustness_curves(curves, label))
    if as_json:
        parameters = {"data": data, "norm": norm, "images": images, "epochs": epochs, "seed": seed}
        content = {
            name: {"sizes": one.sizes, "worst": one.worst, "error": one.error, "by_attack": one.accuracy}
            for name, one in found.items()
        }
        print_json(parameters=parameters, models=content, files=[str(path) for path in files])
        return
    header = ("worst accuracy at", *(f"{size:g}" for size in sorted(chosen)))
    print_table(header, [(name, *(f"{share:.3f}" for share in one.worst)) for name, one in found.items()])
    typer.echo(f"\n{images} images: standard errors up to {max(one.error.max() for one in found.values()):.3f}")
    typer.echo("written: " + ", ".join(str(path) for path in files))


def locate(
    data: Data = "digits",
    memories: Annotated[int, typer.Option(help="How many images to store.")] = 50,
    p: Annotated[int, typer.Option("--p", help="Number p of bodies of the strict model that is compared.")] = 3,
    temperature: Annotated[float, typer.Option(help="Temperature T of the network.")] = 0.0,
    random: Annotated[int, typer.Option(help="Store random signs on this many sites instead of images.")] = 0,
    trials: Annotated[int, typer.Option(help="Trials of the overwrite attack.")] = 100,
    seed: SeedOption = 0,
    out: Out = FIGURES,
    as_json: Json = False,
) -> None:
    """Locate stored images on the phase diagram; predict and measure the attack that they withstand."""
    from densehop.learn.data import datasets  # noqa: PLC0415 (slow)
    from densehop.learn.location import locate as locate_memories  # noqa: PLC0415 (slow)
    from densehop.plot import images as draw  # noqa: PLC0415 (slow)

    checks.integer("seed", seed, 0)
    checks.integer("memories", memories, 2)
    stream = np.random.default_rng(seed)
    if random:
        signs = stream.choice([-1, 1], (memories, checks.integer("random", random, 2)))
    else:
        images = datasets.load(data)
        checks.integer("memories", memories, 2, len(images.images))
        some = images.images[stream.permutation(len(images.images))[:memories]]
        signs = np.where(some > images.largest / 2, 1, -1)
    found = locate_memories(signs, p, temperature, trials, seed)
    curve = found.attack
    picture = draw.overwrite_curve(
        curve.fraction, curve.overlap, curve.intruder_overlap, curve.retrieved, found.predicted_eps
    )
    files = write_figure(out, "locate", picture)
    summary = {name: value for name, value in vars(found).items() if name not in {"attack", "room"}}
    summary |= vars(found.room)
    summary |= {"correlated": found.correlated, "measured_eps": curve.fails_at}
    parameters = {"data": f"random, {random} sites" if random else data, "memories": memories, "seed": seed}
    _report(parameters, summary, files, as_json=as_json)


def _report(parameters: dict[str, Any], summary: dict[str, Any], files: list[Path], *, as_json: bool) -> None:
    """Print the parameters, the results and the files that were written."""
    if as_json:
        print_json(parameters=parameters, **summary, files=[str(path) for path in files])
        return
    typer.echo(", ".join(f"{name} {value}" for name, value in parameters.items()) + "\n")
    for name, value in summary.items():
        shown = number(value) if isinstance(value, float) else str(getattr(value, "value", value))
        typer.echo(f"{name.replace('_', ' '):27} {shown:>18}")
    typer.echo("\nwritten: " + ", ".join(str(path) for path in files))
