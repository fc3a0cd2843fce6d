"""Attacks on memories and classifiers, and what they see of a model."""
