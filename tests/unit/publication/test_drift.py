"""Row counts compared with the current publication: which differences pass, warn and fail."""

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
        (799, "2.0", "warn"),  # a new version on record
    ],
)
def test_other_bytes_are_judged_by_the_change_in_rows(rows: int, version: str, status: str) -> None:
    judged = drift(BEFORE, Load(rows, "bb", version))
    assert judged.status == status
    assert f"{rows:,} rows" in judged.found


def test_other_row_count_from_the_same_bytes_warns() -> None:
    assert drift(BEFORE, BEFORE).status == "pass"
    judged = drift(BEFORE, Load(500, "aa", "1.0"))
    assert judged.status == "warn"
    assert "the contract or the reader changed" in judged.found


def test_first_load_passes() -> None:
    assert drift(None, Load(1, "aa", "1.0")).status == "pass"
