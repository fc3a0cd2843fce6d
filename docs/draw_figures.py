"""Draw the gallery's figures again from the data beside them: `python docs/draw_figures.py [NAME ...]`.

Nothing is computed; the numbers stay those of docs/figures/NAME.nc. Pictures have 256 colours, to be small. The picture
of the site's first page, docs/overlap.png, is one panel of nishimori-overlap.
"""

import io
import sys
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

from densehop.campaign import store
from densehop.plot.overlap_curves import by_temperature
from densehop.plot.style import encode
from densehop.recipes import RECIPES

FOLDER = Path(__file__).parent / "figures"
FIRST_PAGE = FOLDER.parent / "overlap.png"
LOAD, WIDTH = 9.0, 5.4  # of the panel on the first page; inches
COLOURS = 256


def first_page() -> Figure:
    """Return the panel on the site's first page."""
    return by_temperature(store.load(FOLDER / "nishimori-overlap.nc").sel(alpha=[LOAD]), width=WIDTH)


def encoded(figure: Figure) -> bytes:
    """Return a figure as a PNG file."""
    picture = Image.open(io.BytesIO(encode(figure)[".png"])).convert("RGB")
    small = io.BytesIO()
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(small, "png", optimize=True)
    return small.getvalue()


if __name__ == "__main__":
    for chosen in sys.argv[1:] or sorted(RECIPES):
        drawn = RECIPES[chosen].draw(store.load(FOLDER / f"{chosen}.nc"))
        (FOLDER / f"{chosen}.png").write_bytes(encoded(drawn))
    FIRST_PAGE.write_bytes(encoded(first_page()))
