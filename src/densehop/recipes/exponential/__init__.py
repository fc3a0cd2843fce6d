"""The figure of exponential energies: phases, basins, features against prototypes, attacks."""
