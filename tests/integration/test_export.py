"""The export equals the publication cell by cell, as read by independent readers."""

import hashlib
import json
import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import frictionless
import numpy
import pandas
import pyarrow.parquet
import pyreadstat
import pytest
import statsmodels.api

from orchestration.outputs.export.stata import stata_names
from tests.support.shell import REPOSITORY, WAREHOUSE, Shell


def exported(shell: Shell, folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run ``warehouse export`` with environment variables of its own."""
    done = Shell(shell.data_dir, (*shell.variables, *variables.items()))("export", str(folder), *arguments)
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def real_export(real_warehouse: Shell, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported") / "real"
    exported(real_warehouse, folder, TZ="Asia/Tokyo", LC_ALL="C", PYTHONHASHSEED="1")
    return folder


@pytest.fixture(scope="module")
def sample_export(sample_warehouse, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported") / "sample"
    done = exported(sample_warehouse[0], folder)
    assert done.stderr.startswith("SYNTHETIC")
    assert done.stdout.splitlines()[-1].startswith("SYNTHETIC")
    return folder


@dataclass(frozen=True)
class Pair:
    """A published file, what DuckDB reads from it (see published_tables), and its export."""

    published: Path
    tables: dict[str, dict[str, list]]
    folder: Path


@pytest.fixture(scope="module", params=["real", "sample"])
def both(request: pytest.FixtureRequest) -> Pair:
    if request.param == "real":
        shell, folder = request.getfixturevalue("real_warehouse"), request.getfixturevalue("real_export")
    else:
        (shell, _), folder = request.getfixturevalue("sample_warehouse"), request.getfixturevalue("sample_export")
    return Pair(shell.published, published_tables(shell.published), folder)


def published_tables(path: Path) -> dict[str, dict[str, list]]:
    """``schema.table`` -> column -> values in the order of the export, as DuckDB gives them to Python."""
    with duckdb.connect(str(path), read_only=True) as connection:
        names = connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables() where schema_name in ('marts', 'results')"
        ).fetchall()
        tables = {}
        for (name,) in names:
            result = connection.execute(f"from {name} order by all")
            columns = [column[0] for column in result.description]
            tables[name] = dict(zip(columns, map(list, zip(*result.fetchall(), strict=True)), strict=True))
    return tables


def file_of(folder: Path, table: str, ending: str) -> Path:
    schema, name = table.split(".")
    (path,) = [p for p in (folder / schema).glob(f"*{ending}") if p.stem.removeprefix("SYNTHETIC_") == name]
    return path


def files_of(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def plain(values) -> list:
    """A reader's column as Python values, with None for every kind of missing."""
    return [None if pandas.isna(value) else value for value in values]


def test_parquet(both: Pair) -> None:
    """By pyarrow, types included, and by DuckDB's own reader."""
    assert len(list(both.folder.rglob("*.parquet"))) == len(both.tables) >= 10
    for name, columns in both.tables.items():
        file = file_of(both.folder, name, ".parquet")
        read = pyarrow.parquet.read_table(file)
        assert read.to_pydict() == columns, name
        with duckdb.connect(str(both.published), read_only=True) as connection:
            assert connection.execute(
                f"select (select count(*) from (from '{file}' except all from {name})),"
                f" (select count(*) from (from {name} except all from '{file}'))"
            ).fetchone() == (0, 0)
            types = connection.execute(f"select column_name, column_type from (describe {name})").fetchall()
            assert connection.execute(f"select column_name, column_type from (describe '{file}')").fetchall() == types
            codebook = connection.execute(
                "select column_name, description, unit from meta.columns where table_schema || '.' || table_name = ?",
                [name],
            ).fetchall()
        for column, description, unit in codebook:
            metadata = read.schema.field(column).metadata
            assert (metadata[b"description"].decode(), metadata[b"unit"].decode()) == (description, unit)


def test_csv(both: Pair) -> None:
    """By pandas, with the types of datapackage.json only."""
    package = json.loads((both.folder / "datapackage.json").read_text())
    resources = {resource["title"]: resource for resource in package["resources"] if resource["format"] == "csv"}
    dtypes = {"integer": "Int64", "number": "float64", "boolean": "boolean", "string": object, "date": object}
    for name, columns in both.tables.items():
        schema = resources[name]["schema"]
        read = pandas.read_csv(
            both.folder / resources[name]["path"],
            dtype={field["name"]: dtypes[field["type"]] for field in schema["fields"]},
            keep_default_na=False,
            na_values=schema["missingValues"],
        )
        assert list(read) == list(columns)
        for field in schema["fields"]:
            found = plain(read[field["name"]])
            if field["type"] == "date":
                found = [text and date.fromisoformat(text) for text in found]
            assert found == columns[field["name"]], (name, field["name"])


@pytest.mark.parametrize("which", ["sample_export", pytest.param("real_export", marks=pytest.mark.slow)])
def test_frictionless_finds_no_error(request: pytest.FixtureRequest, which: str) -> None:
    """Files, sizes, hashes, types and keys as datapackage.json has them."""
    folder = request.getfixturevalue(which)
    report = frictionless.validate(str(folder / "datapackage.json"))
    assert report.valid, report.flatten(["rowNumber", "fieldNumber", "type", "note"])
    assert len(report.tasks) == 3 * len(list(folder.rglob("*.parquet")))


def test_stata(both: Pair) -> None:
    """By pyreadstat, which is ReadStat's C, and by pandas: values, missing, dates, labels."""
    for name, columns in both.tables.items():
        file = file_of(both.folder, name, ".dta")
        names = stata_names(columns)
        values, about = pyreadstat.read_dta(file, apply_value_formats=False)
        again = pandas.read_stata(file, convert_categoricals=False)
        assert list(values) == list(again) == about.column_names == list(names.values())
        assert name in about.file_label
        for column, expected in columns.items():
            labels = about.variable_value_labels.get(names[column])
            if about.readstat_variable_types[names[column]] == "string":
                expected = [value or "" for value in expected]
            for read in (values, again):
                found = plain(read[names[column]])
                if any(isinstance(value, date) for value in expected):
                    found = [value and (value.date() if isinstance(value, datetime) else value) for value in found]
                elif labels:
                    decoded = {
                        code: text == "true" if text in ("true", "false") else text for code, text in labels.items()
                    }
                    found = [None if value is None else decoded[value] for value in found]
                assert found == expected, (name, column)


def test_stata_labels_and_types(real_export: Path) -> None:
    _, about = pyreadstat.read_dta(real_export / "marts/country_years.dta", metadataonly=True)
    assert about.variable_value_labels["region"][2] == "Europe"
    assert about.variable_value_labels["forms_military_alliance"] == {0: "false", 1: "true"}
    stored = about.readstat_variable_types
    assert (stored["cow_code"], stored["forms_military_alliance"], stored["cinc"]) == ("int16", "int8", "double")
    labels = dict(zip(about.column_names, about.column_labels, strict=True))
    assert all(label and len(label) <= 80 for label in labels.values())
    assert labels["cinc"].startswith("Composite Index of National Capability")
    _, about = pyreadstat.read_dta(real_export / "marts/alliance_entries.dta", metadataonly=True)
    assert about.original_variable_types["entry_date"] == "%td"


def test_the_stata_file_reproduces_the_headline(real_export: Path) -> None:
    """The Stata steps of docs/using-the-data.md, done by pandas and statsmodels, give the numbers on that page."""
    panel = pandas.read_stata(real_export / "marts/country_years.dta", convert_categoricals=False)
    before = panel[["cow_code", "year", "dispute_rivals", "w_over_s"]].assign(year=panel["year"] + 1)
    panel = panel.merge(before, how="left", on=["cow_code", "year"], suffixes=("", "_lag"))
    terms = ["infant_mortality_rate", "infant_mortality_rose", "cinc", "dispute_rivals_lag", "w_over_s_lag"]
    outcome, time = "forms_military_alliance", "years_since_military_formation"
    used = panel[panel["year"] <= 2000].dropna(subset=[outcome, *terms, time])
    knots = numpy.array([0, 1, 4, 7, used[time].max()])

    def cubed(knot: float) -> numpy.ndarray:
        return numpy.maximum(used[time].to_numpy() - knot, 0) ** 3

    def stata_mkspline(knot: float) -> numpy.ndarray:  # the formula in the manual's entry of mkspline, cubic
        bent = cubed(knots[-2]) * (knots[-1] - knot) - cubed(knots[-1]) * (knots[-2] - knot)
        return (cubed(knot) - bent / (knots[-1] - knots[-2])) / (knots[-1] - knots[0]) ** 2

    # Another unit changes only the coefficients of the splines; statsmodels does not converge without it.
    splines = [stata_mkspline(knot) * (knots[-1] / knots[-2]) ** 2 for knot in knots[:3]]
    matrix = numpy.column_stack([used[terms], used[time], *splines, numpy.ones(len(used))])
    fit = statsmodels.api.Probit(used[outcome].to_numpy(), matrix).fit(
        disp=0, cov_type="cluster", cov_kwds={"groups": used["cow_code"].to_numpy(), "use_correction": False}
    )
    clusters = used["cow_code"].nunique()
    error = fit.bse[1] * (clusters / (clusters - 1)) ** 0.5
    page = (REPOSITORY / "docs" / "using-the-data.md").read_text()
    documented = re.search(
        r"([\d,]+) country-years in (\d+) clusters; log pseudolikelihood (\S+); `infant_mortality_rose` (\S+),"
        r" standard\serror (\S+),",
        page,
    ).groups()
    assert documented == (
        f"{len(used):,}", str(clusters), f"{fit.llf:.2f}", f"{fit.params[1]:.4f}"[1:], f"{error:.4f}"[1:]
    )  # fmt: skip
    assert documented == ("7,962", "164", "-1948.80", ".1338", ".0664")


def test_the_same_publication_gives_the_same_bytes(real_warehouse: Shell, real_export: Path, tmp_path: Path) -> None:
    exported(real_warehouse, tmp_path / "again", TZ="America/New_York", LC_ALL="C.UTF-8", PYTHONHASHSEED="2")
    assert files_of(tmp_path / "again") == files_of(real_export)
    checked = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], check=False, cwd=real_export, capture_output=True
    )
    assert checked.returncode == 0
    listed = {line.split("  ", 1)[1] for line in (real_export / "SHA256SUMS").read_text().splitlines()}
    assert listed == set(files_of(real_export)) - {"SHA256SUMS"}


