"""Re-estimate the headline model with one thing changed at a time."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from analysis.core import tables
from analysis.core.arrays import Floats, Integers, Mask
from analysis.core.conventions import HEADLINE_COVARIANCE
from analysis.core.errors import ModelError
from analysis.core.panel import column_values, prepare
from analysis.core.specification import Model, Sample, Term
from analysis.design.effects import add_state_means
from analysis.design.matrix import Design, build, codes, select_rows
from analysis.estimators.bias_reduction import bias_reduced
from analysis.estimators.links import LINKS
from analysis.inference.conditional_logit import fit_conditional_logit
from analysis.inference.covariance import clustered
from analysis.inference.fitting import fit_checked
from analysis.inference.wald import wald
from analysis.studies.estimation import sample_size
from analysis.studies.imputation import IMPUTATIONS, METHOD, PERIOD, completed_panels
from analysis.studies.kimball import HEADLINE_MODEL, MORTALITY, RATE, ROSE, headline_model
from analysis.studies.permutation import PERMUTATIONS, permutation_rows
from analysis.studies.pooling import pool

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
    random effects of Mundlak); a logit with an effect of every state, which is conditioned out; bias reduction;
    multiple imputation of missing mortality; each state left out in turn; and the mortality of each state shifted along
    its years. ``errors`` says for each row how they are estimated.

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
    Chamberlain (1980), Review of Economic Studies 47(1): 225-238.
    Kosmidis & Firth (2009), Biometrika 96(4): 793-804.
    """
    panel = prepare(panel)
    headline = headline_model()
    rows = []
    for check, detail, data, model in _variants(panel, headline):
        rows += _checked(check, detail, partial(_model_rows, data, model))
    rows += _checked("state means", "all time-varying terms", partial(_mundlak_rows, panel, headline))
    rows += _checked("conditional logit", "an effect of every state", partial(_conditional_rows, panel, headline))
    rows += _checked("bias reduction", "Kosmidis & Firth 2009", partial(_bias_reduced_rows, panel, headline))
    rows += _checked(
        "multiple imputation",
        f"m = {IMPUTATIONS}: {METHOD}",
        partial(imputed_rows, panel, headline, IMPUTATIONS),
    )
    rows += _left_out_rows(panel, headline)
    rows += _checked(
        "permutation", f"{PERMUTATIONS} circular shifts within states", partial(permutation_rows, panel, headline)
    )
    return tables.frame("robustness", rows, is_synthetic)


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
        ``problem`` gives the number of imputed state-years, how many of them are a rise beside the observed share in
        the same periods, and the fraction of missing information.

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
        periods = panel["year"].to_numpy()[design.rows] // PERIOD
        alike = _share_in_same_periods(rose, drawn, periods)
        rises = f", {rose[drawn].mean():.0%} of them a rise (of the others {rose[~drawn].mean():.0%}; of the others "
        rises += f"weighted to the same periods of {PERIOD} years {alike:.0%})"
    rows = []
    for number, name in enumerate(names):
        # With nothing missing there would be states - 1 degrees of freedom, as errors are clustered by state.
        pooled = pool(np.array(estimates)[:, number], np.array(variances)[:, number], int(design.states.max()))
        note = f"imputed, not observed: {int(drawn.sum())} of the state-years{rises}; "
        note += f"fraction of missing information {pooled.missing_information:.2f}"
        rows.append(
            sample_size(design)
            | {"term": name, "errors": f"{HEADLINE_COVARIANCE}, pooled by Rubin's rules", "problem": note}
            | wald(pooled.estimate, pooled.std_error, pooled.degrees_of_freedom)
        )
    return rows


def _share_in_same_periods(rose: Floats, drawn: Mask, periods: Integers) -> float:
    """Share of rises among the observed rows, weighted by the number of drawn ones in each period with both."""
    code = codes(periods)
    observed, weights = np.bincount(code[~drawn], minlength=code.max() + 1), np.bincount(code, weights=drawn)
    share = np.bincount(code[~drawn], weights=rose[~drawn], minlength=code.max() + 1) / np.maximum(observed, 1)
    weights = np.where(observed > 0, weights, 0.0)
    return float(weights @ share / weights.sum()) if weights.sum() else np.nan


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
    design = build(panel, model)
    return _fit_rows(add_state_means(design, design.plain), model)


def _conditional_rows(panel: pd.DataFrame, model: Model) -> Rows:
    """States whose outcome does not vary say nothing about years of the same state, and are counted."""
    fitted = fit_conditional_logit(build(panel, model))
    note = (
        f"log odds, not the probit's scale; {fitted.rows_left_out} state-years left out: {fitted.states_never} states "
    )
    note += f"never form an alliance in the sample, {fitted.states_always} do in every year"
    rows = []
    for name in (name for name in MORTALITY if name in fitted.terms):
        position = fitted.terms.index(name)
        error = float(np.sqrt(fitted.covariance[position, position]))
        rows.append(
            sample_size(fitted.design)
            | {"term": name, "errors": HEADLINE_COVARIANCE, "problem": note}
            | wald(float(fitted.coefficients[position]), error, int(fitted.design.states.max()))
        )
    if not rows:
        raise ModelError("no mortality term varies within states")
    return rows


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
            | {"term": name, "errors": HEADLINE_COVARIANCE, "problem": "; ".join(warnings) or None}
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
        errors = {"term": name, "errors": "expected information, not clustered"}
        rows.append(sample_size(design) | errors | wald(float(result.coefficients[position]), error))
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
        remaining = select_rows(design, cow_codes != code)
        rows += _checked(check, f"cow_code {code}", partial(_fit_rows, remaining, headline))
    return rows


def _mortality_positions(design: Design) -> dict[str, int]:
    """Columns of the mortality terms that are in the fit, by name."""
    return {name: design.terms.index(name) for name in MORTALITY if name in design.terms}
