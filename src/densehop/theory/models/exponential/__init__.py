"""Memories with exponential energies: the sum over examples, and the states of the direct problem and of a student."""