def test_every_file_names_the_publication(real_warehouse: Shell, real_export: Path) -> None:
    publication_id = real_warehouse.sql("select publication_id from meta.publication")
    for name in ("README.txt", "codebook.html", "CITATION.cff", "citations.bib", "datapackage.json"):
        text = (real_export / name).read_text()
        assert publication_id in text, name
        assert "SYNTHETIC" not in text, name
    sources = {source["file"] for source in json.loads((real_export / "datapackage.json").read_text())["sources"]}
    assert len(sources) == int(real_warehouse.sql("select count(*) from meta.sources"))
    licences = json.loads((real_export / "datapackage.json").read_text())["licenses"]
    terms = real_warehouse.sql("select distinct licence from meta.sources order by all").splitlines()
    assert sorted(licence["title"] for licence in licences) == sorted(term.strip('"') for term in terms)


def test_the_codebook_describes_every_column(real_warehouse: Shell, real_export: Path) -> None:
    codebook = pandas.read_csv(real_export / "codebook.csv")
    columns = real_warehouse.sql("select count(*) from meta.columns where table_schema <> 'meta'")
    assert len(codebook) == int(columns)
    assert codebook[["type", "unit", "description", "source", "share_missing"]].notna().all().all()
    cinc = codebook[(codebook["table"] == "marts.country_years") & (codebook["column"] == "cinc")].iloc[0]
    assert (cinc["first_year"], cinc["last_year"]) == (1816, 2022)
    assert codebook["stata_name"].str.len().max() == 32


