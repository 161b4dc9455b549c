"""The two errors of the statistics: input nobody can work with, and a model that cannot be fitted."""


class AnalysisError(ValueError):
    """The input as a whole is unusable: nothing can be estimated until it is mended."""


class ModelError(ValueError):
    """One model cannot be estimated on this panel; the text becomes its `problem`, and the other models go on."""
