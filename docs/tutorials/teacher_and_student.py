r"""
A teacher and its student, end to end
=====================================

A teacher hides a pattern of :math:`N` spins and shows noisy examples of it. Can a student that sees only the examples
find the pattern? You will draw examples, store them in a network, sample it, ask whether the chains have
equilibrated, put error bars on the overlap with the hidden pattern, and lay the theory beside it: once below the
transition, once above.
"""

# %%
# Below the transition
# --------------------
# Three bodies, 160 spins, load 14.4. The student uses the teacher's temperature, :math:`T = T^* = 3`. Theory first,
# because it costs nothing: where :math:`\Gamma = \alpha/T^2` is large enough, the pattern's state wins.
import matplotlib.pyplot as plt
import numpy as np

import densehop as dh

p, n_spins, load = 3, 160, 14.4
n_examples = dh.n_examples_for(load, n_spins, p)
transition = np.sqrt(load / dh.nishimori_lines(p).gamma_global)
below, above = 3.0, 4.6
print(f"{n_examples} examples; the pattern is found below T = {transition:.3f}")
assert below < transition < above

problem = dh.TeacherStudent.nishimori(p, load, below)
theory = dh.solve(problem)
print(f"T = {below}: {dh.phase(problem)}, q* = {theory.q_star:.4f}")

# %%
# Examples come from the teacher's exact law, independently and without any Markov chain. Each one tells almost
# nothing: its overlap with the pattern is as small as chance makes it. Only together do they point at it.
pattern, examples = dh.draw_examples(n_spins, n_examples, p, below, seed=1)
single = examples @ pattern.astype(float) / n_spins
print(f"overlap of one example with the pattern: {single.mean():+.4f} +- {single.std():.4f}")
assert abs(single.std() * np.sqrt(n_spins) - 1) < 0.1  # the spread of coin throws

# %%
# The student is a network of these examples. ``sample`` runs heat-bath chains of its Boltzmann law; a sweep is one
# attempt for each spin. We start four chains at the pattern, four at random states, and record the overlap with the
# pattern.
student = dh.PBodyHopfield(examples, p)
planted = student.sample(below, n_chains=4, n_sweeps=300, start=pattern, references=pattern, seed=2)
random = student.sample(below, n_chains=4, n_sweeps=300, references=pattern, seed=3)
print("from the pattern:", dh.diagnostics.equilibration(planted.overlap[:, 75:, 0]).reason)
print("both starts:     ", dh.diagnostics.start_independence(planted, random).reason)

# %%
# Read the two verdicts together. Each chain from the pattern is stationary by itself. But the random ones never get
# there, although the pattern's state has the lower free energy. That is not a bug: it is the *hard phase*, a
# first-order transition that no local dynamics crosses in reasonable time. On the Nishimori line we know which start
# is right, because there the pattern is itself one sample of the student's law.
assert dh.diagnostics.equilibration(planted.overlap[:, 75:, 0]).equilibrated
assert not dh.diagnostics.start_independence(planted, random).equilibrated
assert planted.overlap[:, 75:].mean() > 0.9
assert abs(random.overlap[:, 75:].mean()) < 0.3

# %%
# Error bars come from disorders
# ------------------------------
# The next teacher draws other examples and the overlap moves a little. That scatter, not the length of a chain, is
# the error of a physical result: repeat with independent examples and let ``disorder_estimate`` do the sums.


def one_disorder(temperature, seed):
    """Return the overlap traces (chain, sweep) and the mean energy per spin of a student of its own examples."""
    hidden, shown = dh.draw_examples(n_spins, n_examples, p, temperature, seed=seed)
    run = dh.PBodyHopfield(shown, p).sample(
        temperature, n_chains=2, n_sweeps=300, start=hidden, references=hidden, seed=seed + 1
    )
    return run.overlap[:, :, 0], run.energy[:, 75:].mean() / n_spins


cold = [one_disorder(below, seed) for seed in range(10, 22, 2)]
q_star = dh.diagnostics.disorder_estimate([trace[:, 75:].mean() for trace, _ in cold])
finite = dh.theory.finite_size_overlap(n_spins, n_examples, p, below)[1]
print(f"simulation {q_star.mean:.4f} +- {q_star.error:.4f} ({q_star.n_disorders} disorders)")
print(f"theory {theory.q_star:.4f} at infinite N, {finite:.4f} with the exact signal and noise at N = {n_spins}")
assert abs(q_star.mean - finite) < 4 * q_star.error
assert theory.q_star < finite  # in small systems a few lucky examples help

