"""Many chains at once on an accelerator, by JAX: the same spins as `kernels`; only this room knows JAX."""
