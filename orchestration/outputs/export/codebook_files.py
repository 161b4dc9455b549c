"""Write the codebook of an export, for programs (codebook.csv) and for readers (codebook.html)."""

from pathlib import Path

from jinja2 import Environment

from orchestration.outputs.export.content import Content
from orchestration.outputs.export.delimited import write_rows
from orchestration.outputs.export.stata import stata_names

COLUMNS = (
    "table",
    "column",
    "stata_name",
    "type",
    "unit",
    "description",
    "source",
    "first_year",
    "last_year",
    "share_missing",
)

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 1.5rem auto; max-width: 75rem; padding: 0 1rem; color: #1a1a1a; }
h2, li { overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.875rem; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.6rem; border-bottom: 1px solid #ccc; }
td.number { text-align: right; white-space: nowrap; }
td.meaning { min-width: 18rem; }
.synthetic { background: #b00020; color: #fff; padding: 0.5rem 1rem; font-weight: bold; }
@media print { body { font-size: 10pt; max-width: none; } .wide { overflow: visible; } }
</style>
</head>
<body>
{% if synthetic %}<p class="synthetic">{{ publication.note }}</p>{% endif %}
<h1>{{ title }}</h1>
<p>Publication {{ publication.publication_id }}, {{ publication.published_at.strftime("%Y-%m-%d %H:%M") }} UTC.
0 is an observed zero; missing means not observed.</p>
<ul>
{% for table in tables %}<li><a href="#{{ table.full_name }}">{{ table.full_name }}</a>: {{ table.description }}</li>
{% endfor %}</ul>
{% for table in tables %}
<h2 id="{{ table.full_name }}">{{ table.full_name }}</h2>
<p>{{ table.description }} {{ "{:,}".format(table.data.num_rows) }} rows
{%- if table.key %}; one for each {{ table.key | join(", ") }}{% endif %}.</p>
<div class="wide">
<table>
<thead><tr><th>column</th><th>type</th><th>unit</th><th>meaning</th><th>source</th><th>years</th><th>missing</th></tr>
</thead>
<tbody>
{% for column in table.columns %}<tr><td><code>{{ column.name }}</code></td><td>{{ column.kind }}</td>
<td>{{ column.unit }}</td><td class="meaning">{{ column.description }}</td><td>{{ column.source }}</td>
<td class="number">{% if column.first_year is not none %}{{ column.first_year }}-{{ column.last_year }}{% endif %}</td>
<td class="number">{{ "{:.1%}".format(column.share_missing) }}</td></tr>
{% endfor %}</tbody>
</table>
</div>
{% endfor %}
</body>
</html>
"""


def write_codebook(folder: Path, content: Content) -> None:
    """Write codebook.csv and codebook.html.

    Parameters
    ----------
    folder : Path
        Folder of the export.
    content : Content
        The tables to describe.
    """
    rows = []
    for table in content.tables:
        names = stata_names(column.name for column in table.columns)
        rows += [
            (
                table.full_name,
                column.name,
                names[column.name],
                column.kind,
                column.unit,
                column.description,
                column.source,
                column.first_year,
                column.last_year,
                column.share_missing,
            )
            for column in table.columns
        ]
    write_rows(folder / "codebook.csv", COLUMNS, rows)
    title = "Codebook of the alliance-formation warehouse"
    page = Environment(autoescape=True).from_string(PAGE)
    text = page.render(
        title=f"SYNTHETIC: {title}" if content.is_synthetic else title,
        synthetic=content.is_synthetic,
        publication=content.publication,
        tables=content.tables,
    )
    (folder / "codebook.html").write_text(text + "\n", encoding="utf-8")
