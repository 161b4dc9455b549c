"""``warehouse docs``: the documentation as static pages that need no network: codebook, models, lineage, how to use it."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

from orchestration.build.manifest import parsed_project
from orchestration.build.process import output_of, run_dbt
from orchestration.core.errors import WarehouseError
from orchestration.core.locks import REFRESH, hold
from orchestration.core.settings import DBT_PROJECT, REPOSITORY, Settings
from orchestration.outputs.lineage_picture import Asset, lineage_svg
from orchestration.publication.kept import find
from orchestration.query.run import described_tables, open_published, rows_of

TEMPLATES = Path(__file__).parent / "templates"
GUIDES = {
    "using-the-data": ("Using the data", "examples in R, Stata, Python and SQL"),
    "operating": ("Operating", "schedules, alerts, upgrades, faults and what each message means"),
    "lake": ("The shared lake", "several machines on one PostgreSQL: recipe, readers, what is kept, backup"),
}
WAIT_SECONDS = 60  # a refresh under way ends within a minute or is a long one
NO_NETWORK = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'\">"


def write_documentation(settings: Settings, folder: Path, assets: Mapping[str, Asset]) -> Path:
    """Write the pages into ``folder``, replaced whole once all are there, and return its index.html.

    WarehouseError where nothing is published, dbt cannot document the models, or the disk does not take the pages.
    """
    if folder.exists() and not (folder / "models.html").exists() and any(folder.iterdir()):
        raise WarehouseError(
            "The folder holds something else; the documentation would replace it.",
            where=str(folder),
            expected="a new or empty folder, or one with an earlier documentation",
            next_step="warehouse docs --output DIR with another DIR",
        )
    publication, tables, sources = _published(settings)
    old = folder.with_name(f".{folder.name}.old")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as scratch:
            new = Path(scratch) / "pages"
            new.mkdir()
            (new / "models.html").write_text(_models_page(settings, Path(scratch)), encoding="utf-8")
            _write_pages(settings, assets, new, folder, publication, tables, sources)
            shutil.rmtree(old, ignore_errors=True)
            if folder.exists():
                folder.rename(old)
            new.rename(folder)
            shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise WarehouseError(
            "The documentation could not be written.",
            where=str(folder),
            found=error.strerror or str(error),
            next_step="free space or mend the permissions, or name another folder with --output",
        ) from error
    return folder / "index.html"


def _published(settings: Settings) -> tuple[dict, list[dict], list[dict]]:
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
    return publication, tables, rows_of(current, "select * from meta.sources order by source, file")


def _write_pages(
    settings: Settings,
    assets: Mapping[str, Asset],
    new: Path,
    folder: Path,
    publication: dict,
    tables: list[dict],
    sources: list[dict],
) -> None:
    import jinja2
    from markdown_it import MarkdownIt

    (new / "lineage.svg").write_text(lineage_svg(assets), encoding="utf-8")
    templates = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True)

    def write(name: str, template: str, title: str, **content: object) -> None:
        page = templates.get_template(template).render(title=title, publication=publication, **content)
        (new / f"{name}.html").write_text(page, encoding="utf-8")

    pages = [
        {
            "href": "codebook.html",
            "name": "Codebook",
            "told": "every published column with unit, meaning, source, coverage",
        },
        {
            "href": "models.html",
            "name": "Models",
            "told": "the SQL of every model, its tests, its columns and its lineage",
        },
    ]
    for name, (title, told) in GUIDES.items():
        text = (REPOSITORY / "docs" / f"{name}.md").read_text(encoding="utf-8")
        for guide in GUIDES:
            text = text.replace(f"]({guide}.md)", f"]({guide}.html)")
        body = MarkdownIt("commonmark").enable("table").render(text.partition("\n")[2])
        write(name, "guide.html.j2", title, body=body)
        pages.append({"href": f"{name}.html", "name": title, "told": told})
    report = settings.presentation_dir / "report.html"
    if report.exists():
        href = os.path.relpath(report, folder)
        pages.append({"href": href, "name": "Report", "told": "what the results say and what they cannot say"})
    write("codebook", "codebook.html.j2", "Codebook", tables=tables)
    alt = f"{len(assets)} assets in six columns: raw tables, staging, intermediate models, marts, results, publication"
    write("index", "index.html.j2", "Alliance-formation warehouse", pages=pages, sources=sources, lineage_alt=alt)


def _models_page(settings: Settings, scratch: Path) -> str:
    """dbt's documentation of the models as one page, which may load nothing from anywhere.

    dbt works on a copy of build.duckdb, so that no refresh finds the file open.
    """
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
            found=output_of(done),
            next_step="mend what dbt names; warehouse run builds the models anew",
        )
    page = (target / "static_index.html").read_text(encoding="utf-8")
    return page.replace("<head>", f"<head>{NO_NETWORK}", 1)
