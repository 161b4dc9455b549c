"""Row counts against the publication in place: what is told, what stops, and what never can drift."""

import pytest

from orchestration.publication.drift import Load, drift

BEFORE = Load(rows=1000, sha256="aa", version="1.0")


@pytest.mark.parametrize(
    ("rows", "version", "status"),
    [
        (1000, "1.0", "pass"),
        (1040, "2.0", "pass"),
        (1251, "2.0", "warn"),
        (991, "2.0", "pass"),
        (989, "2.0", "warn"),
        (801, "1.0", "warn"),
        (799, "1.0", "fail"),
        (799, "2.0", "warn"),  # the record says that it is a new version
    ],
)
def test_other_bytes_are_judged_by_the_share_of_rows(rows: int, version: str, status: str) -> None:
    judged = drift(BEFORE, Load(rows, "bb", version))
    assert judged.status == status
    assert f"{rows:,} rows" in judged.found


def test_the_same_bytes_drift_only_if_we_read_them_otherwise() -> None:
    assert drift(BEFORE, BEFORE).status == "pass"
    judged = drift(BEFORE, Load(500, "aa", "1.0"))
    assert judged.status == "warn"
    assert "the contract or the reader has changed" in judged.found


def test_a_first_load_has_nothing_to_drift_from() -> None:
    assert drift(None, Load(1, "aa", "1.0")).status == "pass"
