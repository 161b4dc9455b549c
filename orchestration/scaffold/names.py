"""Names of the warehouse, made from published ones."""

import re

from orchestration.core.errors import WarehouseError

LINE = 120  # characters
LONGEST = 28  # of a name; the names of its tests then have at most 60 characters


def snake_case(text: str) -> str:
    """Bring a published name into the form of the warehouse's names.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        Lower case letters, digits and single underscores, starting with a letter.
    """
    name = re.sub(r"[^a-z0-9]+", "_", text.casefold()).strip("_")
    return name if name[:1].isalpha() else f"c_{name}".rstrip("_")


def checked_name(name: str, pattern: str, longest: int, example: str) -> str:
    """Check the name of a source or model.

    Parameters
    ----------
    name : str
        The name.
    pattern : str
        Regular expression for the whole name.
    longest : int
        Largest number of characters.
    example : str
        A valid name.

    Returns
    -------
    str
        The name.

    Raises
    ------
    WarehouseError
        If it is not valid.
    """
    if re.fullmatch(pattern, name) and len(name) <= longest:
        return name
    raise WarehouseError(
        "The name is not valid.",
        where=name,
        expected=f"at most {longest} lower case letters, digits and underscores, such as {example}",
        found=f"{len(name)} characters: {name}",
        next_step="Choose another name; for a source with --name NAME.",
    )


def sql_comment(text: str) -> str:
    """Write a comment of SQL.

    Parameters
    ----------
    text : str
        One paragraph.

    Returns
    -------
    str
        Lines that start with ``--``.
    """
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) > LINE - 4:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "".join(f"-- {line}\n" for line in lines)


def jinja_string(text: str) -> str:
    """Write a string of Jinja.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        In single quotes, with escapes.
    """
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
