"""Regression tables from the published results, in the layout of political science journals."""

from collections.abc import Sequence
from math import floor, log10

import pandas as pd

from analysis.core.conventions import HEADLINE_COVARIANCE
from analysis.core.errors import AnalysisError
from analysis.reporting.table_formats import RegressionTable

STARS = ((0.001, "***"), (0.01, "**"), (0.05, "*"))
STAR_LEGEND = "* p < 0.05, ** p < 0.01, *** p < 0.001 (two-sided)"
SYNTHETIC = "SYNTHETIC sample: the numbers say nothing about the world."
UNCERTAINTY = {
    "stata_robust": "robust standard errors (Stata's: sandwich times n/(n-1))",
    "cluster_state": "standard errors clustered by state, times G/(G-1)",
    "cluster_state_jackknife": "standard errors of the linearised jackknife by state (CV3, one Newton step per state)",
    "cluster_state_year": "standard errors clustered by state and by year (two-way)",
    "score_bootstrap": "95 per cent intervals of the score cluster bootstrap by state",
}
RULES = {
    "military": "military (any obligation but pure non-aggression)",
    "defense": "defense",
    "any": "any (every alliance, whatever its obligations)",
}
TERM_LABELS = {
    "cinc": "Capabilities (CINC)",
    "w_over_s": "W/S",
    "published_w_over_s_lagged": "W/S of the published file (1 year before)",
    "published_dispute_rivals_lagged": "Rivals of the published file (1 year before)",
    "published_years_since_formation": "Years since formation (btscs)",
    "relevant_environment_disputes": "Disputes in the relevant environment",
    "infant_mortality_rate": "Infant mortality (deaths per 1,000 births)",
    "infant_mortality_rose": "Infant mortality rose (0/1)",
}
SIZE_ROWS = (  # label, column of results.models, format
    ("State-years (n)", "n", "{:,.0f}"),
    ("Formations (events)", "events", "{:,.0f}"),
    ("States", "clusters", "{:,.0f}"),
    ("Excluded: missing values", "n_dropped_missing", "{:,.0f}"),
    ("Log-likelihood", "log_likelihood", "{:,.2f}"),
    ("Pseudo-R² (McFadden)", "pseudo_r2", "{:.3f}"),
)


def regression_table(
    models: pd.DataFrame,
    coefficients: pd.DataFrame,
    names: Sequence[str],
    covariance: str = HEADLINE_COVARIANCE,
) -> RegressionTable:
    """Regression table of some models, one column each.

    A model that could not be fitted has no column; the note names it with the reason.

    Parameters
    ----------
    models : DataFrame
        ``results.models``.
    coefficients : DataFrame
        ``results.coefficients``.
    names : sequence of str
        Models of the table, in this order.
    covariance : str, default HEADLINE_COVARIANCE
        Covariance whose standard errors or intervals are shown; a key of UNCERTAINTY.

    Returns
    -------
    RegressionTable
        Two rows per term (estimate with stars; standard error or interval), the constant last, then SIZE_ROWS.

    Raises
    ------
    AnalysisError
        If a model or the covariance is unknown, a fitted model has no n or no coefficients, or no model is left.
    """
    if covariance not in UNCERTAINTY:
        raise AnalysisError(f"unknown covariance {covariance!r}; available: {', '.join(UNCERTAINTY)}")
    fitted, failed = _fitted_and_failed(models, names)
    chosen = coefficients[
        (coefficients["covariance"] == covariance) & coefficients["model"].isin(fitted.index)
    ].sort_values("term_order", kind="stable")
    without = fitted.index.difference(pd.Index(chosen["model"]))
    if len(without):
        raise AnalysisError(f"no coefficients under {covariance} for {', '.join(without)} in results.coefficients")
    order = chosen["term_order"].astype(float).groupby(chosen["term"]).mean()
    terms = sorted(chosen["term"].unique(), key=lambda term: (term == "constant", order[term]))
    estimates = [row for term in terms for row in _term_rows(chosen[chosen["term"] == term], list(fitted.index))]
    sizes = [
        (label, ["" if pd.isna(value) else number_format.format(value) for value in fitted[column]])
        for label, column, number_format in SIZE_ROWS
    ]
    labels, cells = zip(*estimates, *sizes, strict=True)
    return RegressionTable(
        pd.DataFrame(list(cells), index=list(labels), columns=[short_name(name) for name in fitted.index]),
        _caption(fitted),
        _note(fitted, failed, covariance),
        "95% interval" if covariance == "score_bootstrap" else "standard error",
        len(SIZE_ROWS),
    )


def table_groups(models: pd.DataFrame) -> dict[str, list[str]]:
    """Group the models that belong in one table: those of one table of a publication, obligation rule and variant.

    Parameters
    ----------
    models : DataFrame
        ``results.models``, named ``<publication>/<table>_<model>[/<rule or variant>]``.

    Returns
    -------
    dict of str to list of str
        Models by the name of the group, which is usable as a file name. A group without any fitted model is left out.
    """
    groups: dict[str, list[str]] = {}
    for model, rule in zip(models["model"], models["rule"], strict=True):
        publication, _, rest = model.partition("/")
        number, _, variant = rest.partition("/")
        parts = (publication, number.rpartition("_")[0], rule, variant if variant != rule else "")
        groups.setdefault("_".join(str(part) for part in parts if pd.notna(part) and part), []).append(model)
    fitted = set(models["model"][models["converged"].astype(bool)])
    return {name: members for name, members in groups.items() if fitted.intersection(members)}