# %%
# One number is exact at every :math:`N`, with no approximation at all: on the Nishimori line the mean energy per spin
# is minus the signal strength :math:`\lambda_N`. If your own code disagrees with it, your code is wrong.
energy = dh.diagnostics.disorder_estimate([value for _, value in cold])
signal = dh.signal_strength(n_spins, n_examples, p, below)
print(f"energy {energy.mean:.4f} +- {energy.error:.4f}, exactly {-signal:.4f}")
assert abs(energy.mean + signal) < 4 * energy.error

# %%
# Above the transition
# --------------------
# The same load at a hotter teacher, and a student that knows it. Theory says paramagnet: there is no state with a
# finite overlap at all. Chains that start at the pattern must forget it.
hot_problem = dh.TeacherStudent.nishimori(p, load, above)
print(
    f"T = {above}: {dh.phase(hot_problem)}; the pattern's state ends at Gamma = {dh.nishimori_lines(p).gamma_local:.4f}"
)
assert dh.phase(hot_problem) is dh.Phase.PARAMAGNETIC
try:
    dh.solve(hot_problem, "inference")
except dh.NoSolution as missing:
    print("solve says:", missing)

hot = [one_disorder(above, seed) for seed in range(30, 42, 2)]
forgotten = dh.diagnostics.disorder_estimate([trace[:, 150:].mean() for trace, _ in hot])
print(f"overlap after 150 sweeps: {forgotten.mean:+.4f} +- {forgotten.error:.4f}")
assert abs(forgotten.mean) < 0.15 < q_star.mean

# %%
# Seen as traces: six disorders at each temperature.
figure, axes = plt.subplots(figsize=(6, 3.4), layout="constrained")
for runs, colour, temperature in ((cold, "C0", below), (hot, "C1", above)):
    for trace, _ in runs:
        axes.plot(trace.mean(axis=0), color=colour, linewidth=0.8, alpha=0.8)
    axes.plot([], color=colour, label=f"simulation, $T = {temperature}$")
axes.axhline(finite, color="black", linestyle="--", label=f"theory at $N = {n_spins}$, $T = {below}$")
axes.set(xlabel="sweep", ylabel="overlap with the hidden pattern $q^*$", ylim=(-0.3, 1.05))
axes.legend(loc="center right", frameon=False)

# %%
# Below the transition all disorders stay at the dashed line; above it they forget, each in its own time.
#
# Where does it break?
# --------------------
# The theory between the two temperatures, with the two simulated points on it. The full line is the state that wins;
# dashed, it is metastable; where it ends, nothing is left.
temperatures = np.linspace(2.0, 4.8, 113)
lines = dh.nishimori_lines(p)
spinodal = np.sqrt(load / lines.gamma_local)
exists = np.append(temperatures[temperatures < spinodal], spinodal * (1 - 1e-9))
overlaps = np.array([dh.solve(dh.TeacherStudent.nishimori(p, load, t)).q_star for t in exists])
curve, axes = plt.subplots(figsize=(5, 3.2), layout="constrained")
axes.plot(exists[exists < transition], overlaps[exists < transition], color="C0", label="theory: wins")
axes.plot(exists[exists >= transition], overlaps[exists >= transition], "C0--", label="theory: metastable")
axes.plot([transition, temperatures[-1]], [0, 0], color="C1", label="theory: paramagnet")
axes.errorbar([below], [q_star.mean], [q_star.error], fmt="ko", capsize=3, label=f"simulation, $N = {n_spins}$")
axes.errorbar([above], [forgotten.mean], [forgotten.error], fmt="ko", capsize=3)
axes.set(xlabel="temperature $T = T^*$", ylabel="overlap $q^*$")
axes.legend(frameon=False)
assert abs(overlaps[exists < transition][-1] - lines.q_global) < 0.02  # it does not fade away
print(f"at the transition the overlap jumps from {lines.q_global:.4f} to 0")

# %%
# It does not fade, it jumps: a first-order transition. Too few examples do not give a worse answer, they give none.
# How many are enough for an overlap you want, ``examples_needed`` says:
needed = dh.examples_needed(n_spins, p, below, overlap=0.9)
print(needed.explanation)
