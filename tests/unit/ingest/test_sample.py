"""The synthetic sample: reproducible bytes, the publishers' formats and contracts, and files that agree."""

import hashlib
import itertools
import json
import shutil
import warnings
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from analysis.estimators.likelihood import fit
from analysis.estimators.links import LINKS
from analysis.inference.covariance import clustered
from orchestration.core.settings import SOURCES_DIR
from orchestration.ingest.catalog import load_catalog
from orchestration.ingest.contracts import check, membership_of
from orchestration.ingest.readers import read_table
from orchestration.ingest.sample import PLANTED, sample_catalog, write_sample_mirror
from orchestration.ingest.sample.mirror import RECORD, SEED, STATES
from orchestration.ingest.sample.world import World, build_world, winning_coalition_ratio

LARGER = 300  # states; beyond the named ones, so that invented ones are among them


@pytest.fixture(scope="module")
def catalog():
    return load_catalog(SOURCES_DIR)


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(STATES, SEED)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    folder = tmp_path_factory.mktemp("sample")
    return folder, write_sample_mirror(load_catalog(SOURCES_DIR), folder)


@pytest.fixture(scope="module")
def read(catalog, written):
    """A raw table of the sample by name, read as the warehouse reads it."""
    tables: dict[str, pa.Table] = {}

    def table(name: str) -> pa.Table:
        if name not in tables:
            entry = catalog.raw_tables[name]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # rdata warns of classes it reads as plain frames
                tables[name] = read_table(entry.table, written[0] / entry.source.name / entry.file.file)
        return tables[name]

    return table


def numbers(table: pa.Table, *names: str) -> list[np.ndarray]:
    """Columns of text as doubles, empty as NaN."""
    return [np.array([np.nan if cell is None else float(cell) for cell in table[name].to_pylist()]) for name in names]


def members_of(spells: pa.Table) -> frozenset[tuple[int, int]]:
    bounds = zip(*numbers(spells, "ccode", "styear", "endyear"), strict=True)
    return frozenset((int(code), year) for code, first, last in bounds for year in range(int(first), int(last) + 1))


def test_the_same_seed_gives_the_same_bytes(written, tmp_path):
    _, hashes = written
    assert write_sample_mirror(load_catalog(SOURCES_DIR), tmp_path / "again") == hashes
    others = write_sample_mirror(load_catalog(SOURCES_DIR), tmp_path / "other", seed=SEED + 1)
    assert {name for name in hashes if others[name] == hashes[name]} == {
        "cow_state_system/COW country codes.csv",
        "cow_state_system/majors2024.csv",
        "cow_state_system/system2016.csv",
        "imr_world_bank/Metadata_Country_09508e1d-4bb1-419a-a275-77169f9cc773_v2.csv",
    }  # names and years of membership, which no seed changes


def test_every_file_of_the_catalog_is_written_with_its_hash(catalog, written):
    folder, hashes = written
    wanted = {f"{source.name}/{file.file}" for source in catalog.sources.values() for file in source.files}
    assert set(hashes) == wanted
    for name, sha256 in hashes.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == sha256


def test_every_table_meets_its_contract(catalog, read):
    membership = membership_of(members_of(read("state_system_spells")))
    for name, entry in catalog.raw_tables.items():
        check(entry.table, read(name), membership if entry.table.membership_key else None)


def test_invented_states_meet_the_contracts_too(catalog, tmp_path):
    write_sample_mirror(load_catalog(SOURCES_DIR), tmp_path, states=LARGER)
    tables = {}
    for name in (
        "state_system_spells",
        "national_capabilities",
        "atop",
        "atop_alliances",
        "polity5",
        "mid_participants",
    ):
        entry = catalog.raw_tables[name]
        tables[name] = read_table(entry.table, tmp_path / entry.source.name / entry.file.file)
    members = members_of(tables["state_system_spells"])
    assert len({code for code, _ in members}) == LARGER
    membership = membership_of(members)
    for name, table in tables.items():
        contract = catalog.raw_tables[name].table
        check(contract, table, membership if contract.membership_key else None)


