"""Change values in an R data file, such as the capabilities of the sample."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import rdata

CAPABILITIES = "cow_nmc/cow_nmc.rda"


def edited(content: bytes, change: Callable[[pd.DataFrame], None]) -> bytes:
    """Apply a change to the only data frame of an R data file."""
    (name, frame), *more = rdata.conversion.convert(rdata.parser.parse_data(content)).items()
    assert not more, "a file with several objects"
    frame = frame.reset_index(drop=True)
    change(frame)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "edited.rda"
        rdata.write_rda(path, {name: frame}, compression="bzip2")
        return path.read_bytes()


def with_more_troops(content: bytes, number: int = 1) -> bytes:
    """Add to the military personnel, in thousands, of the USA in 1816."""

    def change(frame: pd.DataFrame) -> None:
        frame.loc[(frame["ccode"] == 2) & (frame["year"] == 1816), "milper"] += number

    return edited(content, change)


def with_half_of_all_shares(content: bytes) -> bytes:
    """Halve every CINC."""

    def change(frame: pd.DataFrame) -> None:
        frame["cinc"] /= 2

    return edited(content, change)
