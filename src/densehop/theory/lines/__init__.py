"""Lines between phases, as curves that are known point by point."""
