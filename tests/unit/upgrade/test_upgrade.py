"""Upgrade of a source: its record is edited in place, compared with the old file, and refused or recorded."""

import hashlib
import io
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import SOURCES_DIR, Settings
from orchestration.ingest.acquisition import Acquisition
from orchestration.ingest.catalog import catalog_of, load_source
from orchestration.upgrade.preview import FailedTest, Preview, build_raw, compare_raw
from orchestration.upgrade.propose import Proposal, Request, propose, write_record
from orchestration.upgrade.record_edit import edit_record
from orchestration.upgrade.text import proposal_text, recorded_text, refusal

OLD = b"ccode,year,tin\n2,1816,1\n2,1817,-9\n20,1929,5\n"
NEW = b"ccode,year,tin\n2,1816,1.5\n2,1817,7\n20,1930,-9\n"
RECORD = f"""\
# The first line is a comment.
name: tin
title: Tin, version 1.0
producer: Somebody
citation: 'Somebody. 1999. "Version 1.0.5 of something." A long line that the record wraps. Version
  1.0.'
licence: free
redistribution: with_citation
homepage: https://example.org/tin
cadence_years: 2
files:
  - file: tin-1.csv  # as published
    version: '1.0'
    sha256: {hashlib.sha256(OLD).hexdigest()}  # compared with the codebook
    size_bytes: {len(OLD)}
    publisher_url: https://example.org/tin.zip
    archive_member: tin-1.csv
    # another copy
    pinned_url: https://example.org/pinned/tin-1.csv
    tables:
      - name: tin
        description: Tin by state-year.
        format: csv
        encoding: utf-8
        columns: {{ccode: integer, year: integer, tin: number}}
        key: [ccode, year]
        ranges:
          year: [1816, 2016]
        missing_codes:
          - codes: [-9]
            columns: [tin]
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """One source on record, its file in the mirror, and a new file beside it."""
    made = Settings(tmp_path / "data", tmp_path / "mirror", offline=True, catalog_dir=tmp_path / "records")
    for folder in (made.catalog_dir, made.mirror_dir / "tin", made.raw_dir):
        folder.mkdir(parents=True)
    (made.catalog_dir / "tin.yml").write_text(RECORD)
    (made.mirror_dir / "tin" / "tin-1.csv").write_bytes(OLD)
    (tmp_path / "tin-2.csv").write_bytes(NEW)
    return made


@pytest.fixture
def request_(tmp_path: Path) -> Request:
    return Request("tin", file=tmp_path / "tin-2.csv", version="2.0")


def acquisition(settings: Settings) -> Acquisition:
    """As open_acquisition, with the records as they are now."""
    records = [load_source(path) for path in settings.catalog_dir.glob("*.yml")]
    return Acquisition(catalog_of(records), settings, settings.mirror_dir)


def state(settings: Settings) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in settings.data_dir.parent.rglob("*") if path.is_file()}


def test_only_lines_with_a_change_are_edited(settings: Settings, request_: Request) -> None:
    proposal = propose(settings, replace(request_, url="https://example.org/tin-2.zip", member="v2/tin-2.csv"))
    expected = (
        RECORD.replace("file: tin-1.csv", "file: tin-2.csv")
        .replace("    version: '1.0'", "    version: '2.0'")
        .replace(hashlib.sha256(OLD).hexdigest(), hashlib.sha256(NEW).hexdigest())
        .replace(
            f"size_bytes: {len(OLD)}\n",
            f"size_bytes: {len(NEW)}\n    acknowledged_revision_of: {hashlib.sha256(OLD).hexdigest()}\n",
        )
        .replace("https://example.org/tin.zip", "https://example.org/tin-2.zip")
        .replace("archive_member: tin-1.csv", "archive_member: v2/tin-2.csv")
        .replace("    pinned_url: https://example.org/pinned/tin-1.csv\n", "")
        .replace("title: Tin, version 1.0", "title: Tin, version 2.0")
        .replace("Version\n  1.0.'", "Version\n  2.0.'")
    )
    assert proposal.text == expected
    assert "Version 1.0.5" in proposal.after.citation


def test_every_record_of_the_project_can_be_edited() -> None:
    for path in SOURCES_DIR.glob("*.yml"):
        text = path.read_text()
        for position, file in enumerate(load_source(path).files):
            edited = edit_record(
                text, position, {"version": "new 99", "size_bytes": 7, "pinned_url": None}, (None, "x")
            )
            before, after = yaml.safe_load(text), yaml.safe_load(edited)
            before["files"][position] |= {"version": "new 99", "size_bytes": 7}
            before["files"][position].pop("pinned_url", None)
            assert after == before, f"{path.name}, {file.file}"


def test_the_next_refresh_finds_the_recorded_bytes(settings: Settings, request_: Request) -> None:
    proposal = propose(settings, request_)
    write_record(settings, proposal)
    now = acquisition(settings)
    ((source, file),) = now.files()
    assert (file.version, file.pinned_url) == ("2.0", None)
    fetched = now.fetch(source, file)
    assert (fetched.origin, fetched.path.read_bytes()) == ("cache", NEW)
    text = recorded_text(settings, proposal)
    assert "warehouse run" in text
    assert "mirror" not in text
    assert "nothing to do" in proposal_text(propose(settings, request_))


def test_a_mirror_with_the_old_bytes_is_reported(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "tin-1.csv").write_bytes(NEW)
    proposal = propose(settings, Request("tin", file=tmp_path / "tin-1.csv", version="2.0"))
    write_record(settings, proposal)
    assert "which has other bytes" in recorded_text(settings, proposal)


def test_raw_differences_by_column_and_decade(settings: Settings, request_: Request) -> None:
    proposal = propose(settings, request_)
    difference = compare_raw(acquisition(settings), proposal, request_.file)["tin"]
    assert (difference.added, difference.removed) == ({1930: 1}, {1920: 1})
    (tin,) = difference.columns
    assert (tin.changed, tin.got_value, tin.became_null) == (1, 1, 0)  # -9 is not a value
    assert (tin.largest_change, tin.by_decade) == (0.5, {1810: 2})


FAULTS = [
    (NEW.replace(b",tin\n", b",zinc\n"), "columns (or year_columns)", "'zinc'"),
    (NEW.replace(b",7\n", b",seven\n"), "columns (its type) or missing_marks", "'seven'"),
    (NEW.replace(b"20,1930", b"20,2017"), "ranges (or missing_codes)", "'2017'"),
    (NEW.replace(b"20,1930", b"2,1816"), "key or known_duplicates", "on 2 rows"),
    (NEW.replace(b"20,1930", b"20,"), "key or known_empty_keys", "1 such rows"),
    (NEW.replace(b",7\n", b",\xff\n"), "encoding", "0xff"),
]


@pytest.mark.parametrize(("content", "field", "found"), FAULTS, ids=[field for _, field, _ in FAULTS])
def test_a_broken_contract_names_the_field_of_the_record(
    settings: Settings, request_: Request, tmp_path: Path, content: bytes, field: str, found: str
) -> None:
    request_.file.write_bytes(content)
    before = state(settings)
    proposal = propose(settings, request_)
    scratch = replace(settings, data_dir=tmp_path / "scratch")
    with pytest.raises(WarehouseError, match="breaks the contract") as error:
        build_raw(acquisition(settings), catalog_of([proposal.after]), scratch, proposal, request_.file)
    assert f"change {field} of table tin in the copy" in error.value.next_step
    assert found in error.value.found
    assert {path: content for path, content in state(settings).items() if path in before} == before


def test_an_edited_record_replaces_the_contract(settings: Settings, request_: Request, tmp_path: Path) -> None:
    request_.file.write_bytes(NEW.replace(b"20,1930", b"20,2020").replace(b",tin\n", b",tin_kt\n"))
    edited = tmp_path / "edited.yml"
    edited.write_text(
        RECORD.replace("2016]", "2020]").replace("tin: number", "tin_kt: number").replace("[tin]", "[tin_kt]")
    )
    proposal = propose(settings, replace(request_, record=edited))
    build_raw(
        acquisition(settings),
        catalog_of([proposal.after]),
        replace(settings, data_dir=tmp_path / "s"),
        proposal,
        request_.file,
    )
    difference = compare_raw(acquisition(settings), proposal, request_.file)["tin"]
    assert (difference.columns_added, difference.columns_removed) == (("tin_kt",), ("tin",))
    write_record(settings, proposal)
    (table,) = load_source(settings.catalog_dir / "tin.yml").files[0].tables
    assert table.ranges["year"] == (1816, 2020)
    assert "# The first line is a comment." in proposal.path.read_text()


def test_a_member_of_a_downloaded_archive(settings: Settings, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("folder/tin-2.csv", NEW)
    (tmp_path / "tin.zip").write_bytes(packed.getvalue())
    proposal = propose(settings, Request("tin", file=tmp_path / "tin.zip", member="folder/tin-2.csv", version="2"))
    assert (proposal.content, proposal.new_file.file) == (NEW, "tin-2.csv")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"name": "zinc"}, "Unknown source"),
        ({"name": "tin/zinc.csv"}, "Unknown file"),
        ({"version": None}, "no version, or the version on record"),
        ({"version": "1.0"}, "no version, or the version on record"),
        ({"version": "../2"}, "not valid"),
        ({"url": "ftp://example.org/tin.csv"}, "not valid"),
        ({"file": None}, "No location of the new file"),
        ({"file": Path("nowhere.csv")}, "cannot be read"),
        ({"record": Path("nowhere.yml")}, "cannot be read"),
    ],
)
def test_an_invalid_request_changes_nothing(settings: Settings, request_: Request, change: dict, problem: str) -> None:
    before = state(settings)
    with pytest.raises(WarehouseError, match=problem) as error:
        propose(settings, replace(request_, **change))
    assert error.value.next_step
    assert state(settings) == before


def test_an_edited_record_of_other_tables_is_refused(settings: Settings, request_: Request, tmp_path: Path) -> None:
    (tmp_path / "edited.yml").write_text(RECORD.replace("- name: tin", "- name: zinc"))
    with pytest.raises(WarehouseError, match="differ from those that the models read"):
        propose(settings, replace(request_, record=tmp_path / "edited.yml"))


def test_a_record_in_another_style_gets_the_fields_to_set(settings: Settings, request_: Request) -> None:
    as_flow = yaml.safe_dump(yaml.safe_load(RECORD), default_flow_style=True)
    (settings.catalog_dir / "tin.yml").write_text(as_flow)
    with pytest.raises(WarehouseError, match="cannot be edited automatically") as error:
        propose(settings, request_)
    assert "version: 2.0" in error.value.next_step


def test_a_record_that_changed_meanwhile_is_not_written(settings: Settings, request_: Request) -> None:
    proposal = propose(settings, request_)
    proposal.path.write_text(RECORD + "# changed\n")
    before = state(settings)
    with pytest.raises(WarehouseError, match="changed during the upgrade"):
        write_record(settings, proposal)
    assert state(settings) == before


def test_a_failed_record_leaves_the_cache_unchanged(
    settings: Settings, request_: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposal = propose(settings, request_)
    before = state(settings)
    replace_file = os.replace

    def refuse_records(source: str, target: Path) -> None:
        if Path(target) == proposal.path:
            raise PermissionError(13, "Permission denied")
        replace_file(source, target)

    monkeypatch.setattr(os, "replace", refuse_records)
    with pytest.raises(WarehouseError, match="WAREHOUSE_CATALOG_DIR"):
        write_record(settings, proposal)
    assert state(settings) == before


FIGURE, BROKEN = FailedTest("known_figures", "Got 1 result", True), FailedTest("unique", "Got 2 results", False)


@pytest.mark.parametrize(
    ("failed", "accepted", "can_confirm", "problem"),
    [
        ((), False, True, None),
        ((FIGURE,), True, True, None),
        ((FIGURE,), False, True, "Known figures change"),
        ((BROKEN,), True, True, "fails its tests"),
        ((FIGURE, BROKEN), True, True, "fails its tests"),
        ((), False, False, "--yes"),
    ],
)
def test_reasons_to_refuse(failed: tuple, accepted: bool, can_confirm: bool, problem: str | None) -> None:
    refused = refusal(Preview({}, {}, "", failed), accepted, can_confirm=can_confirm)
    assert (problem is None and refused is None) or problem in str(refused)


def test_the_same_bytes_are_no_new_version(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "same.csv").write_bytes(OLD)
    proposal: Proposal = propose(settings, Request("tin", file=tmp_path / "same.csv"))
    assert not proposal.is_new
