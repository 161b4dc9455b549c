"""A source is judged by the newest version that its publisher is known to have released."""

from datetime import UTC, datetime

import pytest

from orchestration.core.settings import SOURCES_DIR
from orchestration.ingest.catalog import load_catalog
from orchestration.monitoring.versions import due, version_state
from orchestration.monitoring.watch import Seen

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def state(seen: Seen | None = None, newer: str | None = None, released: str | None = "2026-06"):
    source = load_catalog(SOURCES_DIR)["cow_nmc"].model_copy(update={"newer_version": newer, "cadence_years": 4.0})
    file = source.files[0].model_copy(update={"released": released, "version": "7.0"})
    return version_state(source, file, seen, NOW)


def test_the_newest_known_version_passes() -> None:
    assert state().is_newest
    assert state().found == "version 7.0, released 2026-06; no newer version is known, the next is due about 2030-06"
    assert state(Seen("abc", "publisher", mark="headers")).is_newest


def test_a_version_past_its_interval_passes_and_says_so() -> None:
    found = state(released="2020")
    assert found.is_newest
    assert found.found.endswith("the next was due 2024-12: look for it")


@pytest.mark.parametrize(
    ("seen", "newer", "named"),
    [
        (None, "7.1 is out, with another key", "newer: 7.1 is out"),
        (Seen("abc", "publisher", difference="sha256 123, 9 bytes"), None, "the publisher offers other bytes"),
    ],
)
def test_a_newer_version_or_other_bytes_do_not_pass(seen: Seen | None, newer: str | None, named: str) -> None:
    found = state(seen, newer)
    assert not found.is_newest
    assert named in found.found


@pytest.mark.parametrize(
    ("released", "expected"),
    [("2020", datetime(2024, 12, 1, tzinfo=UTC)), ("2020-06", datetime(2024, 6, 1, tzinfo=UTC))],
)
def test_the_interval_counts_from_the_release(released: str, expected: datetime) -> None:
    assert due(released, 4.0) == expected
    assert due(None, 4.0) is None
