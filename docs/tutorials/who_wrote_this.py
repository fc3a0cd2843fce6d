r"""
Who wrote this? Finding the hidden pattern
==========================================

You are given tens of thousands of rows of :math:`\pm 1` that look like noise. Somebody may have hidden a pattern behind
them. Is it there? Can anyone find it? You will see a search from random states fail, find the pattern with message
passing from an eigenvector, learn from the data itself which network drew them and at which temperature, and be told
when nothing can be found.
"""

# %%
# Rows that look like noise
# -------------------------
# A teacher with three-body interactions drew these examples. No single row says anything: the overlap of a row with
# the pattern is that of coin throws, and so is the correlation of any two columns.
import matplotlib.pyplot as plt
import numpy as np

import densehop as dh

n_spins, p, temperature = 64, 3, 4.0
n_examples = 52_000
pattern, examples = dh.draw_examples(n_spins, n_examples, p, temperature, seed=1)
overlaps = examples @ pattern.astype(float) / n_spins
correlations = examples.T.astype(float) @ examples / n_examples
print(f"overlap of a row with the pattern: {overlaps.mean():+.4f} +- {overlaps.std():.4f}, chance {n_spins**-0.5:.4f}")
print(f"largest correlation of two columns: {np.abs(correlations - np.eye(n_spins)).max():.4f}")
assert abs(overlaps.mean()) < 0.01

# %%
# What theory expects
# -------------------
# Before any search, ask whether it can succeed. There are two thresholds: from the first on, the pattern's state wins
# over ignorance; from the second on, an eigenvector points at it, so that it can be found in seconds. In between lies
# the hard phase, where at large N no fast method is known; at a few hundred spins annealing still finds the way.
for count in (5_000, 20_000, n_examples):
    answer = dh.theory.inference_regime(n_spins, count, p, temperature)
    print(f"{count:6} examples: {answer.regime}")
print(answer.explanation)
assert answer.regime == "easy"

# %%
# The search
# ----------
# ``recover_pattern`` looks at the top eigenvectors, starts message passing there (and, if that leads nowhere, where
# cooled chains end), and judges what it finds: could random rows have such a state?
found = dh.recover_pattern(examples, p, temperature)
print("verdict:", found.verdict)
print(found.reason)
print(f"signs that are right: {(found.pattern == pattern).mean():.3f}")
assert found.verdict == "found"
assert (found.pattern == pattern).mean() > 0.95

# %%
# How sure is it?
# ---------------
# At three bodies the overlap jumps from nothing to nearly one, so that hardly a sign is in doubt. At two bodies it
# grows gradually, and each sign has its own certainty. If message passing says that a sign is right with probability
# :math:`(1 + |m_i|)/2`, then among signs of this kind as many should be right. Ten data sets, 3,000 signs; only the
# common sign of the whole pattern, which two bodies leave open, is taken from the hidden pattern.
said, right = [], []
for seed in range(10):
    hidden, shown = dh.draw_examples(300, 750, 2, temperature, seed=seed)
    state = dh.message_passing(shown, 2, temperature, start=hidden)
    said.append((1 + np.abs(state.magnetisations)) / 2)
    right.append(state.pattern == hidden)
said, right = np.concatenate(said), np.concatenate(right)
bins = np.clip(((said - 0.5) * 10).astype(int), 0, 4)
claimed = np.array([said[bins == index].mean() for index in range(5)])
observed = np.array([right[bins == index].mean() for index in range(5)])
errors = np.array([np.sqrt(observed[index] * (1 - observed[index]) / (bins == index).sum()) for index in range(5)])
figure, axes = plt.subplots(figsize=(4.4, 3.6), layout="constrained")
axes.plot([0.5, 1], [0.5, 1], color="grey", linewidth=0.8)
axes.errorbar(claimed, observed, errors, fmt="o", capsize=3)
axes.set(xlabel="probability that a sign is right, as claimed", ylabel="fraction that is right")
print(f"claimed {said.mean():.3f}, right {right.mean():.3f}")
assert (np.abs(claimed - observed) < 0.08).all()

# %%
# Which network drew them?
# ------------------------
# The free entropy of message passing is the evidence of a model, up to a known constant. So the data tell the number of
# bodies and the temperature, with an error bar.
temperatures = np.linspace(3.0, 5.5, 6)
score = dh.inference.evidence(examples, (2, 3), temperatures)
print(f"p = {score.best_p}, T = {score.best_temperature:.2f} +- {score.temperature_error:.2f}")
assert score.best_p == 3
assert abs(score.best_temperature - temperature) < 3 * score.temperature_error
curve, axes = plt.subplots(figsize=(4.8, 3.2), layout="constrained")
for bodies, odds in zip(score.p, score.log_odds, strict=True):
    axes.plot(temperatures, odds, "o-", label=f"$p = {bodies}$")
axes.axvline(temperature, color="grey", linestyle=":", label="the teacher's")
axes.set(xlabel="temperature $T$", ylabel="log odds against noise (nats)")
axes.legend(frameon=False)

# %%
# When nothing can be found
# -------------------------
# With a tenth of the examples theory says that no method can succeed, and the verdict says so too. In pure noise the
# verdict is honest as well: nothing was found, although something of this kind would have been.
few = dh.recover_pattern(examples[:5_000], p, temperature)
print("few examples:", few.verdict)
print(few.reason)
noise = np.random.default_rng(0).integers(0, 2, examples.shape) * 2 - 1
nothing = dh.recover_pattern(noise, p, temperature)
print("noise:", nothing.verdict)
assert few.verdict == "impossible"
assert nothing.verdict == "undecided"

# %%
# The same search runs on a file: ``densehop infer examples.npy --p 3 --temperature 4``.
