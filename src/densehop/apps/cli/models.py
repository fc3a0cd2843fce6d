"""The commands that keep a model in a file: fit one, and ask it."""

import io
import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from densehop.apps.cli.image_options import FIGURES, Data, Label, SeedOption, Side
from densehop.apps.cli.sentences import classified_sentences, restored_sentences
from densehop.base import checks, formats
from densehop.errors import InvalidInput

KINDS = ("memory", "learned", "stored")
PORTABLE, PICKLED = ".nc", ".joblib"
TRUST = "a .joblib file can run any code when it is read: open only files whose origin you trust"


def fit(
    out: Annotated[Path, typer.Option(help="The model's file: .nc (a memory; any program reads it) or .joblib.")],
    data: Data = "digits",
    kind: Annotated[str, typer.Option(help="Kind: memory, or a classifier: learned or stored.")] = "memory",
    interaction: Annotated[
        str, typer.Option(help="Of a memory: strict, power, rectified, exponential or attention.")
    ] = "exponential",
    degree: Annotated[
        int | None,
        typer.Option(help="Degree of strict, power, rectified (default: 3), or of a classifier (default: chosen)."),
    ] = None,
    memories: Annotated[int, typer.Option(help="Memories of a learned classifier.")] = 100,
    label: Label = None,
    side: Side = None,
    seed: SeedOption = 0,
) -> None:
    """Store all rows in a memory, or train a classifier on them, and keep it in a file for `densehop predict`."""
    from densehop.campaign import store  # noqa: PLC0415 (slow)
    from densehop.learn.classifier.estimator import DenseAssociativeClassifier  # noqa: PLC0415 (slow)
    from densehop.learn.data import datasets  # noqa: PLC0415 (slow)
    from densehop.learn.memory.estimator import DenseAssociativeMemory  # noqa: PLC0415 (slow)

    checks.choice("kind", kind, KINDS)
    checks.integer("seed", seed, 0, 2**32 - 1)
    if out.suffix not in {PORTABLE, PICKLED}:
        raise InvalidInput(f"--out must end in {PORTABLE} or {PICKLED}; got '{out}'")
    if kind != "memory" and out.suffix == PORTABLE:
        raise InvalidInput(f"a classifier is kept in a {PICKLED} file; {PORTABLE} holds memories: --kind memory")
    images = datasets.load(data, label, side)
    store.writable_folder(out.parent, [out.name])
    if kind == "memory":
        model: Any = DenseAssociativeMemory(interaction, degree=degree or 3, random_state=seed).fit(images.images)
    else:
        images.require_classes()
        model = DenseAssociativeClassifier(memories, degree=degree, kind=kind, random_state=seed)
        model.fit(images.images, images.classes)
    content = _portable(model, images, seed) if out.suffix == PORTABLE else _pickled(model, images)
    store.save({out: content})
    description = "a memory" if kind == "memory" else f"a {kind} classifier with {len(model.classes_)} classes"
    typer.echo(f"{description} of {len(images.images)} rows of {images.images.shape[1]} values from '{data}'.")
    if out.suffix == PICKLED:
        typer.echo(f"Note: {TRUST}; another version of scikit-learn or densehop may not read it.")
    typer.echo(f"\nwritten: {out}\nnext: densehop predict {out} FILE")


