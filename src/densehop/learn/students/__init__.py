"""Students that sample patterns of data."""
