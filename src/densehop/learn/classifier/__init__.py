"""The classifier: class scores, losses, training, and its estimator."""