def stars(p_value: float) -> str:
    """Stars of a p-value, as in STAR_LEGEND.

    Parameters
    ----------
    p_value : float
        Two-sided p-value; NaN has no stars.

    Returns
    -------
    str
    """
    return next((mark for limit, mark in STARS if p_value < limit), "")


def term_label(term: str) -> str:
    """Label of a term, e.g. ``"Dispute rivals (1 year before)"`` for ``"dispute_rivals_lag_1"``.

    Parameters
    ----------
    term : str
        Term as in ``results.coefficients``.

    Returns
    -------
    str
    """
    name, _, lag = term.partition("_lag_")
    words = TERM_LABELS.get(name) or name.replace("_spline_", ", spline ").replace("_", " ").capitalize()
    return f"{words} ({lag} year{'s' if lag != '1' else ''} before)" if lag else words


def short_name(model: str) -> str:
    """Name of a model without its publication, e.g. ``"t1_m2a/defense"``.

    Parameters
    ----------
    model : str
        Model as in ``results.models``.

    Returns
    -------
    str
    """
    return model.split("/", 1)[-1]


def model_label(model: str, sample: str) -> str:
    """Name a model in words, for the axis of a figure.

    Parameters
    ----------
    model : str
        Model as in ``results.models``.
    sample : str
        Its sample, e.g. ``"1816-2000"``.

    Returns
    -------
    str
        The years, and what else distinguishes it: e.g. ``"1900-2000, with environment, as published"``. "Environment"
        stands for the disputes in the relevant environment, which the article's table 2 adds.
    """
    table, _, variant = short_name(model).partition("/")
    parts = [sample, "with environment" if table.startswith("t2_") else "", variant.replace("_", " ")]
    return ", ".join(part for part in parts if part and part not in RULES)


def _fitted_and_failed(models: pd.DataFrame, names: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of results.models for `names`, indexed by model: those fitted, and those that could not be."""
    rows = models.set_index("model")
    unknown = [name for name in names if name not in rows.index]
    if unknown:
        raise AnalysisError(f"no model {unknown[0]!r} in results.models; available: {', '.join(rows.index)}")
    rows = rows.loc[list(names)]
    failed = rows[~rows["converged"].astype(bool) & rows["problem"].notna()]
    fitted = rows.drop(index=failed.index)
    if fitted.empty:
        raise AnalysisError(
            f"no table: none of {', '.join(names)} could be fitted; the reasons are in results.models.problem"
        )
    without = fitted.index[fitted["n"].isna()]
    if len(without):
        raise AnalysisError(f"no table without its n: results.models has none for {', '.join(without)}")
    return fitted, failed


def _term_rows(chosen: pd.DataFrame, names: list[str]) -> list[tuple[str, list[str]]]:
    """The row of estimates of one term, starred, and below it that of their standard errors or intervals."""
    by_model = chosen.set_index("model").reindex(names)
    width = by_model["std_error"].fillna((by_model["conf_high"] - by_model["conf_low"]) / 4.0)
    digits = _decimals(width)
    above, below = [], []
    for row in by_model.to_dict("records"):
        if pd.isna(row["estimate"]):
            above.append("")
            below.append("")
            continue
        above.append(f"{row['estimate']:.{digits}f}{stars(row['p_value'])}")
        if pd.notna(row["std_error"]):
            below.append(f"({row['std_error']:.{digits}f})")
        else:
            low, high = ("?" if pd.isna(row[end]) else f"{row[end]:.{digits}f}" for end in ("conf_low", "conf_high"))
            below.append(f"[{low}; {high}]")
    return [(term_label(chosen["term"].iloc[0]), above), ("", below)]


def _decimals(errors: pd.Series) -> int:
    """Three; for errors below 0.01 or above 10, as many as show the smallest error with two significant digits."""
    smallest = errors[errors > 0].min()
    return 3 if pd.isna(smallest) or 0.01 <= smallest < 10 else max(0, 1 - floor(log10(smallest)))


def _caption(fitted: pd.DataFrame) -> str:
    outcomes, samples = _joined(fitted["outcome"]), _joined(fitted["sample"])
    mark = "SYNTHETIC sample. " if fitted["is_synthetic"].any() else ""
    publications = ", ".join(dict.fromkeys(name.split("/")[0] for name in fitted.index))
    return f"{mark}{_joined(fitted['family']).capitalize()} of {outcomes}, {samples} ({publications})"


def _note(fitted: pd.DataFrame, failed: pd.DataFrame, covariance: str) -> str:
    sentences = [SYNTHETIC] if fitted["is_synthetic"].any() else []
    sentences.append(f"Coefficients of the linear index; below them {UNCERTAINTY[covariance]}. {STAR_LEGEND}.")
    rules = [RULES.get(rule, rule) for rule in fitted["rule"].dropna().unique()]
    if rules:
        sentences.append(f"Obligation rule: {'; '.join(rules)}.")
    dropped = [f"{name}: {text}" for name, text in _by_model(fitted["terms_dropped"])]
    sentences.append(f"Terms dropped: {'; '.join(dropped) if dropped else 'none'}.")
    sentences += [f"Note on {name}: {text}." for name, text in _by_model(fitted["problem"])]
    sentences += [f"Not estimated: {name} ({text})." for name, text in _by_model(failed["problem"])]
    sentences.append(f"Mart {_joined(fitted['mart_fingerprint'].str[:12])}.")
    return " ".join(sentences)


def _by_model(texts: pd.Series) -> list[tuple[str, str]]:
    """Short name and text of every model that has one; `texts` is indexed by model."""
    return [(short_name(str(name)), text) for name, text in texts.dropna().items()]


def _joined(values: pd.Series) -> str:
    return ", ".join(str(value) for value in values.dropna().unique())
