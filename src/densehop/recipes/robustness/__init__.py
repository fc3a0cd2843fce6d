"""Recipes on robustness: a pattern that is attacked or corrupted, one file for each published figure."""
