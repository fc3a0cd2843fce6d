"""Compiled loops: arrays in, arrays changed. A kernel knows an energy table, not p."""
