"""Does the headline result survive? The headline model re-estimated with one thing changed at a time."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.core import tables
from analysis.core.errors import ModelError
from analysis.core.panel import column_values, prepare
from analysis.core.specification import Model, Sample, Term
from analysis.design.matrix import CONSTANT, Design, build, independent_columns
from analysis.estimators.bias_reduction import bias_reduced
from analysis.estimators.likelihood import fit
from analysis.estimators.links import LINKS
from analysis.inference.covariance import clustered
from analysis.studies.estimation import fit_checked, wald
from analysis.studies.imputation import IMPUTATIONS, METHOD, completed_panels, pool
from analysis.studies.kimball import HEADLINE_MODEL, KIMBALL_2010

PERMUTATIONS = 499
SEED = 20100407
RATE, ROSE = "infant_mortality_rate", "infant_mortality_rose"
SAMPLES = (Sample("1900-2000", 1900, 2000), Sample("1816-1944", 1816, 1944), Sample("1945-2000", 1945, 2000))
SOURCES = ("imr_abouharb_kimball", "imr_gapminder", "imr_world_bank", "child_mortality_rate")
FIRST_DECADE, LAST_DECADE = 1810, 2000


def robustness(panel: pd.DataFrame, is_synthetic: bool = False) -> pd.DataFrame:
    """One row per check and mortality term, columns as in tables.COLUMN_DOCS["robustness"]; errors clustered by state.

    The headline model as it is; its links; other samples; other mortality series; the lead of mortality in place of
    mortality (a placebo: the future cannot act); decade effects; state means beside the terms (Mundlak's correlated
    random effects); bias reduction; missing mortality imputed; each state left out in turn; and mortality permuted among
    the years of each state.
    """
    panel = prepare(panel)
    headline = next(model for model in KIMBALL_2010 if model.name == HEADLINE_MODEL)
    rows = []
    for check, detail, data, model in variants(panel, headline):
        rows += checked(check, detail, lambda data=data, model=model: fitted_rows(build(data, model), model))
    rows += checked("state means", "all time-varying terms", lambda: fitted_rows(mundlak(panel, headline), headline))
    rows += checked("bias reduction", "Kosmidis & Firth 2009", lambda: bias_reduced_rows(build(panel, headline)))
    rows += checked(
        "multiple imputation", f"m = {IMPUTATIONS}: {METHOD}", lambda: imputed_rows(panel, headline, IMPUTATIONS)
    )
    rows += left_out_rows(panel, headline)
    rows += checked("permutation", f"{PERMUTATIONS} draws", lambda: permutation_rows(build(panel, headline), headline))
    return tables.frame("robustness", rows, is_synthetic)


def checked(check: str, detail: str, estimate) -> list[dict]:
    """The rows `estimate` returns, or the one row that says why it could not."""
    empty = checked_row(check, detail)
    try:
        return [empty | row for row in estimate()]
    except ModelError as error:
        return [empty | {"problem": str(error)}]


def checked_row(check: str, detail: str) -> dict:
    return dict.fromkeys(tables.COLUMN_DOCS["robustness"]) | {"check": check, "detail": detail}


def variants(panel: pd.DataFrame, headline: Model) -> Iterator[tuple[str, str, pd.DataFrame, Model]]:
    """Check, detail, panel and model of every variant that is itself a model."""
    yield "headline", HEADLINE_MODEL, panel, headline
    for link in LINKS:
        if link != headline.link:
            yield "link", link, panel, replace(headline, link=link)
    for sample in SAMPLES:
        yield "sample", sample.name, panel, replace(headline, sample=sample)
    others = headline.terms[2:]
    for source in SOURCES:
        yield (
            "mortality series",
            source,
            panel,
            replace(headline, terms=(Term(source), Term(source, 0, "rose"), *others)),
        )
    for lag in (1, -1, -2, -3):
        word = "lag of mortality" if lag > 0 else "lead of mortality (placebo)"
        yield word, f"{abs(lag)} years", panel, replace(headline, terms=(Term(RATE, lag), Term(ROSE, lag), *others))
    decade = panel["year"] // 10 * 10
    decades = {f"decade_{start}": (decade == start).astype(float) for start in range(FIRST_DECADE, LAST_DECADE + 1, 10)}
    terms = (*headline.terms, *(Term(name) for name in decades))
    yield "decade effects", "one per decade", panel.assign(**decades), replace(headline, terms=terms)


def fitted_rows(design: Design, model: Model) -> list[dict]:
    """One row for each of the first two terms, the mortality ones, that is in the fit."""
    fitted, warnings = fit_checked(design, model)
    covariance = clustered(fitted, design.states)
    names = [term.name for term in model.terms[:2] if term.name in design.terms]
    if not names:
        raise ModelError("; ".join(design.dropped))
    places = {name: design.terms.index(name) for name in names}
    return [
        size(design)
        | {"term": name, "problem": "; ".join(warnings) or None}
        | wald(float(fitted.coefficients[place]), float(np.sqrt(covariance[place, place])), int(design.states.max()))
        for name, place in places.items()
    ]


def size(design: Design) -> dict:
    return {"n": len(design.outcome), "events": int(design.outcome.sum()), "clusters": int(design.states.max()) + 1}


def mundlak(panel: pd.DataFrame, model: Model) -> Design:
    """The model's sample with the state's mean of every term that is not time dependence, over that sample, added."""
    design = build(panel, model)
    counts = np.bincount(design.states)
    places = [design.terms.index(name) for name in design.plain]
    means = [(np.bincount(design.states, weights=design.matrix[:, place]) / counts)[design.states] for place in places]
    terms = [*design.terms[:-1], *(f"{name}_state_mean" for name in design.plain), CONSTANT]
    matrix = np.column_stack([design.matrix[:, :-1], *means, design.matrix[:, -1]])
    independent, notes = independent_columns(matrix, terms)
    return replace(
        design,
        matrix=np.ascontiguousarray(matrix[:, independent]),
        terms=[terms[place] for place in independent],
        dropped=design.dropped + notes,
    )


def bias_reduced_rows(design: Design) -> list[dict]:
    """Errors from the expected information: bias reduction has no clustered covariance of its own."""
    result = bias_reduced(design.outcome, design.matrix, LINKS["probit"])
    if not result.converged:
        raise ModelError("bias reduction did not converge")
    places = {name: design.terms.index(name) for name in (RATE, ROSE) if name in design.terms}
    return [
        size(design)
        | {"term": name}
        | wald(float(result.coefficients[place]), float(np.sqrt(result.covariance[place, place])))
        for name, place in places.items()
    ]


def imputed_rows(panel: pd.DataFrame, model: Model, imputations: int) -> list[dict]:
    """The model on panels in which missing mortality is drawn, pooled by Rubin's rules; the panel stays as it is.

    Complete degrees of freedom: states - 1, as errors are clustered by state. `problem` tells how much is drawn.
    """
    names = [term.name for term in model.terms[:2]]
    estimates, variances = [], []
    for completed in completed_panels(panel, model, imputations):
        design = build(completed, model)
        absent = [name for name in names if name not in design.terms]
        if absent:
            raise ModelError(f"{absent[0]} cannot be estimated on a completed panel: {'; '.join(design.dropped)}")
        fitted, _ = fit_checked(design, model)
        places = [design.terms.index(name) for name in names]
        estimates.append(fitted.coefficients[places])
        variances.append(np.diag(clustered(fitted, design.states))[places])
    rose = column_values(completed, ROSE)[design.rows]
    drawn = np.isnan(column_values(panel, RATE) + column_values(panel, ROSE))[design.rows]
    rises = ""
    if 0 < drawn.sum() < len(drawn):
        rises = f", {rose[drawn].mean():.0%} of them a rise (of the others {rose[~drawn].mean():.0%})"
    rows = []
    for place, name in enumerate(names):
        pooled = pool(np.array(estimates)[:, place], np.array(variances)[:, place], int(design.states.max()))
        note = f"imputed, not observed: {int(drawn.sum())} of the state-years{rises}; "
        note += f"fraction of missing information {pooled.missing_information:.2f}"
        rows.append(size(design) | {"term": name, "problem": note} | pooled.row())
    return rows


def left_out_rows(panel: pd.DataFrame, headline: Model) -> list[dict]:
    """The headline model without each state of its sample in turn."""
    try:
        design = build(panel, headline)
    except ModelError as error:
        return [checked_row("without one state", "all") | {"problem": str(error)}]
    codes = panel["cow_code"].to_numpy()[design.rows]
    rows = []
    for code in np.unique(codes):
        rest = codes != code
        part = replace(
            design,
            outcome=design.outcome[rest],
            matrix=np.ascontiguousarray(design.matrix[rest]),
            states=np.unique(design.states[rest], return_inverse=True)[1],
            years=np.unique(design.years[rest], return_inverse=True)[1],
        )
        rows += checked("without one state", f"cow_code {code}", lambda part=part: fitted_rows(part, headline))
    return rows


def permutation_rows(design: Design, model: Model) -> list[dict]:
    """Mortality terms exchanged, together, among the years of each state: the share of permutations with as large a z.

    The statistic is the headline's z clustered by state; the p-value two-sided. The interval is that of z under
    permutation, so that a statistic outside it is one that shuffled mortality rarely has.
    """
    generator = np.random.default_rng(SEED)
    places = [design.terms.index(name) for name in (RATE, ROSE) if name in design.terms]
    observed, drawn = z_values(design, model, places), np.empty((PERMUTATIONS, len(places)))
    for draw in range(PERMUTATIONS):
        shuffled = np.lexsort((generator.random(len(design.states)), design.states))
        matrix = design.matrix.copy()
        matrix[:, places] = design.matrix[
            np.ix_(shuffled, places)
        ]  # rows lie sorted by state, so each stays in its own
        drawn[draw] = z_values(replace(design, matrix=matrix), model, places)
    return [
        size(design)
        | {
            "term": design.terms[place],
            "statistic": float(observed[number]),
            "p_value": (1 + int((np.abs(drawn[:, number]) >= abs(observed[number])).sum())) / (1 + PERMUTATIONS),
            "conf_low": float(np.quantile(drawn[:, number], 0.025)),
            "conf_high": float(np.quantile(drawn[:, number], 0.975)),
        }
        for number, place in enumerate(places)
    ]


def z_values(design: Design, model: Model, places: list[int]) -> np.ndarray:
    fitted = fit(design.outcome, design.matrix, LINKS[model.link])
    return fitted.coefficients[places] / np.sqrt(np.diag(clustered(fitted, design.states)))[places]
