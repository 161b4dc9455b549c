"""Rows that the sample makes from a contract alone: they meet it, whatever it asks for."""

from pathlib import Path

import pyarrow as pa
import pytest

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import SOURCES_DIR
from orchestration.ingest.catalog import catalog_of, load_catalog
from orchestration.ingest.contracts import check, membership_of
from orchestration.ingest.records import RawTable
from orchestration.ingest.sample import generic_tables, write_sample_mirror
from orchestration.ingest.sample.formats import arrange
from orchestration.ingest.sample.mirror import SEED, STATES
from orchestration.ingest.sample.world import World, build_world
from tests.support.source_samples import small_table


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(STATES, SEED)


def made(world: World, contract: RawTable) -> pa.Table:
    """The table as text, after its contract was checked."""
    ((_, columns),) = generic_tables.tables(world, [contract])
    typed = arrange(contract, columns)
    text = pa.table({name: typed[name].cast(pa.string()) for name in typed.column_names})
    rows, years = world.roster.member_rows(1816, 2024)
    members = zip(world.roster.codes[rows].tolist(), world.roster.years[years].tolist(), strict=True)
    check(contract, text, membership_of(members) if contract.membership_key else None)
    return text


def test_state_years_are_the_members_of_the_world(world: World) -> None:
    table = made(world, small_table())
    assert table.num_rows == len(world.roster.member_rows(1816, 2016)[0])
    steel = table["steel"].to_pylist()
    assert 0.01 < steel.count("-9") / len(steel) < 0.1
    assert set(table["name"].to_pylist()) == {"SYNTHETIC"}


def test_the_same_world_gives_the_same_rows(world: World) -> None:
    assert made(world, small_table()).equals(made(world, small_table()))
    assert not made(world, small_table()).equals(made(build_world(STATES, SEED + 1), small_table()))


def test_labels_come_from_the_record(world: World) -> None:
    labels = ("AUT", "FRA")
    contract = small_table(key=["name", "year"], membership_key=None, sample_values={"name": labels})
    table = made(world, contract)
    assert set(table["name"].to_pylist()) == set(labels)
    assert table.num_rows == 2 * (2016 - 1816 + 1)
    assert set(table["ccode"].to_pylist()) - {None}


@pytest.mark.parametrize(
    "changes",
    [
        {"key": ["name"], "membership_key": None},
        {"key": ["ccode", "year", "name"]},
        {
            "key": ["name", "steel"],
            "membership_key": None,
            "columns": {"name": "text", "steel": "integer"},
            "ranges": {},
        },
        {"ranges": {"year": [1900, 1910], "steel": [-5.5, None]}},
        {"ranges": {"year": [1900, 1910], "steel": [None, -20]}},
        {"ranges": {"year": [1900, 1910], "steel": [0.25, 0.2501]}},
        {"constants": {"name": "iron"}},
        {"unique": ["steel"], "columns": {"name": "text", "ccode": "integer", "year": "integer", "steel": "text"}},
        {"orders": [{"smaller": "year", "larger": "steel"}], "ranges": {"steel": [1000, 3000], "year": [1816, 2016]}},
        {"year_columns": {"first": 1990, "last": 1992, "range": [1, 2]}},
    ],
)
def test_rows_meet_the_contract(world: World, changes: dict[str, object]) -> None:
    if "unique" in changes:
        changes = changes | {"missing_codes": None}
    assert made(world, small_table(**changes)).num_rows > 5


def test_a_large_key_is_sampled(world: World) -> None:
    columns = dict.fromkeys(("ccode1", "ccode2", "year"), "integer")
    contract = small_table(columns=columns, key=list(columns), missing_codes=None, membership_key=None)
    assert made(world, contract).num_rows == generic_tables.ROWS


def test_a_contract_without_possible_rows_is_an_error(world: World) -> None:
    with pytest.raises(WarehouseError, match="The synthetic sample has no row for a raw table") as caught:
        made(world, small_table(ranges={"year": [1700, 1710]}))
    assert caught.value.where == "table small, key ccode, year"


def test_a_source_that_is_gone_needs_no_change_of_the_sample(tmp_path: Path) -> None:
    catalog = load_catalog(SOURCES_DIR)
    without = catalog_of(source for name, source in catalog.items() if name != "polity5")
    written = write_sample_mirror(without, tmp_path)
    assert not [name for name in written if name.startswith("polity5/")]
    assert len(written) == sum(len(source.files) for source in without.values())