def test_only_the_selected_tables_are_exported(sample_warehouse, tmp_path: Path) -> None:
    shell, _ = sample_warehouse
    exported(shell, tmp_path / "out", "--format", "csv", "--table", "countries", "--table", "results.models")
    assert {path.name for path in (tmp_path / "out").glob("*/*")} == {"SYNTHETIC_countries.csv", "SYNTHETIC_models.csv"}


def test_a_kept_publication(sample_warehouse, sample_export: Path, tmp_path: Path) -> None:
    shell, _ = sample_warehouse
    kept = max((shell.data_dir / "publications").glob("*.duckdb"))
    exported(shell, tmp_path / "out", "--publication", kept.stem[:12])
    assert files_of(tmp_path / "out") == files_of(sample_export)


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("--table", "country_year"), 1, "Did you mean country_years?"),
        (("--table", "meta.sources"), 1, "Table not found"),
        (("--publication", "1816"), 1, "Publication not found"),
        (("--format", "xlsx"), 2, "choose from parquet, csv, stata"),
    ],
)
def test_invalid_options_are_named(sample_warehouse, tmp_path: Path, arguments, status: int, message: str) -> None:
    done = sample_warehouse[0]("export", str(tmp_path / "out"), *arguments)
    assert done.returncode == status
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_nothing_is_published(tmp_path: Path) -> None:
    done = Shell(tmp_path / "data")("export", str(tmp_path / "out"))
    assert done.returncode == 1
    assert "Nothing is published yet" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.parametrize("limit", [20, 700, 2500])  # blocks of 1,024 bytes: the first, a middle and the largest file
