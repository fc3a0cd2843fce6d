r"""
Add an energy or a dynamics
===========================

Your energy is not in the list? If it depends on the state only through its overlaps with the stored vectors, you can
write it as a table of integers and run it through the same compiled kernels: sampling, relaxation, replica exchange.
This tutorial adds one, checks it against the exact Boltzmann distribution, sees a wrong one fail that check, and then
shows what a *dynamics* is here.
"""

# %%
# An energy is a table
# --------------------
# Let :math:`k_a = \sum_i \xi_i \sigma^a_i` be the overlap with the stored vector :math:`a`. Every energy of this
# package that has integers is :math:`E = -s \sum_a U(k_a)` with a table :math:`U` of :math:`N + 1` integers; the
# kernels know nothing else, no :math:`p` and no formula. Here is one that the package does not have: two and four
# bodies mixed, to see whether a little of the old Hopfield energy helps the new one.
import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import chi2

import densehop as dh

n_spins = 8
memories = np.random.default_rng(7).choice([-1, 1], (5, n_spins)).astype(np.int8)

pairs = 2 * n_spins**2 * dh.energies.strict_table(2, n_spins).energy  # (2!/N) e_2 in units of 1/N^3
quartets = (
    24 * dh.energies.strict_table(4, n_spins).energy
)  # (4!/N^3) e_4 in the same unit: the mixture stays exact in integers
mixture = dh.energies.overlap_table(pairs + quartets, 1 / n_spins**3, p=4)
network = dh.PBodyHopfield.from_table(memories, mixture)
print(network)

# %%
# ``overlap_table`` makes the tables for local fields from :math:`U` alone: flipping a spin moves each :math:`k_a` by
# two. A real-valued energy is welcome, too: multiply by a large number, round, and put its inverse into the scale.
#
# First check: the energy itself
# ------------------------------
# Never check code with itself. The right answer for the energy is the sum of two networks that were there before, and
# the right answer for a field is the difference of two energies.
codes = np.arange(2**n_spins)
states = (1 - 2 * ((codes[:, np.newaxis] >> np.arange(n_spins)) & 1)).astype(np.int8)  # all 256
expected = sum(dh.PBodyHopfield(memories, p).energy(states) for p in (2, 4))
np.testing.assert_allclose(network.energy(states), expected, atol=1e-12)

flipped = states.copy()
flipped[:, 0] *= -1
cost = network.energy(flipped) - network.energy(states)
np.testing.assert_allclose(2 * states[:, 0] * network.local_fields(states)[:, 0], cost, atol=1e-12)
print(f"energies and costs of {len(states)} states agree")

# %%
# Second check: the distribution
# ------------------------------
# Eight spins have 256 states, so the Boltzmann law can be written down. A long run must visit each state as often as
# the law says; a chi-square test judges it. Neighbouring sweeps resemble each other, so keep only every other
# autocorrelation time.
temperature = 4.0


def p_value(net, energies, dynamics="heat-bath"):
    """Return the chance that so large a distance from the Boltzmann law of these energies is an accident."""
    run = net.sample(
        temperature, n_chains=4, n_sweeps=40_000, dynamics=dynamics, order="random", snapshot_every=1, seed=5
    )
    every = int(np.ceil(2 * dh.diagnostics.autocorrelation_time(run.energy)))
    kept = run.snapshots[:, 100::every].reshape(-1, n_spins)
    visits = np.bincount((kept < 0) @ (1 << np.arange(n_spins)), minlength=2**n_spins)
    law = np.exp(-energies / temperature)
    wanted = len(kept) * law / law.sum()
    common = wanted > max(10, wanted.min())  # rare states count together
    observed = np.append(visits[common], visits[~common].sum())
    wanted = np.append(wanted[common], wanted[~common].sum())
    return chi2.sf(((observed - wanted) ** 2 / wanted).sum(), len(wanted) - 1), visits, law / law.sum()


chance, visits, law = p_value(network, expected)
print(f"heat-bath: p-value {chance:.3f}")
assert chance > 1e-4
wrong = dh.energies.overlap_table(pairs + 2 * quartets, 1 / n_spins**3, p=4)  # a factor 2 in the wrong place
mistaken = p_value(dh.PBodyHopfield.from_table(memories, wrong), expected)[0]
print(f"with a wrong factor: p-value {mistaken:.1e}")
assert mistaken < 1e-9  # a check that cannot fail is none

# %%
# Each dot is one of the 256 states.
figure, axes = plt.subplots(figsize=(4.2, 3.4), layout="constrained")
axes.loglog(law, visits / visits.sum(), "o", markersize=3, label="states")
axes.loglog([law.min(), law.max()], [law.min(), law.max()], "k--", linewidth=0.8, label="equal")
axes.set(xlabel="Boltzmann probability", ylabel="share of visits")
axes.legend(frameon=False)

