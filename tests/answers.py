"""A little of everything that the package computes, for tests of the settings of a process."""

import numpy as np

import densehop as dh


def answers():
    """A little of everything, as text."""
    network = dh.PBodyHopfield(np.ones((2, 20)), p=3)
    images = np.arange(60.0).reshape(10, 6) % 7
    memory = dh.DenseAssociativeMemory().fit(images)
    classes = np.arange(10) % 2
    model = dh.DenseAssociativeClassifier(4, max_iter=3, random_state=0).fit(images, classes)
    found = [
        network.sample(1.0, 2, 20, seed=0).energy, memory.restore(np.where(images > 5, np.nan, images)),
        model.decision_function(images), dh.solve(dh.DirectModel(p=3, load=0.4, temperature=0.5), "retrieval").m,
        dh.diagnostics.time_average(images).error, dh.retrieval_boundary(2, 0.0),
        dh.learn.locate(np.where(images > 3, 1, -1), p=2, survive=1.0).fixed_points,
    ]  # fmt: skip
    return [np.asarray(one).tolist() for one in found]
