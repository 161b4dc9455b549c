"""Test for complete or quasi-complete separation by linear programming."""

import numpy as np

from analysis.core.arrays import Floats
from analysis.core.specification import CONSTANT


def separating_terms(outcome: Floats, matrix: Floats, terms: list[str]) -> tuple[str, list[str]] | None:
    """Test for complete or quasi-complete separation, and name the terms that separate.

    Parameters
    ----------
    outcome : ndarray of shape (n,)
        0 or 1.
    matrix : ndarray of shape (n, k)
        Design matrix without columns of zeros.
    terms : list of str
        Names of its columns.

    Returns
    -------
    (str, list of str) or None
        "complete" or "quasi-complete", and the terms in the separating combination, without the constant. None if the
        outcome is not separated, so that the maximum likelihood estimate exists.

    Notes
    -----
    With s_i = 1 for an event and -1 for a non-event, maximise the sum of s_i x_i b subject to s_i x_i b >= 0 for all
    rows and -1 <= b <= 1. The outcome is separated if and only if the maximum is above 0, and completely if and only if
    some b has s_i x_i b >= 1 for all rows.

    References
    ----------
    Albert & Anderson (1984), Biometrika 71(1): 1-10.
    Konis (2007), Linear Programming Algorithms for Detecting Separated Data in Binary Logistic Regression Models,
    DPhil thesis, University of Oxford.
    """
    # Imported here: the import takes as long as fitting all models, and few fits need it.
    from scipy.optimize import linprog

    signed = (2.0 * outcome - 1.0)[:, None] * (matrix / np.abs(matrix).max(axis=0))
    solution = linprog(
        -signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(signed)), bounds=(-1.0, 1.0), method="highs"
    )
    direction, negative_sum = solution.x, solution.fun
    if not solution.success or direction is None or negative_sum is None or -negative_sum < 1e-6:
        return None
    no_objective = np.zeros(matrix.shape[1])
    strict = linprog(no_objective, A_ub=-signed, b_ub=-np.ones(len(signed)), bounds=(None, None), method="highs")
    names = [name for name, value in zip(terms, direction, strict=True) if abs(value) > 1e-9 and name != CONSTANT]
    return "complete" if strict.success else "quasi-complete", names
