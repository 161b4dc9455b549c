"""The one error a user of the warehouse may see: what is wrong, where, what was expected and found, and what to do next."""

import re

CREDENTIALS = re.compile(r"((?:https?|postgres(?:ql)?):/{1,2})[^/\s@]+@")
QUERY = re.compile(r"(https?:/{1,2}[^\s?]+\?)[^\s'\"]+")


def without_secrets(text: str) -> str:
    """Addresses in the text without user, password and query, where a token may stand."""
    return QUERY.sub(r"\1...", CREDENTIALS.sub(r"\1...@", text))


class WarehouseError(Exception):
    """A failure that the user can act on.

    problem: one sentence saying what is wrong.
    where: source, file, table or place inside it (for example ``atop, atop5_1m.csv, line 17``).
    expected, found: what the warehouse needs and what it met instead.
    next_step: what the user should do.
    No part of it carries what an address keeps secret (without_secrets).
    """

    def __init__(self, problem: str, *, where: str = "", expected: str = "", found: str = "", next_step: str = ""):
        told = (without_secrets(text) for text in (problem, where, expected, found, next_step))
        self.problem, self.where, self.expected, self.found, self.next_step = told
        super().__init__(str(self))

    def __str__(self) -> str:
        labelled = [
            ("where", self.where),
            ("expected", self.expected),
            ("found", self.found),
            ("next", self.next_step),
        ]
        return "\n".join([self.problem, *(f"  {label + ':':<10}{text}" for label, text in labelled if text)])

    def __reduce__(self):
        return _rebuild, (self.problem, self.where, self.expected, self.found, self.next_step)


def _rebuild(problem: str, where: str, expected: str, found: str, next_step: str) -> WarehouseError:
    return WarehouseError(problem, where=where, expected=expected, found=found, next_step=next_step)
