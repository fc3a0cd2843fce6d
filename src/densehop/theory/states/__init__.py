"""States at one point: averages over a spin, order parameters in replica symmetry and with one step of its breaking."""
