"""Is the outcome separated? The exact answer by linear programming, asked only where a fit looks as if it were."""

import numpy as np


def separating_terms(outcome: np.ndarray, matrix: np.ndarray, terms: list[str]) -> tuple[str, list[str]] | None:
    """Whether some combination of the terms sorts events from non-events, and which terms it takes (Konis 2007).

    matrix (n, k). Returns ("complete" or "quasi-complete", names), or None where the outcome is not separated and the
    maximum likelihood estimate therefore exists.
    """
    # imported here: it takes as long as a whole estimation, and is hardly ever needed
    from scipy.optimize import linprog

    signed = (2.0 * outcome - 1.0)[:, None] * (matrix / np.abs(matrix).max(axis=0))
    solution = linprog(
        -signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(signed)), bounds=(-1.0, 1.0), method="highs"
    )
    if not solution.success or -solution.fun < 1e-6:
        return None
    kind = "complete" if (signed @ solution.x).min() > 1e-9 else "quasi-complete"
    return kind, [
        name for name, value in zip(terms, solution.x, strict=True) if abs(value) > 1e-9 and name != "constant"
    ]
