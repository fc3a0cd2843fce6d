"""Distances that no product of matrices gives."""

from functools import partial

from densehop.kernels import compiled

AT_ONCE = 64  # rows that stay in the cache


@partial(compiled, fastmath={"reassoc"})  # so that several sums are kept, in vectors
def city_block(points, others, distances):
    """Set distances (B, K) to sum_i |x_i - y_i| of points x (B, N) and others y (K, N), all of one precision."""
    for first in range(0, len(others), AT_ONCE):
        for point in range(len(points)):
            for other in range(first, min(first + AT_ONCE, len(others))):
                total = distances.dtype.type(0)
                for site in range(points.shape[1]):
                    total += abs(points[point, site] - others[other, site])
                distances[point, other] = total


@compiled
def add_city_block_slopes(points, others, chosen, amounts, to_points, to_others):
    """Add the gradients of sum amounts * distances to those of points, (B, N), and of others, (K, N).

    The sum is over some others of each point: chosen (B, H) are their indices, amounts (B, H) the factors.
    """
    for point in range(len(points)):
        for n in range(chosen.shape[1]):
            other, amount = chosen[point, n], amounts[point, n]
            for site in range(points.shape[1]):
                gap = others[other, site] - points[point, site]
                step = amount if gap > 0 else (-amount if gap < 0 else amount - amount)
                to_others[other, site] += step
                to_points[point, site] -= step
