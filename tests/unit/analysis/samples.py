"""A made-up sample for the tests of fits and covariances."""

import numpy as np

from analysis.design.time_dependence import natural_spline


def probit_sample(seed, n=1500, skewed=False):
    """Outcome, design with badly scaled columns and a spline of time, and clusters of unequal size."""
    generator = np.random.default_rng(seed)
    time = np.minimum(generator.geometric(0.06, n) - 1, 120).astype(float)
    matrix = np.column_stack(
        [
            generator.gamma(2.0, 40.0, n),
            generator.random(n) < 0.3,
            generator.gamma(0.3, 0.01, n),
            time,
            natural_spline(time, (1.0, 4.0, 7.0), (0.0, 120.0)),
            np.ones(n),
        ]
    ).astype(float)
    index = -1.9 + 0.002 * matrix[:, 0] + 0.4 * matrix[:, 1] - 0.02 * time if skewed else 0.004 * matrix[:, 0] - 0.4
    states = np.sort(generator.integers(0, 40, n) * generator.integers(0, 2, n))
    states = np.unique(states, return_inverse=True)[1]
    return (index + generator.normal(size=n) > 0).astype(float), matrix, states, generator.integers(0, 25, n)
