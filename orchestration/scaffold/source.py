"""The files of a new source: record, dbt source, staging model, country mapping, intermediate model."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration.core.errors import WarehouseError
from orchestration.ingest.catalog import UNDECIDED, load_catalog
from orchestration.ingest.contracts import check
from orchestration.ingest.records import RawTable
from orchestration.scaffold import staging, state_years
from orchestration.scaffold.country_codes import CODINGS, COW_NUMBER, CountryCodes
from orchestration.scaffold.dbt_sources import with_raw_table
from orchestration.scaffold.files import Files
from orchestration.scaffold.findings import Findings, examine
from orchestration.scaffold.generated import generated_files
from orchestration.scaffold.names import LONGEST, checked_name, snake_case
from orchestration.scaffold.reading import Location, read_contents
from orchestration.scaffold.record import contract_of, raw_table, record_text

NAME = r"[a-z][a-z0-9_]*"


@dataclass(frozen=True)
class NewSource:
    """A new source that is not written yet.

    Attributes
    ----------
    name : str
        Its name, also of its raw table.
    file : Path
        The publisher's file.
    findings : Findings
        What the file shows.
    contract : RawTable
        Contract of the raw table; the file meets it.
    staging : staging.StagingModel
        The staging model.
    has_state_years : bool
        Whether there is an intermediate model, ``int_<name>``.
    files : Files
        The files to write.
    """

    name: str
    file: Path
    findings: Findings
    contract: RawTable
    staging: staging.StagingModel
    has_state_years: bool
    files: Files


def new_source(
    catalog_dir: Path, dbt_project: Path, file: Path, location: Location, name: str | None, key: Sequence[str] = ()
) -> NewSource:
    """Make the files of a new source from one file of its publisher.

    Parameters
    ----------
    catalog_dir : Path
        Folder of the source records.
    dbt_project : Path
        Folder of the dbt project.
    file : Path
        The publisher's file.
    location : Location
        The table in the file.
    name : str or None
        Name of the source; None for one derived from the file.
    key : sequence of str
        Key columns, where the user names them.

    Returns
    -------
    NewSource
        The texts; nothing is written.

    Raises
    ------
    WarehouseError
        If the file cannot be read or has no key, the name is not valid or taken, or a record on file is not valid.
    """
    name = checked_name(name or snake_case(file.stem), NAME, LONGEST, "life_expectancy")
    catalog = load_catalog(catalog_dir)
    if name in catalog or name in catalog.raw_tables:
        raise WarehouseError(
            "A source or raw table of this name exists already; nothing was written.",
            where=str(catalog_dir),
            expected="a new name",
            found=name,
            next_step="Pass --name NAME; for a new version of a source use `warehouse sources upgrade`.",
        )
    codes = CountryCodes(dbt_project / "seeds")
    contents = read_contents(file, location)
    findings = examine(contents.cells, codes, key)
    table = raw_table(name, contents, findings, codes)
    contract = contract_of(table)
    check(contract, contents.cells, codes.membership() if contract.membership_key else None)
    model = _staging_model(name, contract, findings, contents.labels)
    has_state_years = findings.is_state_years
    folder = dbt_project / "models" / "staging" / name
    new = {
        catalog_dir / f"{name}.yml": record_text(name, file, table),
        folder / f"{model.name}.sql": staging.staging_sql(model),
    }
    has_mapping = has_state_years and findings.countries is not None and findings.countries.match.coding != COW_NUMBER
    new[folder / f"{model.name}.yml"] = staging.staging_yml(
        model, {staging.LABEL: [state_years.labels_test(name)]} if has_mapping else {}
    )
    if has_mapping and findings.countries:
        labels = {str(label) for label in contents.cells[findings.countries.column].to_pylist() if label}
        coding = findings.countries.match.coding
        seed = dbt_project / "seeds" / state_years.mapping_name(name)
        new[seed.with_suffix(".csv")] = state_years.mapping_csv(name, coding, codes.mapping(coding, labels))
        new[seed.with_suffix(".yml")] = state_years.mapping_yml(name, coding)
    if has_state_years:
        folder = dbt_project / "models" / "intermediate" / name
        new[folder / f"int_{name}.sql"] = state_years.state_years_sql(name, model, has_mapping)
        new[folder / f"int_{name}.yml"] = state_years.state_years_yml(name, model)
    sources = dbt_project / "models" / "sources.yml"
    described = f"Cells of {file.name} as published; the record orchestration/sources/{name}.yml describes them."
    changed = generated_files(catalog_dir, dbt_project, [contract])
    changed[sources] = with_raw_table(sources, name, described)
    changed = {path: text for path, text in changed.items() if path.read_text(encoding="utf-8") != text}
    return NewSource(name, file, findings, contract, model, has_state_years, Files(new, changed))


def undecided_lines(record: str) -> list[tuple[int, str]]:
    """List what a person has to decide in a record.

    Parameters
    ----------
    record : str
        Text of the record.

    Returns
    -------
    list of (int, str)
        Line and field.
    """
    lines = enumerate(record.splitlines(), start=1)
    return [(number, line.split(":")[0].strip(" -")) for number, line in lines if line.endswith(f": {UNDECIDED}")]


def _staging_model(name: str, contract: RawTable, findings: Findings, labels: dict[str, str]) -> staging.StagingModel:
    roles: dict[str, tuple[str, str]] = {}
    grain = "records"
    if findings.is_state_years and findings.countries:
        is_cow = findings.countries.match.coding == COW_NUMBER
        described = f"The publisher's own {CODINGS[findings.countries.match.coding]}."
        roles[findings.countries.column] = ("cow_code", "COW state code.") if is_cow else (staging.LABEL, described)
        grain = "state_years" if is_cow else "country_years"
    if findings.year:
        roles[findings.year] = ("year", "Calendar year.")
    return staging.staging_model(f"stg_{name}__{grain}", contract, roles, labels, name)
