"""Write the documentation as static pages that need no network: codebook, models, lineage and guides."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from orchestration.build.manifest import parsed_project, project_lineage
from orchestration.build.process import output_of, run_dbt
from orchestration.core.errors import WarehouseError
from orchestration.core.files import replace_folder
from orchestration.core.locks import REFRESH, hold
from orchestration.core.settings import DBT_PROJECT, REPOSITORY, Settings
from orchestration.outputs.lineage_picture import Asset, lineage_svg
from orchestration.publication.kept import find
from orchestration.publication.origins import raw_columns
from orchestration.query.run import described_tables, open_published, rows_of

TEMPLATES = Path(__file__).parent / "templates"
GUIDES = {
    "using-the-data": ("Using the data", "examples in R, Stata, Python and SQL"),
    "operating": ("Operating", "schedules, alerts, upgrades, failures and error messages"),
    "lake": ("The shared lake", "several machines on one PostgreSQL server: setup, readers, retention, backup"),
}
WAIT_SECONDS = 60  # most refreshes end within a minute
NO_NETWORK = (
    '<meta http-equiv="Content-Security-Policy"'
    " content=\"default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'\">"
)

Rows = list[dict[str, Any]]


def write_documentation(settings: Settings, folder: Path, assets: Mapping[str, Asset]) -> Path:
    """Write the documentation of the current publication; a previous one in the folder is replaced in one step.

    Parameters
    ----------
    settings : Settings
        Settings of the warehouse.
    folder : Path
        A new or empty folder, or one with a previous documentation.
    assets : Mapping of str to Asset
        Every asset of the pipeline by name, for the lineage.

    Returns
    -------
    Path
        ``index.html`` in the folder.

    Raises
    ------
    WarehouseError
        If nothing is published, dbt cannot document the models, or the folder has other files or cannot be written.
    """
    if folder.exists() and not (folder / "models.html").exists() and any(folder.iterdir()):
        raise WarehouseError(
            "Refusing to overwrite a folder with other files.",
            where=str(folder),
            expected="a new or empty folder, or one with a previous documentation",
            found="files that are not a documentation of this warehouse",
            next_step="Pass another folder as --output.",
        )
    publication, tables, sources = _published(settings)
    try:
        with replace_folder(folder) as new:
            (new / "models.html").write_text(_models_page(settings, folder), encoding="utf-8")
            _write_pages(settings, assets, new, folder, publication, tables, sources)
    except OSError as error:
        raise WarehouseError(
            "The documentation could not be written; the previous one is unchanged.",
            where=str(folder),
            expected="a writable folder on a disk with free space",
            found=error.strerror or str(error),
            next_step="Free disk space, correct the permissions, or pass another folder as --output.",
        ) from error
    return folder / "index.html"


def _published(settings: Settings) -> tuple[dict[str, Any], Rows, Rows]:
    """Row of meta.publication, the codebook by table with the raw columns of each, and rows of meta.sources."""
    current = find(settings)
    (publication,) = rows_of(current, "select * from meta.publication")
    with open_published(current) as connection:
        descriptions = described_tables(connection)
    columns = rows_of(
        current,
        "select table_schema || '.' || table_name as name, * from meta.columns"
        " order by list_position(['marts', 'results', 'meta'], table_schema), table_name, position",
    )
    tables = [
        {"name": name, "description": descriptions.get(name, ""), "columns": list(rows)}
        for name, rows in groupby(columns, key=lambda row: row["name"])
    ]
    results = [table["name"].removeprefix("results.") for table in tables if table["name"].startswith("results.")]
    made_from = raw_columns(project_lineage(settings), results)
    for table in tables:
        for column in table["columns"]:
            column["raw_columns"] = made_from.get((table["name"], column["column_name"]), {})
    return publication, tables, rows_of(current, "select * from meta.sources order by source, file")


def _write_pages(
    settings: Settings,
    assets: Mapping[str, Asset],
    new: Path,
    folder: Path,
    publication: dict[str, Any],
    tables: Rows,
    sources: Rows,
) -> None:
    import jinja2
    from markdown_it import MarkdownIt

    (new / "lineage.svg").write_text(lineage_svg(assets), encoding="utf-8")
    templates = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True)

    def write(name: str, template: str, title: str, **content: object) -> None:
        page = templates.get_template(template).render(title=title, publication=publication, **content)
        (new / f"{name}.html").write_text(page, encoding="utf-8")

    pages = [
        ("codebook.html", "Codebook", "every published column with unit, meaning, source and coverage"),
        ("models.html", "Models", "SQL, tests, columns and lineage of every model"),
    ]
    for name, (title, summary) in GUIDES.items():
        text = (REPOSITORY / "docs" / f"{name}.md").read_text(encoding="utf-8")
        for guide in GUIDES:
            text = text.replace(f"]({guide}.md)", f"]({guide}.html)")
        body = MarkdownIt("commonmark").enable("table").render(text.partition("\n")[2])
        write(name, "guide.html.j2", title, body=body)
        pages.append((f"{name}.html", title, summary))
    report = settings.presentation_dir / "report.html"
    if report.exists():
        pages.append((os.path.relpath(report, folder), "Report", "what the results say and what they cannot say"))
    write("codebook", "codebook.html.j2", "Codebook", tables=tables)
    alt = f"{len(assets)} assets in six columns: raw tables, staging, intermediate models, marts, results, publication"
    write("index", "index.html.j2", "Alliance-formation warehouse", pages=pages, sources=sources, lineage_alt=alt)


def _models_page(settings: Settings, folder: Path) -> str:
    """dbt's documentation of the models as one page that loads nothing from the network.

    dbt works on a copy of build.duckdb beside ``folder``, so that no refresh finds the file open.
    """
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as scratch:
        page = _document_models(settings, Path(scratch))
    return page.replace("<head>", f"<head>{NO_NETWORK}", 1)


def _document_models(settings: Settings, scratch: Path) -> str:
    target = scratch / "target"
    target.mkdir()
    with hold(settings.lock_path, REFRESH, WAIT_SECONDS):
        built = settings.build_path.exists()
        if built:
            shutil.copyfile(settings.build_path, scratch / settings.build_path.name)
        kept = (
            settings.dbt_target_dir
            if (settings.dbt_target_dir / "manifest.json").exists()
            else parsed_project(settings)
        )
        for name in ("manifest.json", "partial_parse.msgpack"):
            shutil.copyfile(kept / name, target / name)
    arguments = ["--static", "--no-compile", *([] if built else ["--empty-catalog"])]
    done = run_dbt(
        settings.without_lake(), "docs", "generate", "--target", "build", *arguments, target=target, work_dir=scratch
    )
    if done.returncode:
        raise WarehouseError(
            "dbt cannot document the models.",
            where=str(DBT_PROJECT),
            expected="dbt docs generate without an error",
            found=output_of(done),
            next_step="Fix what dbt names, then build the models with warehouse run.",
        )
    return (target / "static_index.html").read_text(encoding="utf-8")
