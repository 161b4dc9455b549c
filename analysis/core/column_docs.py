"""What a column of a results table is, and the descriptions that several tables share."""

from typing import NamedTuple


class ColumnDoc(NamedTuple):
    """One column of a results table, as documented in the published codebook.

    Attributes
    ----------
    type : str
        SQL type in the publication; a key of DTYPES.
    unit : str or None
        Unit of the values; None if the column has none.
    description : str
        Meaning of the values.
    source : str
        Origin of the values.
    """

    type: str
    unit: str | None
    description: str
    source: str


OURS = "computed by this project"
SPECIFIED = "the model's specification"
INDEX = "units of the linear index per unit of the term"
SYNTHETIC = ColumnDoc(
    "BOOLEAN", None, "True where the panel is the synthetic sample and the figures say nothing about the world.", OURS
)
