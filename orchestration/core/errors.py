"""The error that a user of the warehouse sees: what failed, where, what was expected and found, and how to fix it."""

import re

CREDENTIALS = re.compile(r"((?:https?|postgres(?:ql)?):/{1,2})[^/\s@]+@")
QUERY = re.compile(r"(https?:/{1,2}[^\s?]+\?)[^\s'\"]+")


def without_secrets(text: str) -> str:
    """Remove user, password and query string from every address in a text.

    Parameters
    ----------
    text : str
        Any text that may hold addresses, for example an error message of a library.

    Returns
    -------
    str
        The text with ``...`` in place of credentials and query strings.
    """
    return QUERY.sub(r"\1...", CREDENTIALS.sub(r"\1...@", text))


class WarehouseError(Exception):
    """A failure that the user can act on.

    No part of it carries the credentials of an address (see `without_secrets`).

    Parameters
    ----------
    problem : str
        One sentence that says what failed.
    where : str
        Source, file, table, line or column (for example ``atop, atop5_1m.csv, line 17``).
    expected, found : str
        What the warehouse needs, and what it found instead.
    next_step : str
        How to fix it, as an imperative.
    """

    def __init__(
        self, problem: str, *, where: str = "", expected: str = "", found: str = "", next_step: str = ""
    ) -> None:
        self.problem = without_secrets(problem)
        self.where = without_secrets(where)
        self.expected = without_secrets(expected)
        self.found = without_secrets(found)
        self.next_step = without_secrets(next_step)
        super().__init__(str(self))

    def __str__(self) -> str:
        labelled = [
            ("where", self.where),
            ("expected", self.expected),
            ("found", self.found),
            ("next", self.next_step),
        ]
        return "\n".join([self.problem, *(f"  {label + ':':<10}{text}" for label, text in labelled if text)])

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (self.problem, self.where, self.expected, self.found, self.next_step)


def _rebuild(problem: str, where: str, expected: str, found: str, next_step: str) -> WarehouseError:
    return WarehouseError(problem, where=where, expected=expected, found=found, next_step=next_step)
