"""The two exceptions of the analysis: unusable input, and a model that cannot be estimated."""


class AnalysisError(ValueError):
    """The input is invalid as a whole, so that nothing can be estimated or drawn from it."""


class ModelError(ValueError):
    """One model cannot be estimated on this panel.

    Studies catch it, write its message to the column ``problem`` of the results table, and go on with other models.
    """
