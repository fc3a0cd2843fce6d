"""A step of gradient descent with momenta, in one passage through the arrays."""

from functools import partial

import numpy as np

from densehop.kernels import compiled


@partial(compiled, error_model="numpy")  # no test for division by 0, which would keep it from vectors
def adam_step(values, means, squares, gradient, rate, first, second, tiny):
    """Move values (n,) against their gradient, with its running means and mean squares; all of one precision.

    first, second : how much of the gradient, and of its square, is new in them
    tiny : what is added to the root of the mean square
    rate : a double; the step is rounded once
    """
    number = values.dtype.type
    first, second, tiny = number(first), number(second), number(tiny)
    for i in range(len(values)):
        means[i] += first * (gradient[i] - means[i])
        squares[i] += second * (gradient[i] * gradient[i] - squares[i])
        values[i] -= number(np.float64(means[i] / (np.sqrt(squares[i]) + tiny)) * rate)
