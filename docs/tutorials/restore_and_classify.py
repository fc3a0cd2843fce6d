"""
Restore and classify real digits
================================

Random patterns are what theory likes; images are what people have. This tutorial stores scikit-learn's handwritten
digits in a dense associative memory, brings back digits that are half hidden or full of wrong pixels, asks how sure
the memory is, then trains a classifier, looks at what it learned, and attacks it.
"""

# %%
# Digits, in black and white
# --------------------------
# The digits come with scikit-learn: 8 x 8 pixels from 0 to 16. Each memory of the network is a row of numbers, so
# images stay flat; ``shape`` is only for pictures.
import numpy as np
from sklearn.linear_model import LogisticRegression

import densehop as dh

digits = dh.learn.load_small_digits()
black_and_white = np.where(digits.images > 8, 16.0, 0.0)
stored = black_and_white[:100]
random = np.random.default_rng(0)

# %%
# Restore what is hidden
# ----------------------
# ``nan`` marks a pixel that is not known. The known pixels stay as they are, the hidden ones move down the energy.
# The default energy is the exponential one, which tells images apart although they overlap a lot.
memory = dh.DenseAssociativeMemory().fit(stored)
hidden = random.random(stored.shape) < 0.5
half = np.where(hidden, np.nan, stored)
restored = memory.restore(half)


def wrong(found, where=None):
    """Return the share of wrong pixels, of all or of some."""
    return float(np.mean((found != stored)[slice(None) if where is None else where]))


print(f"wrong among the hidden pixels: {wrong(restored, hidden):.4f}")
assert wrong(restored, hidden) < 0.02

# %%
# Restore what is wrong
# ---------------------
# Flipped pixels are harder: the memory does not know which ones. Thirty in a hundred are inverted here. Tell the
# memory so with ``beta``, half the log-odds of a right pixel. One step then answers with the mean over all memories,
# each weighed by its probability: no method that knows the memories makes fewer wrong pixels. ``confidence`` is the
# probability of each pixel.
flip_rate = 0.3
flipped = np.where(random.random(stored.shape) < flip_rate, 16.0 - stored, stored)
beta = np.log((1 - flip_rate) / flip_rate) / 2
recall = dh.DenseAssociativeMemory(beta=beta, max_steps=1).fit(stored).recall(flipped)
print(f"wrong pixels: {wrong(flipped):.3f} before, {wrong(recall.patterns):.3f} after")
assert wrong(recall.patterns) < wrong(flipped) / 2

# %%
# Is the confidence honest? Among pixels called 80 percent sure, eighty in a hundred should be right.
right = recall.patterns == stored
for low, high in ((0.5, 0.7), (0.7, 0.9), (0.9, 0.99), (0.99, 1.01)):
    chosen = (recall.confidence >= low) & (recall.confidence < high)
    print(f"said {recall.confidence[chosen].mean():.3f}, was {right[chosen].mean():.3f} ({chosen.sum()} pixels)")
    assert abs(recall.confidence[chosen].mean() - right[chosen].mean()) < 0.1

# %%
# Why not the two-body network of the textbooks? Because real images share a lot of ink, and few bodies see only that.
# Both memories here have their default settings and know no flip rate.
for name, options in {"two bodies": {"interaction": "strict", "degree": 2}, "exponential": {}}.items():
    found = dh.DenseAssociativeMemory(**options).fit(stored).transform(flipped)
    print(f"{name:12} wrong pixels after restoring: {wrong(found):.3f}")

# %%
# Is the memory less sure where it is wrong? Compare the images it restored worst with those it restored best.
order = np.argsort(right.mean(axis=1))
for name, part in (("worst", order[:20]), ("best", order[-20:])):
    print(f"{name} 20 images: {1 - right[part].mean():.3f} wrong, confidence {recall.confidence[part].mean():.3f}")
assert recall.confidence[order[:20]].mean() < recall.confidence[order[-20:]].mean()

