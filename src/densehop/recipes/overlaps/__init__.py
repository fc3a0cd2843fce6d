"""Recipes that lay simulations of the overlap q* beside theory, one file for each figure; `study` is what they share."""
