"""Re-estimate the headline model with one thing changed at a time."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core import tables
from analysis.core.conventions import INTERVAL_TAILS, SEED
from analysis.core.errors import ModelError
from analysis.core.panel import column_values, prepare
from analysis.core.specification import CONSTANT, Model, Sample, Term
from analysis.design.matrix import Design, build, codes, independent_columns
from analysis.estimators.bias_reduction import bias_reduced
from analysis.estimators.likelihood import fit
from analysis.estimators.links import LINKS
from analysis.inference.covariance import clustered
from analysis.inference.fitting import fit_checked
from analysis.inference.wald import wald
from analysis.studies.estimation import sample_size
from analysis.studies.imputation import IMPUTATIONS, METHOD, completed_panels
from analysis.studies.kimball import HEADLINE_MODEL, MORTALITY, RATE, ROSE, headline_model
from analysis.studies.pooling import pool

PERMUTATIONS = 499
WITHOUT_SUSPECT = Sample("without suspect rates", 1816, 2000, "infant_mortality_is_suspect", equals=1, negate=True)
SAMPLES = (
    Sample("1900-2000", 1900, 2000),
    Sample("1816-1944", 1816, 1944),
    Sample("1945-2000", 1945, 2000),
    WITHOUT_SUSPECT,
)
SOURCES = ("imr_abouharb_kimball", "imr_gapminder", "imr_world_bank", "imr_un_igme", "child_mortality_rate")
DECADES = range(1810, 2001, 10)
LEFT_OUT = "without one state"
Rows = list[dict[str, Any]]


def robustness(panel: pd.DataFrame, is_synthetic: bool = False) -> pd.DataFrame:
    """Check the headline model against other links, samples, series, lags, controls, estimators and resamples.

    The checks are: the headline model itself; other links; other samples, one of them without the
    rates that look like errors; other mortality series; lags of mortality,
    and leads as placebos (the future cannot have an effect); decade effects; state means of the terms (the correlated
    random effects of Mundlak); bias reduction; multiple imputation of missing mortality; each state left out in turn;
    and mortality permuted among the years of each state. Errors are clustered by state.

    Parameters
    ----------
    panel : DataFrame
        One row per ``cow_code`` and ``year``, in any order.
    is_synthetic : bool, default False
        Whether the panel is the synthetic sample; written to the table.

    Returns
    -------
    DataFrame
        One row per check and mortality term, columns as in ``tables.COLUMN_DOCS["robustness"]``. A check that cannot
        be made has one row, whose ``problem`` gives the reason.

    Raises
    ------
    AnalysisError
        If the panel has no valid key.

    References
    ----------
    Mundlak (1978), Econometrica 46(1): 69-85.
    Kosmidis & Firth (2009), Biometrika 96(4): 793-804.
    """
    panel = prepare(panel)
    headline = headline_model()
    rows = []
    for check, detail, data, model in _variants(panel, headline):
        rows += _checked(check, detail, partial(_model_rows, data, model))
    rows += _checked("state means", "all time-varying terms", partial(_mundlak_rows, panel, headline))
    rows += _checked("bias reduction", "Kosmidis & Firth 2009", partial(_bias_reduced_rows, panel, headline))
    rows += _checked(
        "multiple imputation",
        f"m = {IMPUTATIONS}: {METHOD}",
        partial(imputed_rows, panel, headline, IMPUTATIONS),
    )
    rows += _left_out_rows(panel, headline)
    rows += _checked("permutation", f"{PERMUTATIONS} draws", partial(_permutation_rows, panel, headline))
    return tables.frame("robustness", rows, is_synthetic)


def mundlak(panel: pd.DataFrame, model: Model) -> Design:
    """Estimation sample of a model, with the state means of its terms as further terms.

    Parameters
    ----------
    panel : DataFrame
        A prepared panel.
    model : Model
        The model whose terms, without time dependence and constant, get state means over the estimation sample.

    Returns
    -------
    Design
        The added terms are named ``<term>_state_mean`` and come before the constant.

    Raises
    ------
    ModelError
        If the model has no estimation sample.

    References
    ----------
    Mundlak (1978), Econometrica 46(1): 69-85.
    """
    design = build(panel, model)
    counts = np.bincount(design.states)
    columns = [design.matrix[:, design.terms.index(name)] for name in design.plain]
    means = [(np.bincount(design.states, weights=column) / counts)[design.states] for column in columns]
    terms = [*design.terms[:-1], *(f"{name}_state_mean" for name in design.plain), CONSTANT]
    matrix = np.column_stack([design.matrix[:, :-1], *means, design.matrix[:, -1]])
    independent, notes = independent_columns(matrix, terms)
    return replace(
        design,
        matrix=np.ascontiguousarray(matrix[:, independent]),
        terms=[terms[position] for position in independent],
        dropped=design.dropped + notes,
    )


def imputed_rows(panel: pd.DataFrame, model: Model, imputations: int) -> Rows:
    """Estimate a model on panels with imputed mortality and pool the estimates by Rubin's rules.

    Parameters
    ----------
    panel : DataFrame
        A prepared panel; it is not changed.
    model : Model
        The model, whose first two terms are the rate and the rise of infant mortality.
    imputations : int
        Number of completed panels, at least 2.

    Returns
    -------
    list of dict
        One row per mortality term, columns as in ``tables.COLUMN_DOCS["robustness"]``. Errors are clustered by state;
        ``problem`` gives the number of imputed state-years and the fraction of missing information.

    Raises
    ------
    ModelError
        If mortality cannot be imputed, or the model cannot be estimated on a completed panel.
    """
    names = [term.name for term in model.terms[:2]]
    estimates, variances = [], []
    for completed in completed_panels(panel, model, imputations):
        design = build(completed, model)
        absent = [name for name in names if name not in design.terms]
        if absent:
            raise ModelError(f"{absent[0]} cannot be estimated on a completed panel: {'; '.join(design.dropped)}")
        fitted, _ = fit_checked(design, model)
        positions = [design.terms.index(name) for name in names]
        estimates.append(fitted.coefficients[positions])
        variances.append(np.diag(clustered(fitted, design.states))[positions])
    rose = column_values(completed, ROSE)[design.rows]
    drawn = np.isnan(column_values(panel, RATE) + column_values(panel, ROSE))[design.rows]
    rises = ""
    if 0 < drawn.sum() < len(drawn):
        rises = f", {rose[drawn].mean():.0%} of them a rise (of the others {rose[~drawn].mean():.0%})"
    rows = []
    for number, name in enumerate(names):
        # With nothing missing there would be states - 1 degrees of freedom, as errors are clustered by state.
        pooled = pool(np.array(estimates)[:, number], np.array(variances)[:, number], int(design.states.max()))
        note = f"imputed, not observed: {int(drawn.sum())} of the state-years{rises}; "
        note += f"fraction of missing information {pooled.missing_information:.2f}"
        rows.append(
            sample_size(design)
            | {"term": name, "problem": note}
            | wald(pooled.estimate, pooled.std_error, pooled.degrees_of_freedom)
        )
    return rows


def _checked(check: str, detail: str, estimate: Callable[[], Rows]) -> Rows:
    """The rows of one check, or one row with the reason why it could not be made."""
    empty = _empty_row(check, detail)
    try:
        return [empty | row for row in estimate()]
    except ModelError as error:
        return [empty | {"problem": str(error)}]


def _empty_row(check: str, detail: str) -> dict[str, Any]:
    return dict.fromkeys(tables.COLUMN_DOCS["robustness"]) | {"check": check, "detail": detail}


def _variants(panel: pd.DataFrame, headline: Model) -> Iterator[tuple[str, str, pd.DataFrame, Model]]:
    """Check, detail, panel and model of every check that only changes the model."""
    yield "headline", HEADLINE_MODEL, panel, headline
    for link in LINKS:
        if link != headline.link:
            yield "link", link, panel, replace(headline, link=link)
    for sample in SAMPLES:
        yield "sample", sample.name, panel, replace(headline, sample=sample)
    others = headline.terms[2:]
    for source in SOURCES:
        terms = (Term(source), Term(source, 0, "rose"), *others)
        yield "mortality series", source, panel, replace(headline, terms=terms)
    for lag in (1, -1, -2, -3):
        check = "lag of mortality" if lag > 0 else "lead of mortality (placebo)"
        yield check, f"{abs(lag)} years", panel, replace(headline, terms=(Term(RATE, lag), Term(ROSE, lag), *others))
    decade = panel["year"] // 10 * 10
    decades = {f"decade_{start}": (decade == start).astype(float) for start in DECADES}
    terms = (*headline.terms, *(Term(name) for name in decades))
    yield "decade effects", "one per decade", panel.assign(**decades), replace(headline, terms=terms)


def _model_rows(panel: pd.DataFrame, model: Model) -> Rows:
    return _fit_rows(build(panel, model), model)


def _mundlak_rows(panel: pd.DataFrame, model: Model) -> Rows:
    return _fit_rows(mundlak(panel, model), model)


def _fit_rows(design: Design, model: Model) -> Rows:
    """One row for each of the first two terms of the model, the mortality terms, that is in the fit."""
    fitted, warnings = fit_checked(design, model)
    covariance = clustered(fitted, design.states)
    names = [term.name for term in model.terms[:2] if term.name in design.terms]
    if not names:
        raise ModelError("; ".join(design.dropped))
    rows = []
    for name in names:
        position = design.terms.index(name)
        error = float(np.sqrt(covariance[position, position]))
        rows.append(
            sample_size(design)
            | {"term": name, "problem": "; ".join(warnings) or None}
            | wald(float(fitted.coefficients[position]), error, int(design.states.max()))
        )
    return rows


def _bias_reduced_rows(panel: pd.DataFrame, model: Model) -> Rows:
    """Errors from the expected information: bias reduction has no clustered covariance of its own."""
    design = build(panel, model)
    result = bias_reduced(design.outcome, design.matrix, LINKS["probit"])
    if not result.converged:
        raise ModelError("bias reduction did not converge")
    rows = []
    for name, position in _mortality_positions(design).items():
        error = float(np.sqrt(result.covariance[position, position]))
        rows.append(sample_size(design) | {"term": name} | wald(float(result.coefficients[position]), error))
    return rows


def _left_out_rows(panel: pd.DataFrame, headline: Model) -> Rows:
    """The headline model without each state of its sample in turn."""
    check = LEFT_OUT
    try:
        design = build(panel, headline)
    except ModelError as error:
        return [_empty_row(check, "all") | {"problem": str(error)}]
    cow_codes = panel["cow_code"].to_numpy()[design.rows]
    rows = []
    for code in np.unique(cow_codes):
        remaining = _selected(design, cow_codes != code)
        rows += _checked(check, f"cow_code {code}", partial(_fit_rows, remaining, headline))
    return rows


def _selected(design: Design, rows: npt.NDArray[np.bool_]) -> Design:
    """A part of an estimation sample, with its states and years renumbered from 0."""
    return replace(
        design,
        outcome=design.outcome[rows],
        matrix=np.ascontiguousarray(design.matrix[rows]),
        states=codes(design.states[rows]),
        years=codes(design.years[rows]),
    )


def _permutation_rows(panel: pd.DataFrame, model: Model) -> Rows:
    """Test the headline's z, clustered by state, against its distribution under permutation.

    The mortality terms of a state-year are exchanged together with those of other years of the same state. The p-value
    is two-sided; the interval holds the middle 95 per cent of z under permutation.
    """
    design = build(panel, model)
    generator = np.random.default_rng(SEED)
    positions = list(_mortality_positions(design).values())
    observed, drawn = _z_values(design, model, positions), np.empty((PERMUTATIONS, len(positions)))
    for draw in range(PERMUTATIONS):
        # The rows of a design are sorted by state, so that sorting by state leaves each row in its own state.
        shuffled = np.lexsort((generator.random(len(design.states)), design.states))
        matrix = design.matrix.copy()
        matrix[:, positions] = design.matrix[shuffled][:, positions]
        drawn[draw] = _z_values(replace(design, matrix=matrix), model, positions)
    rows = []
    for number, position in enumerate(positions):
        low, high = np.quantile(drawn[:, number], INTERVAL_TAILS)
        as_large = int((np.abs(drawn[:, number]) >= abs(observed[number])).sum())
        rows.append(
            sample_size(design)
            | {
                "term": design.terms[position],
                "statistic": float(observed[number]),
                "p_value": (1 + as_large) / (1 + PERMUTATIONS),
                "conf_low": float(low),
                "conf_high": float(high),
            }
        )
    return rows


def _z_values(design: Design, model: Model, positions: list[int]) -> npt.NDArray[np.float64]:
    fitted = fit(design.outcome, design.matrix, LINKS[model.link])
    return fitted.coefficients[positions] / np.sqrt(np.diag(clustered(fitted, design.states)))[positions]


def _mortality_positions(design: Design) -> dict[str, int]:
    """Columns of the mortality terms that are in the fit, by name."""
    return {name: design.terms.index(name) for name in MORTALITY if name in design.terms}
