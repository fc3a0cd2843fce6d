"""Runs that outlast one call: results on disk."""
