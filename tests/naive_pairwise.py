"""Two bodies: the free energy in the order parameters of Amit, Gutfreund & Sompolinsky.

Reduced fields, q0, q1 and their conjugates r0, r1. It shares no code with the solver and takes complex arguments: a
derivative by complex step has all its digits.
"""

import numpy as np

STEP = 1e-30
Z = np.arange(-9.5, 9.5001, 1 / 160)
Z_WEIGHTS = np.exp(-(Z**2) / 2) / np.exp(-(Z**2) / 2).sum()


def noise_part(beta, gamma, c, x, m, qs, q0, q1, r0, r1, t):
    """All of Phi but the spins' own term (theory of the Wishart ensemble), analytic in every argument."""
    d1 = 1 - 2 * beta * (1 - q1)
    d0 = 1 - 2 * beta * (1 - q1 + x * (q1 - q0))
    return (
        -beta * m**2
        - gamma / 2 * ((1 - 1 / x) * np.log(d1) + np.log(d0) / x - 2 * beta * (q0 + c * qs**2) / d0)
        - r1 / 2
        + ((1 - x) * r1 * q1 + x * r0 * q0) / 2
        - t * qs
        - gamma * beta
    )


def log_2cosh(h):
    sign = np.where(np.real(h) < 0, -1.0, 1.0)
    return sign * h + np.log(1 + np.exp(-2 * sign * h))


def symmetric(beta, gamma, c, m, qs, q, r, t):
    """Phi in replica symmetry, spins included."""
    spins = log_2cosh(2 * beta * m + t + np.sqrt(r) * Z) @ Z_WEIGHTS
    return noise_part(beta, gamma, c, 0.5, m, qs, q, q, r, r, t) + spins


def slope(function, arguments, index):
    """Derivative by the argument of this index, by complex step."""
    shifted = [complex(value) for value in arguments]
    shifted[index] += 1j * STEP
    return float(np.imag(function(*shifted)) / STEP)