@pytest.mark.parametrize(
    ("name", "start", "line_end"),
    [
        ("cow_state_system/statelist2024.csv", b"stateabb,", b"\n"),
        ("cow_state_system/system2016.csv", b"stateabb,", b"\r\n"),
        ("cow_state_system/COW country codes.csv", b"StateAbb,", b"\r"),
        ("cow_wars/Inter-StateWarData_v4.0.csv", b"WarNum,", b"\r"),
        ("cow_mid/MIDB 5.0.csv", b"dispnum,", b"\r\n"),
        ("imr_world_bank/API_SP.DYN.IMRT.IN_DS2_en_csv_v2_2.csv", b'"Country Name",', b",\r\n"),
        ("cow_contiguity/DirectContiguity320.zip", b"PK", None),
        ("imr_gapminder/gapdata002.xlsx", b"PK", None),
        ("maddison/MaddisonData.rda", b"BZh", None),
        ("imr_abouharb_kimball/Allen_DiGi_Rep.dta", b"<stata_dta>", None),
        ("rivalries/tss_rivalries.rda", b"BZh", None),
    ],
)
def test_files_have_the_publishers_formats(written, name, start, line_end):
    content = (written[0] / name).read_bytes()
    assert content.startswith(start)
    if line_end is not None:
        assert content.endswith(line_end)
        assert (b"\r" in content, b"\n" in content) == (b"\r" in line_end, b"\n" in line_end)


def test_treaties_give_every_state_the_formations_drawn_for_it(world, read):
    code, year, phase, defense, offense, neutral, consul = numbers(
        read("atop"), "member", "yrent", "phase", "defense", "offense", "neutral", "consul"
    )
    membership = members_of(read("state_system_spells"))
    military = (defense + offense + neutral + consul > 0) & (phase <= 1)
    entered = {
        state_year for state_year in zip(code[military], year[military], strict=True) if state_year in membership
    }
    rows, columns = np.nonzero(world.forms_military)
    drawn = set(zip(world.roster.codes[rows], world.roster.years[columns], strict=True))
    assert entered == drawn


def test_the_treaties_contain_the_difficult_cases(read):
    atop, begun = read("atop"), dict(zip(*numbers(read("atop_alliances"), "atopid", "begyr"), strict=True))
    treaty, code, in_system, entered, left, phase, bilateral, nonaggression = numbers(
        atop, "atopid", "member", "cowsys", "yrent", "yrexit", "phase", "bilat", "nonagg"
    )
    first_phase = {}
    for key, number in zip(zip(treaty, code, strict=True), phase, strict=True):
        first_phase[key] = min(number, first_phase.get(key, number))
    accessions = (entered > np.array([begun[number] for number in treaty])) & (phase == 0)
    assert set(phase) == {0, 1, 2}
    assert any(number == 2 for number in first_phase.values())  # a state that joins only at the renewal
    assert accessions.sum() > 10
    assert {0, 1} == set(in_system) == set(bilateral) == set(nonaggression)
    assert (left == 0).sum() > 20
    assert ((left == 0) | (left >= entered)).all()


def test_the_state_system_contains_the_difficult_cases(read):
    membership = members_of(read("state_system_spells"))
    assert {(255, 1990), (260, 1990), (265, 1990), (678, 1990), (679, 1990), (680, 1990)} <= membership
    assert {(220, 1942), (220, 1944)} <= membership
    assert (220, 1943) not in membership
    assert set(zip(*numbers(read("state_system_years"), "ccode", "year"), strict=True)) == {
        state_year for state_year in membership if state_year[1] <= 2016
    }


def test_capability_shares_sum_to_one_with_missing_components(read):
    table = read("national_capabilities")
    year, cinc = numbers(table, "year", "cinc")
    totals = np.bincount(year.astype(int), weights=cinc)[1816:]
    assert np.allclose(totals, 1, atol=1e-6)
    for name in ("milex", "milper", "irst", "pec", "upop"):
        assert np.isnan(numbers(table, name)[0]).any()


def test_rivals_are_the_pairs_with_three_close_disputes(world, read):
    """Klein-Goertz-Diehl by hand: sides from the participants' file, gaps between years of start."""
    dispute, code, side, year = numbers(read("mid_participants"), "dispnum", "ccode", "sidea", "styear")
    sides: dict[float, tuple[list, list]] = {}
    for number, state, side_a, _ in zip(dispute, code, side, year, strict=True):
        sides.setdefault(number, ([], []))[int(side_a)].append(state)
    started = dict(zip(dispute, year, strict=True))
    met: dict[tuple, list] = {}
    for number, (defenders, attackers) in sides.items():
        assert defenders
        assert attackers
        for one, other in itertools.product(defenders, attackers):
            met.setdefault((min(one, other), max(one, other)), []).append(started[number])
    counted = np.zeros_like(world.conflict.rivals)
    for (one, other), years in met.items():
        years.sort()
        if len(years) >= 3:
            assert max(np.diff(years)) <= 10
            for state in (one, other):
                span = slice(int(years[0]) - 1816, int(years[-1]) - 1815)
                counted[world.roster.index_of(int(state)), span] += 1
    assert np.array_equal(counted, world.conflict.rivals)


def test_mortality_sometimes_rises_and_sometimes_is_constant(read):
    code, year, rate = numbers(read("allen_digiuseppe_2013"), "ccode", "year", "IMR")
    consecutive = (np.diff(code) == 0) & (np.diff(year) == 1)
    change = np.diff(rate)[consecutive & ~np.isnan(np.diff(rate))]
    assert len(change) > 5000
    assert 0.15 < (change > 0).mean() < 0.35
    assert 0.15 < (change == 0).mean() < 0.35


