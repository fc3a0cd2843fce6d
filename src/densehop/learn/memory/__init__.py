"""The associative memory: encodings, interactions, how states move, and its estimator."""
