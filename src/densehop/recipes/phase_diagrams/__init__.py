"""Recipes of phase diagrams, one file for each published figure; `plane` is what they share."""
