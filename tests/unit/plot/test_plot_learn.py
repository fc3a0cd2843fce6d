"""Pictures of practice: what is written beside images is inside the sheet."""

import io

import matplotlib.image as mpimg
import numpy as np
import pytest

from densehop.plot.images import restored_rows
from densehop.plot.style import encode


@pytest.mark.parametrize("name", ["50% hidden", "50% hidden,\n30% inverted"])
def test_no_name_of_a_row_is_cut_off(name):
    images = np.random.default_rng(0).integers(0, 2, (10, 64)).astype(float)
    sheet = encode(restored_rows({"original": images, name: images, "restored": images}, (8, 8), 1.0))[".png"]
    ink = mpimg.imread(io.BytesIO(sheet))[..., :3].mean(axis=2) < 0.9
    edges = ink[:, 0], ink[:, -1], ink[0], ink[-1]
    assert not any(edge.any() for edge in edges)
