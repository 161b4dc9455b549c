"""The synthetic sample: an invented world with a planted effect, in the publishers' own files (see world.py)."""

from orchestration.ingest.sample.mirror import sample_catalog, write_sample_mirror
from orchestration.ingest.sample.world import PLANTED

__all__ = ["PLANTED", "sample_catalog", "write_sample_mirror"]
