"""The declaration of raw tables to dbt, ``models/sources.yml``."""

import re
from pathlib import Path

import yaml

from orchestration.core.errors import WarehouseError
from orchestration.scaffold.yaml_text import yaml_text

ENTRY = re.compile(r"^( *)- name: ")


def with_raw_table(path: Path, name: str, description: str) -> str:
    """Add a raw table to the declaration.

    Parameters
    ----------
    path : Path
        The declaration; its last list is that of the raw tables.
    name : str
        Name of the raw table.
    description : str
        What it holds.

    Returns
    -------
    str
        The text with the table as last entry, otherwise unchanged.

    Raises
    ------
    WarehouseError
        If the text is not arranged like this.
    """
    text = path.read_text(encoding="utf-8")
    indents = [found[1] for line in text.splitlines() if (found := ENTRY.match(line))]
    entry = yaml_text([{"name": name, "description": description}])
    added = text.rstrip("\n") + "\n" + "".join(f"{indents[-1]}{line}\n" for line in entry.splitlines())
    if _tables(added) != [*_tables(text), name]:
        raise WarehouseError(
            "The declaration of the raw tables has an unknown form; nothing was written.",
            where=str(path),
            expected="the list of raw tables at the end of the file",
            found="another arrangement",
            next_step="Move the list to the end of the file.",
        )
    return added


def _tables(text: str) -> list[str]:
    try:
        return [table["name"] for source in yaml.safe_load(text)["sources"] for table in source["tables"]]
    except (yaml.YAMLError, KeyError, TypeError):
        return []