# %%
# Seen: what was stored, what was shown, what came back. Orange pixels were hidden.
some = slice(10, 20)
rows = {"stored": stored[some], "half hidden": half[some], "restored": restored[some]}
rows |= {"30% inverted": flipped[some], "restored ": recall.patterns[some]}
dh.plot.restored_rows(rows, digits.shape, digits.largest)

# %%
# Each column is one digit. Hidden pixels come back nearly all. Where the last row does not look like the first,
# several memories were about as likely, and the answer is their blend.
#
# Classify
# --------
# The classifier adds class units to the pixels and learns its memories. Its degree :math:`n` decides what they
# become: at small :math:`n` many act at once, each a *feature*; at large :math:`n` one decides, a *prototype*.
training, test = slice(0, 1200), slice(1200, None)
models = {}
for degree in (2, 30):
    model = dh.DenseAssociativeClassifier(n_memories=60, degree=degree, max_iter=30, random_state=0)
    models[f"learned, n = {degree}"] = model.fit(digits.images[training], digits.classes[training])
stored_too = dh.DenseAssociativeClassifier(kind="stored", degree=20)
models["stored, n = 20"] = stored_too.fit(digits.images[training], digits.classes[training])
models["logistic regression"] = LogisticRegression(max_iter=2000).fit(
    digits.images[training] / 16, digits.classes[training]
)
for name, model in models.items():
    scale = 16 if name == "logistic regression" else 1
    accuracy = model.score(digits.images[test] / scale, digits.classes[test])
    print(f"{name:20} accuracy {accuracy:.3f}")
    assert accuracy > 0.9

# %%
# Features: red pixels speak for a memory, blue ones against it.
dh.plot.memory_grid(models["learned, n = 2"].memories_[:30], digits.shape, "features, n = 2")

# %%
# Prototypes are closer to single images, here with the mean image taken out, though at 8 x 8 pixels no eye would
# swear to it. A number does: the cosine of each memory with the training image that it resembles most.
for degree in (2, 30):
    model = models[f"learned, n = {degree}"]
    centred = digits.images[training] - model.mean_
    cosine = (model.memories_ @ centred.T) / np.linalg.norm(centred, axis=1)
    nearest = cosine.max(axis=1) / np.linalg.norm(model.memories_, axis=1)
    print(f"n = {degree:2}: cosine with the nearest image {np.median(nearest):.2f} (median)")
dh.plot.memory_grid(models["learned, n = 30"].memories_[:30], digits.shape, "prototypes, n = 30")

# %%
# Attack
# ------
# An attacker may change each pixel by a tenth of the range. ``robust_accuracy`` tries gradient attacks and a search
# without gradients, and keeps the worst: what still stands is all that you may claim.
sizes = (0.0, 0.05, 0.1, 0.2)
chosen = slice(1200, 1300)
curves = []
for name, model in models.items():
    scale = 16 if name == "logistic regression" else 1
    found = dh.robust_accuracy(
        model,
        digits.images[chosen] / scale,
        digits.classes[chosen],
        sizes,
        data_range=(0, 16 / scale),
        steps=20,
        restarts=1,
        queries=100,
        shape=digits.shape,
    )
    curves.append((name, found.sizes, found.worst, found.error))
    print(f"{name:20} " + "  ".join(f"{size:g}: {share:.2f}" for size, share in zip(sizes, found.worst, strict=True)))
dh.plot.robustness_curves(curves, "attack size, share of the range ($L_\\infty$)")

# %%
# The classifier whose accuracy falls last is the most robust one. Without an attack the four models differ by a few
# images, with one they differ a lot. Memories that are real examples hold longest, because several of them vote.
unattacked, at_tenth = ({name: worst[place] for name, _, worst, _ in curves} for place in (0, 2))
assert max(unattacked.values()) - min(unattacked.values()) < 0.05
assert at_tenth["stored, n = 20"] == max(at_tenth.values())
assert at_tenth["stored, n = 20"] > at_tenth["logistic regression"] + 0.1
