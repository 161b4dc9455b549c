"""The synthetic sample: an invented world with a planted effect, written in the publishers' own file formats.

Belongs here: the states of the world (``states``), what they do and the planted effect (``world``, ``conflict``), one
``*_tables`` module for each family of source files, the file formats (``formats``), and the mirror folder with its
catalog (``mirror``). The same seed gives the same bytes.
Does not belong here: reading files or checking contracts; the sample goes through the same code as real data.
"""

from orchestration.ingest.sample.mirror import sample_catalog, write_sample_mirror
from orchestration.ingest.sample.world import PLANTED

__all__ = ["PLANTED", "sample_catalog", "write_sample_mirror"]
