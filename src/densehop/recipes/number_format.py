"""How the tables of recipes show numbers: '-' stands where there is none."""

import math

import xarray as xr

Number = xr.DataArray | float


def format_number(value: Number, width: int, digits: int) -> str:
    """Return a number in `width` characters, '-' for nan."""
    return f"{'-':>{width}}" if math.isnan(value) else f"{float(value):>{width}.{digits}f}"


def format_estimate(mean: Number, error: Number) -> str:
    """Return a mean and its standard error in 17 characters, '-' for what is nan."""
    if math.isnan(mean):
        return format_number(mean, 17, 4)
    return f"{format_number(mean, 7, 4)} +- {format_number(error, 6, 4)}"