def test_a_file_size_limit_changes_nothing(sample_warehouse, tmp_path: Path, limit: int) -> None:
    shell, _ = sample_warehouse
    exported(shell, tmp_path / "out", "--format", "csv", "--table", "countries")
    before = files_of(tmp_path)
    done = subprocess.run(
        ["bash", "-c", f"ulimit -f {limit}; exec {WAREHOUSE} export {tmp_path / 'out'}"],
        check=False, env=shell.environment(), capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 1
    assert "could not be written" in done.stderr
    assert "Traceback" not in done.stderr
    assert files_of(tmp_path) == before


@pytest.mark.slow
def test_a_killed_export_leaves_the_old_or_the_new_folder(sample_warehouse, tmp_path: Path) -> None:
    shell, _ = sample_warehouse
    out = tmp_path / "out"
    exported(shell, out, "--format", "csv", "--table", "countries")
    old = files_of(out)
    started = time.monotonic()
    exported(shell, tmp_path / "whole")
    whole, lasted = files_of(tmp_path / "whole"), time.monotonic() - started
    for share in (0.3, 0.5, 0.7, 0.8, 0.9, 0.95):
        process = shell.start("export", str(out))
        time.sleep(lasted * share)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        assert files_of(out) in (old, whole), share
    exported(shell, out)
    assert files_of(out) == whole


def test_stata_time_is_that_of_the_publication(real_warehouse: Shell, real_export: Path) -> None:
    with duckdb.connect(str(real_warehouse.published), read_only=True) as connection:
        (published_at,) = connection.execute("select published_at from meta.publication").fetchone()
    with pandas.read_stata(real_export / "marts/countries.dta", iterator=True) as reader:
        assert reader.time_stamp == f"{published_at.astimezone(UTC):%d %b %Y %H:%M}"