# %%
# The dots lie on the diagonal, over the whole range, and scatter more where visits are rare.
#
# Put it to work
# --------------
# The same at a useful size: 600 memories in 64 spins, a fifth of the bits of each one flipped. How much comes back?
large = np.random.default_rng(8).choice([-1, 1], (600, 64)).astype(np.int8)
damaged = dh.simulate.corrupted(large, 0.2, seed=1, exactly=True)
two, four = dh.energies.strict_table(2, 64).energy, dh.energies.strict_table(4, 64).energy
kept = []
for percent in (0, 1, 10, 100):
    table = dh.energies.overlap_table(percent * 2 * 64**2 * two + 100 * 24 * four, 1 / (100 * 64**3), p=4)
    net = dh.PBodyHopfield.from_table(large, table)
    kept.append((net.relax(damaged) * large).mean())
    print(f"{percent:3}% of the two-body energy: overlap {kept[-1]:.3f} with the memory")
assert kept[0] > kept[-1] + 0.1

# %%
# Pure four bodies win: two bodies see only noise at such a load, and add it.
#
# Where the kernels take it up
# ----------------------------
# To make an energy part of the package, follow the data:
#
# 1. ``energies/tables.py`` has one function for each table, ``strict_table`` and ``power_table``: add yours, with its
#    equation. Energies that are no sum over overlaps, or no integers, have a sibling in ``energies/weights.py``, with
#    ``kernels/weights.py`` behind it.
# 2. ``kernels/forms/``: each file looks whether a table is a certain polynomial of :math:`k`, and has fast code for it.
#    The fields of the mixture above are cubic, so it ran as fast as four bodies alone. A table that is no polynomial
#    is looked up. You need to do nothing.
# 3. ``energies/interactions.py``, ``table_of``: give it a name, so that ``interaction="yours"`` works everywhere.
# 4. Tests to pass: ``tests/unit/energies/test_energy.py`` (against loops over tuples of sites) and
#    ``tests/physics/simulate/test_boltzmann.py`` (the check above, for every dynamics, with deliberately wrong kernels
#    that must fail).
#
# A dynamics is a law of noise
# ----------------------------
# All single-spin dynamics here are one rule: *flip if the cost is less than the temperature times a random number*.
# Which dynamics it is depends only on the law of that number (``kernels/noise.py``): logistic noise is heat-bath,
# exponential noise is Metropolis (which rests now and then), and :math:`T = 0` is the same line of code. Both sample
# the same Boltzmann law,
chance = p_value(network, expected, "metropolis")[0]
print(f"Metropolis: p-value {chance:.3f}")
assert chance > 1e-4

# %%
# because the probability to flip at a cost :math:`\Delta E = T x` is the probability that the noise exceeds
# :math:`x`, and for both laws it obeys detailed balance, :math:`A(x)/A(-x) = e^{-x}`. Exactly that is what a third
# one needs. Check your law before you write a kernel:
uniform = (np.arange(100_000) + 0.5) / 100_000
laws = {
    "heat-bath": np.log(uniform) - np.log1p(-uniform),
    "metropolis": -np.log1p(-uniform),
    "uniform": uniform * 6 - 3,
}
x = np.linspace(0.1, 2.5, 25)
figure, axes = plt.subplots(figsize=(4.6, 3.2), layout="constrained")
for name, noise in laws.items():
    accepted = np.array([[(noise > sign * value).mean() for value in x] for sign in (1, -1)])
    balance = np.log(accepted[1] / accepted[0])
    axes.plot(x, balance, "--" if name == "metropolis" else "-", linewidth=2.5, label=name)
    assert (name == "uniform") == (abs(balance - x).max() > 0.01)
axes.plot(x, x, "k:", linewidth=1, label="detailed balance")
axes.set(xlabel=r"$x = \Delta E/T$", ylabel=r"$\log A(-x)/A(x)$")
axes.legend(frameon=False)

# %%
# Two laws lie on the dotted line and sample the right distribution; uniform noise leaves it and would sample
# something else.
#
# To add a law: a number and its quantiles in ``make_noise`` and its exact quantile in ``flips``
# (``kernels/noise.py``), its name in ``DYNAMICS`` (``simulate/settings.py``) and where the name becomes a law
# (``simulate/blocks.py``). Both representations, tempering, checkpoints and campaigns then have it, since a decision
# depends on nothing but cost, temperature and one uniform number. Tests to pass: ``tests/unit/kernels/test_noise.py``
# and, again, ``tests/physics/simulate/test_boltzmann.py`` with your name in its list of dynamics.
