"""Formations by pairs of states: a panel of undirected dyads from the state-years, the dyad-years and the treaties."""

import numpy as np
import pandas as pd

from analysis.core.arrays import Integers
from analysis.core.specification import Model, Sample, Term, TimeDependence
from analysis.studies.kimball import CONTROLS, RATE, ROSE, headline_model

FORMS, FORMS_BILATERAL = "forms_alliance", "forms_bilateral_alliance"
TREATY = {FORMS: "treaty", FORMS_BILATERAL: "bilateral_treaty"}
CONTIGUOUS, RIVALS, ALLIED, TIME = "is_contiguous", "are_dispute_rivals", "owes_any", "years_since_alliance"
DYAD_COLUMNS = ("cow_code", "partner_code", "year", ALLIED, TIME, "contiguity_class", RIVALS)
SUMMED = (RATE, ROSE, *(term.column for term in CONTROLS))
DYAD_FACTOR = 1_000  # lower code * DYAD_FACTOR + higher code is one sortable integer per dyad; state codes are below it
MEMBERS = ["first_code", "second_code"]


def summed(column: str) -> str:
    """Name of the sum of a column of the state-years over the two members of a dyad."""
    return f"{column}_sum"


def dyad_models() -> tuple[Model, ...]:
    """The headline model for pairs of states: formations by any military treaty, and by bilateral ones.

    Returns
    -------
    tuple of Model
        On panels from `dyad_panel`.

    Notes
    -----
    The members of an undirected dyad have no order, so that the variables of both must have the same coefficient. The
    sum does this: a member's index is added to that of the other, and the coefficient of the rise is that of a rise in
    one member, in the unit of the state-year model. The maximum or the minimum of both would make the effect of one
    state's mortality depend on that of the other. Beside the headline controls there are those that only pairs have:
    contiguity, rivalry of the two, and whether they were allied in the year before.
    """
    headline = headline_model()
    terms = (
        *(Term(summed(term.column), term.lag) for term in headline.terms),
        Term(RIVALS, 1),
        Term(CONTIGUOUS),
        Term(ALLIED, 1),
    )
    years = Sample(headline.sample.name, headline.sample.first_year, headline.sample.last_year)
    return tuple(
        Model(f"dyads/{name}", outcome, terms, years, TimeDependence(TIME), rule=headline.rule)
        for name, outcome in (("military", FORMS), ("military_bilateral", FORMS_BILATERAL))
    )


def formations(entries: pd.DataFrame, rule: str) -> pd.DataFrame:
    """Find the years in which a treaty began to bind both members of a dyad.

    Parameters
    ----------
    entries : DataFrame
        Entries of states into alliances, as in marts.alliance_entries: ``cow_code``, ``atop_id``, ``phase``,
        ``entry_date``, ``entry_year``, ``exit_date``, ``is_new``, ``is_bilateral`` and ``has_<rule>``.
    rule : str
        Obligation rule; one of the two members must have the obligation.

    Returns
    -------
    DataFrame
        One row per dyad-year with a formation: ``dyad``, ``year``, ``treaty`` and ``bilateral_treaty``. If several
        treaties form in it, the treaty is the one with the lowest number. Members outside the state system are there.

    Notes
    -----
    The entry of the member that entered last must be new, as a state's formation is in the state-year models. The other
    must be a member on that day.
    """
    columns = ["atop_id", "phase", "cow_code", "entry_date", "exit_date", "is_bilateral", f"has_{rule}"]
    new = entries.loc[entries["is_new"].astype(bool), [*columns, "entry_year"]]
    pairs = new.merge(entries[columns], on=["atop_id", "phase"], suffixes=("", "_of_other"))
    owes = pairs[f"has_{rule}"].astype(bool) | pairs[f"has_{rule}_of_other"].astype(bool)
    entered, left = pairs["entry_date"], pairs["exit_date_of_other"]
    together = (pairs["entry_date_of_other"] <= entered) & (left.isna() | (left >= entered))
    pairs = pairs[owes & together & (pairs["cow_code"] != pairs["cow_code_of_other"])]
    found = pd.DataFrame(
        {
            "dyad": _dyad(pairs["cow_code"], pairs["cow_code_of_other"]),
            "year": pairs["entry_year"].astype("int64"),
            "treaty": pairs["atop_id"].astype("float64"),
            "bilateral_treaty": pairs["atop_id"].astype("float64").where(pairs["is_bilateral"].astype(bool)),
        }
    )
    return found.groupby(["dyad", "year"], as_index=False).min()


def dyad_panel(panel: pd.DataFrame, dyad_years: pd.DataFrame, entries: pd.DataFrame) -> pd.DataFrame:
    """Make the panel of undirected dyads.

    Parameters
    ----------
    panel : DataFrame
        One row per state and year, with the columns of the headline model.
    dyad_years : DataFrame
        As in marts.dyad_years, with the columns DYAD_COLUMNS; each dyad may be there once or in both directions.
    entries : DataFrame
        As for `formations`.

    Returns
    -------
    DataFrame
        One row per dyad and year. ``cow_code`` is the code of the dyad, so that lags and designs are those of any
        panel; ``first_code`` and ``second_code`` are the members. A sum is missing where either member's value is.
    """
    dyad_years = dyad_years[dyad_years["cow_code"] < dyad_years["partner_code"]]
    states = panel[["cow_code", "year", *SUMMED]].astype(dict.fromkeys(SUMMED, "float64"))
    of_first = dyad_years[["cow_code", "year"]].merge(states, how="left", on=["cow_code", "year"])
    partners = dyad_years[["partner_code", "year"]].rename(columns={"partner_code": "cow_code"})
    of_second = partners.merge(states, how="left", on=["cow_code", "year"])
    dyads = pd.DataFrame(
        {
            "dyad": _dyad(dyad_years["cow_code"], dyad_years["partner_code"]),
            "year": dyad_years["year"].to_numpy("int64"),
            **dict(zip(MEMBERS, (dyad_years[name].to_numpy() for name in ("cow_code", "partner_code")), strict=True)),
            **{summed(name): (of_first[name] + of_second[name]).to_numpy() for name in SUMMED},
            **{name: dyad_years[name].to_numpy() for name in (ALLIED, TIME, RIVALS)},
            CONTIGUOUS: (dyad_years["contiguity_class"] > 0).where(dyad_years["contiguity_class"].notna()).to_numpy(),
        }
    )
    dyads = dyads.merge(formations(entries, str(headline_model().rule)), how="left", on=["dyad", "year"])
    for outcome, treaty in TREATY.items():
        dyads[outcome] = dyads[treaty].notna()
    return dyads.rename(columns={"dyad": "cow_code"})


def _dyad(one: "pd.Series[int]", other: "pd.Series[int]") -> Integers:
    codes = one.to_numpy("int64"), other.to_numpy("int64")
    return np.minimum(*codes) * DYAD_FACTOR + np.maximum(*codes)
