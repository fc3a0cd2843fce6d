"""Proofs that a decision stands whatever an input's perturbation up to a size, from arrays alone."""
