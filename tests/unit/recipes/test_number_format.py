import math

import xarray as xr

from densehop.recipes.number_format import format_estimate, format_number


def test_numbers_fill_their_width_and_a_missing_one_is_a_dash():
    assert format_number(0.25, 7, 3) == "  0.250"
    assert format_number(xr.DataArray(math.nan), 4, 1) == "   -"
    assert format_number(1.5, 0, 1) == "1.5"


def test_an_estimate_and_its_error_take_17_characters():
    assert format_estimate(0.5, 0.0125) == " 0.5000 +- 0.0125"
    assert format_estimate(xr.DataArray(0.5), math.nan) == " 0.5000 +-      -"
    assert format_estimate(math.nan, 0.1) == "-".rjust(17)