def test_polity_has_its_own_codes_and_two_transition_rows(read):
    code, year, polity2, xrcomp = numbers(read("polity5"), "ccode", "year", "polity2", "xrcomp")
    rows = set(zip(code, year, strict=True))
    assert {(364, 1922), (365, 1922), (364, 1991), (365, 1992), (324, 1850), (769, 1960)} <= rows
    assert {-66, -77, -88} <= set(xrcomp)
    assert np.isnan(polity2).any()
    assert not (polity2 < -10).any()


def test_the_planted_effect_is_recovered_in_the_default_world(world):
    """All member state-years after the first, 1817-2000: every planted coefficient in its 95% interval by state."""
    roster = world.roster
    before = np.r_[0, np.arange(roster.years.size - 1)]
    used = roster.member & roster.member[:, before] & (roster.years > 1816) & (roster.years <= 2000)
    terms = {
        "intercept": np.ones(used.shape),
        "infant_mortality_rate": world.mortality,
        "infant_mortality_rose": world.mortality > world.mortality[:, before],
        "cinc": world.cinc,
        "dispute_rivals": world.conflict.rivals[:, before],
        "w_over_s": winning_coalition_ratio(world.regime)[:, before],
        "years_since_military_formation": years_since(world.forms_military, roster.member),
    }
    matrix = np.column_stack([values[used].astype(float) for values in terms.values()])
    found = fit(world.forms_military[used].astype(float), matrix, LINKS["probit"])
    error = np.sqrt(np.diag(clustered(found, np.nonzero(used)[0])))
    planted = np.array([PLANTED[name] for name in terms])
    assert (np.abs(found.coefficients - planted) < 1.96 * error).all()
    rise = list(terms).index("infant_mortality_rose")
    assert found.coefficients[rise] > 4 * error[rise]


def years_since(forms: np.ndarray, member: np.ndarray) -> np.ndarray:
    """Year by year: years since the last formation, or since entry into the system."""
    elapsed = np.zeros(forms.shape)
    for year in range(1, forms.shape[1]):
        one_more = np.where(forms[:, year - 1], 1, elapsed[:, year - 1] + 1)
        elapsed[:, year] = np.where(member[:, year] & member[:, year - 1], one_more, 0)
    return elapsed


@pytest.fixture(scope="module")
def vouched(catalog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a sample that sample_catalog has written; tests work on copies."""
    folder = tmp_path_factory.mktemp("vouched")
    sample_catalog(catalog, folder)
    return folder


def capabilities_in(catalog, folder: Path):
    """The capabilities' file on record after sample_catalog has looked at the folder, and its path."""
    file = sample_catalog(catalog, folder).raw_tables["national_capabilities"].file
    return file, folder / "cow_nmc" / file.file


def test_the_sample_catalog_has_the_hashes_of_the_files(catalog, vouched):
    for source in sample_catalog(catalog, vouched).sources.values():
        for file in source.files:
            content = (vouched / source.name / file.file).read_bytes()
            assert (file.version, file.size_bytes) == ("synthetic", len(content))
            assert file.sha256 == hashlib.sha256(content).hexdigest()
            assert file.publisher_url is None
            assert file.pinned_url is None


def test_an_existing_sample_is_not_written_again(catalog, vouched, tmp_path):
    folder = Path(shutil.copytree(vouched, tmp_path / "copy"))
    file, path = capabilities_in(catalog, folder)
    path.write_bytes(b"changed by hand")
    again, _ = capabilities_in(catalog, folder)
    assert again == file
    assert path.read_bytes() == b"changed by hand"  # the recorded hash is unchanged, so fetch refuses it


@pytest.mark.parametrize("harm", ["another generator", "a file gone"])
def test_an_outdated_or_incomplete_sample_is_written_again(catalog, vouched, tmp_path, harm):
    folder = Path(shutil.copytree(vouched, tmp_path / "copy"))
    file, path = capabilities_in(catalog, folder)
    if harm == "a file gone":
        path.unlink()
    else:
        path.write_bytes(b"of an older generator")
        record = json.loads((folder / RECORD).read_text())
        (folder / RECORD).write_text(json.dumps(record | {"generator": "older"}))
    assert capabilities_in(catalog, folder)[0] == file
    assert hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256


def test_a_world_with_too_few_states_is_refused(tmp_path):
    with pytest.raises(ValueError, match="at least 20 states, got 19"):
        write_sample_mirror(load_catalog(SOURCES_DIR), tmp_path, states=19)
    assert not list(tmp_path.iterdir())
