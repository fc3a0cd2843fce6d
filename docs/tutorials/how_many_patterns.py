"""
How many patterns can my memory hold?
=====================================

An exponential energy holds a number of patterns that grows exponentially with their length, but not any number: a state
with wrong spins says only so much about where it came from. Shannon's channel coding theorem is that limit, for
every memory there can be. We compare it with what the network does, for random codes and for real ones.
"""

# %%
# The limit
# ---------
# N = 64 spins, a tenth of which are wrong. The capacity of the channel says how many patterns can be told apart:
# log(M)/N for long patterns, and at this N the M of which the nearest pattern is the right one in half of all cases.
import math

import matplotlib.pyplot as plt
import numpy as np

import densehop as dh

n_sites = 64
for rate in (0.1, 0.25, 0.35):
    long, here = dh.theory.channel_capacity(rate), dh.theory.channel_capacity(rate, n_sites)
    number = math.exp(n_sites * here)
    print(f"{rate:.0%} wrong: M = exp({long:.3f} N) for large N; at N = {n_sites} {number:,.0f} patterns")

# %%
# The other way round: a memory of M patterns has the load log(M)/N, and ``basin_overlap`` says from which overlap on a
# state finds its pattern. If the sharpness is large enough, that is Shannon's limit.
n_codes = 1797
problem = dh.ExponentialModel(dh.load_of(n_codes, n_sites, None), sharpness=1.0, temperature=0.0)
edge = dh.theory.basin_overlap(problem, n_spins=n_sites)
print(f"load {problem.load:.4f}: states find their pattern from overlap {edge:.3f} on, {(1 - edge) / 2:.0%} wrong")
assert dh.theory.channel_capacity((1 - dh.theory.basin_overlap(problem)) / 2) - problem.load < 1e-12

# %%
# Random codes and real ones
# --------------------------
# 1,797 random codes, and as many handwritten digits, one sign for each pixel. We flip some spins of 200 of them and
# run the dynamics at T = 0.
rng = np.random.default_rng(0)
codes = {
    "random": rng.choice(np.array([-1, 1], dtype=np.int8), (n_codes, n_sites)),
    "digits": np.where(dh.learn.load_small_digits().images > 8, 1, -1).astype(np.int8),
}
flips = np.arange(2, 31, 2)


def share_restored(stored, n_wrong):
    """Return the share of 200 patterns that come back from n_wrong flips."""
    network = dh.PBodyHopfield(stored, interaction="exponential", sharpness=1.0)
    wanted = stored[:200]
    flipped = np.argsort(rng.random(wanted.shape), axis=1) < n_wrong
    return (network.relax(np.where(flipped, -wanted, wanted)) == wanted).all(axis=1).mean()


shares = {name: np.array([share_restored(stored, int(n)) for n in flips]) for name, stored in codes.items()}
figure, axes = plt.subplots(figsize=(5, 3.2), layout="constrained")
for name, share in shares.items():
    axes.plot(flips / n_sites, share, "o-", label=name)
axes.axvline((1 - edge) / 2, color="black", linestyle="--", label="theory, random codes")
axes.set(xlabel="share of wrong spins", ylabel="share restored", ylim=(0, 1.05))
figure.legend(loc="outside upper center", ncols=3, frameon=False)
half = {name: float(np.interp(-0.5, -share, flips / n_sites)) for name, share in shares.items()}
print({name: f"half come back from {rate:.0%} wrong" for name, rate in half.items()})
assert abs(half["random"] - (1 - edge) / 2) < 0.03

# %%
# Random codes come back up to where theory says. Digits are closer to each other, so they are lost earlier. Shannon's
# limit turns that into a number that you can compare: so many random codes would be as hard to tell apart.
as_hard = math.exp(n_sites * dh.theory.channel_capacity(half["digits"], n_sites))
print(f"{n_codes} digits are as hard to tell apart as {as_hard:,.0f} random codes")
assert as_hard > 10 * n_codes
assert half["digits"] < half["random"]

# %%
# What to do
# ----------
# **Sharpness** matters up to a point: below it the noise of all patterns together hides the right one, above it only
# the nearest patterns count and nothing more can be won.
for sharpness in (0.05, 0.1, 0.2, 0.3, 1.0):
    tried = dh.ExponentialModel(problem.load, sharpness, 0.0)
    try:
        print(f"L = {sharpness}: up to {(1 - dh.theory.basin_overlap(tried)) / 2:.0%} wrong spins")
    except dh.NoSolution as reason:
        print(f"L = {sharpness}: {reason}")

# %%
# **Longer patterns** help most, since the number that can be held grows exponentially with their length. **Fewer
# bodies** cannot do better: ``densehop reproduce capacity-limit`` measures p = 2, 3, 4 and others against the same
# limit.
