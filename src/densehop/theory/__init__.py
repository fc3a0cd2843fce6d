"""Exact statistical mechanics: order parameters, free entropies, phases."""
