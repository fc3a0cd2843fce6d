"""Recipes of figures that show the overlap q* of theory and simulation; `study` is what they share."""