def predict(
    model: Annotated[Path, typer.Argument(help="A model's file, from `densehop fit`.")],
    query: Annotated[Path, typer.Argument(help="Rows to restore or to classify: .npy, .csv, pictures, ...")],
    out: Annotated[Path, typer.Option(help="Folder for what is written.")] = FIGURES,
) -> None:
    """Restore the rows of a file by a memory, written in the file's format, or classify them."""
    from densehop.campaign import store  # noqa: PLC0415 (slow)
    from densehop.learn.data.own import read_own, written_like  # noqa: PLC0415 (slow)

    fitted, shape = _loaded(model)
    questions = read_own(query, shape=shape)
    if questions.rows.shape[1] != fitted.n_features_in_:
        raise InvalidInput(
            f"'{query}' has rows of {questions.rows.shape[1]} values, and '{model}' is for {fitted.n_features_in_}"
        )
    store.writable_folder(out)
    if hasattr(fitted, "recall"):
        recall = fitted.recall(questions.rows)
        contents = written_like(questions, recall.patterns, out, shape)
        sentences = restored_sentences(recall.known, recall.false_alarm_rate)
        files = list(contents) or [out / "restored"]
    else:
        shares = fitted.predict_proba(questions.complete().rows)
        names = fitted.classes_[shares.argmax(axis=1)]
        pairs = zip(names, shares.max(axis=1), strict=True)
        lines = [f"{row},{name},{share}" for row, (name, share) in enumerate(pairs, 1)]
        files = [out / "classes.csv"]
        contents = {files[0]: ("\n".join(["row,class,probability", *lines]) + "\n").encode()}
        sentences = classified_sentences(names, shares.max(axis=1))
    store.save(contents)
    typer.echo("\n".join(sentences) + "\n\nwritten: " + ", ".join(map(str, files)))


def _portable(model: Any, images: Any, seed: int) -> bytes:
    """Return a memory as NetCDF: its rows, and the parameters with which they are stored again, bit by bit."""
    import xarray as xr  # noqa: PLC0415 (slow)

    from densehop.campaign import store  # noqa: PLC0415 (slow)

    rows = xr.Dataset({"memories": (("memory", "site"), images.images)}, attrs={"shape": list(images.shape)})
    return store.encode(rows, seed, model.get_params())


def _pickled(model: Any, images: Any) -> bytes:
    """Return a model as joblib writes it."""
    import joblib  # noqa: PLC0415 (slow)

    stream = io.BytesIO()
    joblib.dump({"model": model, "shape": images.shape, **formats.origin()}, stream)
    return stream.getvalue()


def _loaded(path: Path) -> tuple[Any, tuple[int, int]]:
    """Return a fitted model and the shape of its images."""
    if not path.is_file():
        raise InvalidInput(f"there is no model '{path}': make one with densehop fit --out {path}")
    if path.suffix == PORTABLE:
        return _of_portable(path)
    if path.suffix != PICKLED:
        raise InvalidInput(f"a model's file ends in {PORTABLE} or {PICKLED}; got '{path}'")
    import joblib  # noqa: PLC0415 (slow)

    typer.echo(f"Note: {TRUST}.", err=True)
    try:
        content = joblib.load(path)
        formats.require_readable(content, path)
        model, (height, width) = content["model"], content["shape"]
        if not hasattr(model, "n_features_in_") or not (hasattr(model, "recall") or hasattr(model, "predict_proba")):
            raise TypeError("no fitted memory or classifier")
        return model, (height, width)
    except InvalidInput:
        raise
    except Exception as error:  # whatever is in a file that is none of ours
        raise InvalidInput(f"'{path}' holds no model that can be read ({type(error).__name__}: {error})") from error


def _of_portable(path: Path) -> tuple[Any, tuple[int, int]]:
    """Return the memory of a NetCDF file."""
    from densehop.campaign import store  # noqa: PLC0415 (slow)
    from densehop.learn.memory.estimator import DenseAssociativeMemory  # noqa: PLC0415 (slow)

    try:
        dataset = store.load(path)
        parameters, rows = json.loads(dataset.attrs["parameters"]), dataset["memories"].to_numpy()
        height, width = (int(length) for length in np.atleast_1d(dataset.attrs["shape"]))
        memory = DenseAssociativeMemory(**parameters)
    except InvalidInput:
        raise
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise InvalidInput(f"'{path}' holds no memory of densehop ({type(error).__name__}: {error})") from error
    return memory.fit(rows), (height, width)
