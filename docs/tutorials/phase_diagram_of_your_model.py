r"""
The phase diagram of your model
===============================

You have a network of :math:`N` spins, :math:`M` vectors in its energy, and a temperature. Will it do what you want?
Statistical mechanics answers with a phase, and the phase depends on three numbers only: the number of bodies
:math:`p`, the load :math:`\alpha = M\,p!/N^{p-1}` and the temperature :math:`T`. Put in your own numbers and follow
along: one point, then the lines around it, then the whole plane, for stored memories and for a student of a teacher.
"""

# %%
# From your numbers to a problem
# ------------------------------
# Here 700 random memories are stored in 100 spins with three-body interactions. The theory is for :math:`N \to
# \infty`, so a problem holds no :math:`N`: only the load survives.
import warnings

import matplotlib.pyplot as plt
import numpy as np

import densehop as dh

p, n_spins, n_memories, temperature = 3, 100, 700, 0.5

load = dh.load_of(n_memories, n_spins, p)
problem = dh.DirectModel(p, load, temperature)
print(f"load {load:.2f}: {dh.phase(problem)}")
assert dh.phase(problem) is dh.Phase.GLOBAL_RETRIEVAL  # the memories win: the network does its job

# %%
# Who competes at this point?
# ---------------------------
# ``candidates`` lists every state that exists here, the winner first. ``m`` is the overlap with the retrieved memory,
# ``q`` the overlap of two copies of the network with each other. The lowest free energy wins; ``advice`` says when a
# state should not be believed. Entropies count spin states, so a negative one cannot be right.
ranked = dh.candidates(problem)
for state in ranked:
    print(f"{state.branch:12} m = {state.m:.4f}  q = {state.q:.4f}  free energy = {state.free_energy:.4f}", end="  ")
    print(f"entropy = {state.entropy:+.4f}  {state.advice}")

memory = dh.solve(problem, "retrieval")
assert ranked[0] == memory
assert memory.m > 0.98  # one bit in a hundred is wrong: the overlap is 1 minus twice the share of wrong bits
assert memory.replicon > 0  # replica symmetry is stable here, so this number is to be believed
assert memory.entropy > 0

# %%
# How far is it to the edge?
# --------------------------
# There are two edges. Up to the *global* line the memories have the lowest free energy. Up to the *spinodal* they are
# still metastable: a network that starts near a memory stays there. Multiply back to find what that means for you.
for kind in ("global", "spinodal"):
    edge = dh.retrieval_boundary(p, temperature, kind)
    print(f"{kind:9} load {edge:.4f}, {dh.n_examples_for(edge, n_spins, p)} memories in {n_spins} spins")
assert load < dh.retrieval_boundary(p, temperature, "global") < dh.retrieval_boundary(p, temperature)

# %%
# A whole line comes from ``boundary``, with an error for each of its points: how far the load may be off. These are
# solutions of explicit equations, so the errors are those of rounding.
spinodal = dh.boundary("retrieval_spinodal", p, np.linspace(0, 1.5, 31))
print(f"{len(spinodal.coordinate)} points, the largest error of the load is {spinodal.error.max():.1e}")
assert spinodal.error.max() < 1e-9

# %%
# One caution at low temperature. There the retrieval state itself breaks up into many (the Almeida-Thouless
# instability), and replica symmetry ends it too early. One step of replica symmetry breaking, ``ansatz="1rsb"``,
# mends that. At :math:`T = 0` the difference is large:
symmetric, broken = (dh.retrieval_boundary(p, 0.0, ansatz=ansatz) for ansatz in ("rs", "1rsb"))
print(f"largest load at T = 0: {symmetric:.4f} in replica symmetry, {broken:.4f} with one step of breaking")
assert 1.2 < broken / symmetric < 1.25

# %%
# The plane
# ---------
# ``phase_diagram`` solves every point of a grid and traces the lines. It warns where replica symmetry is not exact:
# the spin glass has one step of breaking here, retrieval below its dotted line would need it, too.
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    plane = dh.phase_diagram(p, "direct", np.linspace(0, 1.2, 41), np.linspace(0, 1.8, 41))
print(caught[0].message)
stored = dh.plot.phase_diagram(plane)
stored.axes[0].plot(load, temperature, "k*", markersize=9)
stored

# %%
# The star is your network, inside gR with room to the right. Between the full and the dashed line (lR) memories are
# only metastable; beyond, you find a spin glass (SG) when it is cold and noise (P) when it is hot.
#
# With a teacher
# --------------
# Now the vectors are not memories but noisy *examples* of one hidden pattern, drawn by a teacher at temperature
# :math:`T^*`. The student samples the same energy and hopes to find the pattern: its overlap with it is ``q_star``.
# If the student knows the teacher's temperature (the Nishimori line), it is Bayes-optimal, replica symmetry is exact,
# and everything depends on :math:`\Gamma = \alpha/T^2` alone.
lines = dh.nishimori_lines(p)
print(f"the pattern's state exists from Gamma = {lines.gamma_local:.5f} and wins from {lines.gamma_global:.5f}")
for load in (3.5, 4.5, 6.0):
    optimal = dh.TeacherStudent.nishimori(p, load, temperature=2.0)
    print(f"load {load}: Gamma = {optimal.gamma:.3f}, {dh.phase(optimal)}")
assert dh.phase(optimal) is dh.Phase.GLOBAL_RETRIEVAL
assert dh.solve(optimal).q_star == dh.solve(optimal).q  # student and teacher are exchangeable: Nishimori's identity

# %%
# Your student may run at another temperature than its teacher. Ask for the plane at a fixed :math:`T^*`. The
# student's own :math:`T` is on the vertical axis; where it crosses the dash-dotted line, it is Bayes-optimal.
with warnings.catch_warnings():
    warnings.simplefilter("ignore", RuntimeWarning)  # as above: the spin glass
    taught = dh.phase_diagram(p, "fixed_teacher", np.linspace(0, 8, 33), np.linspace(0, 4, 33), teacher_temperature=2.0)
dh.plot.phase_diagram(taught)

# %%
# The inference states (gR and lR) fill the right; read the smallest load for your temperature off the dashed line.
#
# What does a larger p buy?
# -------------------------
# Each interaction of more bodies needs more examples (:math:`M` grows as :math:`N^{p-1}`), but measured in loads the
# edge settles quickly: the limit :math:`p \to \infty` is the random-energy model, :math:`\Gamma = 2 \log 2`.
bodies = np.arange(3, 11)
edges = [dh.nishimori_lines(int(body)).gamma_global for body in bodies]
comparison, axes = plt.subplots(figsize=(4.5, 3), layout="constrained")
axes.plot(bodies, edges, "o-", label="the pattern wins")
axes.axhline(2 * np.log(2), color="black", linestyle="--", label=r"$p \to \infty$")
axes.set(xlabel="bodies $p$", ylabel=r"$\Gamma = \alpha/T^2$")
axes.legend()
print(f"p = 10 is {1 - edges[-1] / (2 * np.log(2)):.1e} below the limit")
assert 0 < 1 - edges[-1] / (2 * np.log(2)) < 1e-3

# %%
# The curve soon is nearly flat: more bodies change how many examples a load means, not the load you need.
