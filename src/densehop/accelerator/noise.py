"""The noise of `kernels/noise.py` on a device: the same random words, and thresholds with a bound on their error.

A spin flips where cost < T x noise. The words are integers, so they are the same everywhere; logarithms may differ in
their last bits. So a device reports a decision as doubtful where the two sides are nearer than `DOUBT` says, and the
chain's sweeps are then run again by the kernels: that is one attempt in 10^14.
"""

from typing import Any

import jax.numpy as jnp

Array = Any

LOGISTIC, EXPONENTIAL = 0, 1  # as in `kernels/noise.py`, which this room does not import
REST = 1 / 8
DOUBT = 2.0**-48  # of the sum of the logarithms' sizes: 32 units in the last place
ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
PARITY = 0x1BD11BDA


def threefry(keys: Array, first: Array, second: Array) -> tuple[Array, Array]:
    """Return the two words of Threefry-2x32 with 20 rounds (Salmon et al. 2011), all uint32.

    keys (..., 2); the counters `first` and `second` are broadcast with keys[..., 0].
    """
    schedule = (keys[..., 0], keys[..., 1], keys[..., 0] ^ keys[..., 1] ^ jnp.uint32(PARITY))
    one, two = first + schedule[0], second + schedule[1]
    for group in range(5):
        for rotation in ROTATIONS[group % 2]:
            one = one + two
            two = one ^ ((two << rotation) | (two >> (32 - rotation)))
        one = one + schedule[(group + 1) % 3]
        two = two + schedule[(group + 2) % 3] + jnp.uint32(group + 1)
    return one, two


def uniforms(keys: Array, sweep: Array, n_attempts: int) -> Array:
    """Return the uniform numbers of the attempts of a sweep, (n_attempts, C), from keys (C, 2)."""
    attempts = jnp.arange(n_attempts, dtype=jnp.uint32)[:, jnp.newaxis]
    high, low = threefry(keys, attempts, sweep.astype(jnp.uint32))
    return high.astype(jnp.float64) * 2.0**-32 + (low >> 11).astype(jnp.float64) * 2.0**-53


def thresholds(uniform: Array, unit: Array, law: int) -> tuple[Array, Array]:
    """Return unit x noise, and how far from it a cost must be for its side to be sure; at unit = 0 both are 0."""
    from_above = jnp.log(1 - uniform)  # exact differences, as numbers have 53 bits; log1p is poor in some libraries
    if law == LOGISTIC:
        from_below = jnp.log(uniform)
        value, size = from_below - from_above, -from_below - from_above
    else:
        from_below = jnp.log(jnp.float64(1 - REST))
        value = jnp.where(uniform < REST, -jnp.inf, from_below - from_above)
        size = -from_below - from_above
    cold = unit == 0
    return jnp.where(cold, 0.0, unit * value), jnp.where(cold, 0.0, DOUBT * unit * size)
