"""
Is my memory overloaded?
========================

A large network that stores too much does not lose a little of everything: it loses all of it at once. ``locate`` puts
your memories on the phase diagram, says how much room is left, and compares what theory predicts with what your
memories do. We do it for random memories, where theory is right, and for real digits, where it tells you why they are
difficult.
"""

# %%
# Random memories with room to spare
# ----------------------------------
# Fifty memories of 64 spins, three bodies. ``load`` counts memories, ``room`` says how many more fit.
import matplotlib.pyplot as plt
import numpy as np

import densehop as dh

n_sites, p = 64, 3


def random_memories(n_memories, seed):
    """Return independent random memories (M, N)."""
    return np.random.default_rng(seed).choice([-1, 1], (n_memories, n_sites)).astype(np.int8)


def report(name, here):
    """Print what matters of a location."""
    print(f"{name}: {here.n_memories} memories of {here.n_sites} sites, p = {here.p}")
    print(f"  load {here.load:.3f}: {here.phase.name}")
    print(f"  {here.room}")
    print(f"  effective load {here.effective_load:.3g}: {here.effective_phase.name}")
    print(f"  overlap of pairs: spread {here.overlap_spread:.3f}, independent ones {here.random_spread:.3f}")
    print(f"  fixed points: {here.fixed_points:.0%} of the memories")
    print(
        f"  overwrite attack: half come back up to eps = {here.attack.fails_at:.2f}, predicted {here.predicted_eps:.2f}"
    )


easy = dh.locate(random_memories(50, seed=0), p)
report("random", easy)
assert easy.phase is dh.Phase.GLOBAL_RETRIEVAL
assert easy.room.n_more > 0
assert easy.room.predicted_n_more > 0
assert easy.fixed_points == 1.0
assert not easy.correlated

# %%
# How to read it. All memories are *fixed points*: the network at T = 0 does not leave them. In the *overwrite attack*
# a part eps of one memory is replaced by another one; for little load the stronger half should win, eps* = 1/2. The
# measured crossing agrees:
assert abs(easy.attack.fails_at - easy.predicted_eps) < 0.06
attack = easy.attack
curves = (attack.fraction, attack.overlap, attack.intruder_overlap, attack.retrieved)
dh.plot.overwrite_curve(*curves, easy.predicted_retrieved)

# %%
# The memory's line (blue) and the intruder's (orange) cross where the share of memories that are retrieved falls.
# Dashed is what the overlaps of these memories with each other predict of it.
#
# Too many
# --------
# Now keep adding memories. The load grows with M, and the share of fixed points collapses.
counts = [50, 100, 200, 300, 400, 500, 600, 800, 1200]
places = [dh.locate(random_memories(count, seed=count), p, n_trials=20) for count in counts]
figure, axes = plt.subplots(figsize=(5, 3.2), layout="constrained")
axes.plot([here.load for here in places], [here.fixed_points for here in places], "o-", label="memories that are fixed")
axes.plot(
    [here.load for here in places], [here.attack.overlap[0] for here in places], "s-", label="overlap after $T = 0$"
)
largest_load = dh.retrieval_boundary(p, 0.0, "spinodal", "1rsb")
axes.axvline(largest_load, color="black", linestyle="--", label="retrieval ends ($N = \\infty$)")
axes.set(xlabel=r"load $\alpha = 6M/N^2$", ylabel="share, overlap", ylim=(0, 1.05))
figure.legend(loc="outside upper center", ncols=2, frameon=False)
report("overloaded", places[-1])
assert places[-1].room.n_more == 0
assert places[-1].room.predicted_n_more < 0
assert places[-1].phase is dh.Phase.SPIN_GLASS
assert places[-1].fixed_points < 0.05 < places[1].fixed_points

# %%
# Two things happen, in this order. First single sites go wrong (blue falls): a memory still comes back, but with a
# few errors, so its overlap (orange) stays near one. Then, from the dashed line on, memories dissolve: in 64 spins on
# a slope, in large networks at once. A ``room.predicted_n_more`` below zero says how many to
# remove.
#
# Real memories
# -------------
# Fifty digits have the same number of memories and sites as the first network, thus the same load. They should be
# just as easy?
digits = dh.learn.load_small_digits()
signs = np.where(digits.images[:50] > 8, 1, -1).astype(np.int8)
real = dh.locate(signs, p)
report("digits", real)
assert real.load == easy.load
assert real.fixed_points == 0.0
assert real.correlated

# %%
# No digit is even a fixed point. Real images share ink and background: pairs overlap by far more than independent
# ones, and their crosstalk is that of a network with a hundred times the load. ``effective_load`` is that number: the
# load at which random memories would disturb a site as much. Believe it, not ``load``, when ``correlated`` is true.
assert real.effective_load > 100 * real.load

# %%
# What to do
# ----------
# **More bodies.** The crosstalk of an overlap b is weighed with b^(p-1): every further body suppresses it.
bodies = (3, 4, 5, 6, 8, 10, 12, 14)
series = [dh.locate(signs, body, n_trials=40) for body in bodies]
figure, left = plt.subplots(figsize=(5, 3.2), layout="constrained")
left.semilogy(bodies, [here.effective_load for here in series], "o-", label="effective load")
left.semilogy(
    bodies, [dh.retrieval_boundary(body, 0.0, "spinodal", "1rsb") for body in bodies], "k--", label="largest load"
)
left.set(xlabel="bodies $p$", ylabel="load")
right = left.twinx()
right.plot(bodies, [here.fixed_points for here in series], "C1s-")
right.set_ylabel("share of fixed points", color="C1")
left.legend(frameon=False, loc="center right", bbox_to_anchor=(1, 0.66))
assert series[0].effective_load > 10 * series[-1].effective_load
assert series[-1].fixed_points > 0.9

# %%
# Where the blue line meets the dashed one, the digits become fixed points (orange). Ten bodies and more hold them.
ten = series[bodies.index(10)]
print(f"p = 10: effective load {ten.effective_load:.2f}, {ten.fixed_points:.0%} fixed")

# %%
# **Another energy.** The exponential one separates images even better (``locate`` takes a memory with any energy of
# signs, too):
exponential = dh.PBodyHopfield(signs, interaction="exponential")
moved = (exponential.relax(signs) != signs).any(axis=1)
print(f"exponential: {1 - moved.mean():.0%} of the digits are fixed points")
distance = n_sites * (1 - np.sort(exponential.overlaps(signs[moved]))[:, -2]) / 2
print(f"pixels between those that move and their nearest neighbour: {distance}")
assert moved.mean() < 0.05
assert distance.max() <= 2

# %%
# Only a digit moves that has a twin one pixel away: no energy holds two such minima apart for certain.
#
# **Fewer memories, or others.** Nearly equal images can be replaced by one of them. **Not heat**: a little changes
# the largest load of the three-body network hardly at all, more of it destroys retrieval.
for temperature in (0.0, 1.0, 1.5, 1.7):
    print(f"T = {temperature}: largest load {dh.retrieval_boundary(p, temperature, ansatz='1rsb'):.3f}")
assert dh.retrieval_boundary(p, 1.7) < largest_load / 2
