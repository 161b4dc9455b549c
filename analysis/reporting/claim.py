"""The sentence on the claim that rising demand for social policy raises alliance formation, from results alone."""

import pandas as pd

from analysis.core.conventions import HEADLINE_COVARIANCE, SIGNIFICANCE_LEVEL
from analysis.core.errors import AnalysisError
from analysis.studies.kimball import HEADLINE_MODEL, ROSE
from analysis.studies.validation import BY_STATE, DIFFERENCE, FORWARD, WITH, WITHOUT

TERM = ROSE
SCHEME_WORDS = {FORWARD: "forward in time", BY_STATE: "for states left out"}
CLAIM = "That rising demand for social policy raises alliance formation"


def claim_sentence(
    models: pd.DataFrame,
    coefficients: pd.DataFrame,
    marginal_effects: pd.DataFrame,
    specification_curve: pd.DataFrame | None = None,
    validation: pd.DataFrame | None = None,
) -> str:
    """Direction, size, uncertainty, robustness to specification and out-of-sample value of the claim in one sentence.

    Parameters
    ----------
    models, coefficients, marginal_effects, specification_curve, validation
        As in `claim_parts`.

    Returns
    -------
    str
        The clauses of `claim_parts`, separated by semicolons.

    Raises
    ------
    AnalysisError
        As in `claim_parts`.
    """
    parts = claim_parts(models, coefficients, marginal_effects, specification_curve, validation)
    return "; ".join(text for _, text in parts) + "."


def claim_parts(
    models: pd.DataFrame,
    coefficients: pd.DataFrame,
    marginal_effects: pd.DataFrame,
    specification_curve: pd.DataFrame | None = None,
    validation: pd.DataFrame | None = None,
) -> list[tuple[str, str]]:
    """The clauses of the sentence on the claim, each with its topic.

    Parameters
    ----------
    models, coefficients, marginal_effects : DataFrame
        The results tables of these names.
    specification_curve, validation : DataFrame, optional
        The results tables of these names; if one is None, its clause states that it was not run.

    Returns
    -------
    list of (str, str)
        Topic and clause. One clause only, with the reason, if the headline model or its term could not be estimated.

    Raises
    ------
    AnalysisError
        If `models` has no row for the headline model.
    """
    found = models[models["model"] == HEADLINE_MODEL]
    if found.empty:
        raise AnalysisError(f"results.models has no row for the headline model {HEADLINE_MODEL}")
    model = found.iloc[0]
    mark = "SYNTHETIC sample, which says nothing about the world: " if model["is_synthetic"] else ""
    rows = _headline_rows(coefficients).set_index("covariance")
    if HEADLINE_COVARIANCE not in rows.index or pd.isna(rows["p_value"][HEADLINE_COVARIANCE]):
        why = next((model[name] for name in ("problem", "terms_dropped") if pd.notna(model[name])), "no estimate of it")
        return [
            ("Direction", f"{mark}{CLAIM} could not be tested: {HEADLINE_MODEL} gives no estimate for {TERM} ({why})")
        ]
    estimate, p_values = float(rows["estimate"][HEADLINE_COVARIANCE]), rows["p_value"].dropna()
    p_value = float(p_values[HEADLINE_COVARIANCE])
    sample = (
        f"{HEADLINE_MODEL}, {model['family']}, {model['sample']}, n {model['n']:,.0f} state-years,"
        f" {model['events']:,.0f} formations, {model['clusters']:,.0f} states"
    )
    uncertainty = (
        f"p is {_probability(p_value)} clustered by state and from {_probability(p_values.min())} to"
        f" {_probability(p_values.max())} over {len(p_values)} ways to estimate uncertainty"
    )
    finding = f"{mark}{CLAIM} {_verdict(estimate, p_values)} the headline model ({sample})"
    return [
        ("Direction", f"{finding}: {_direction(estimate, p_value)}"),
        ("Size", _size(model["outcome"], marginal_effects)),
        ("Uncertainty", uncertainty),
        ("Other specifications", _agreement(specification_curve)),
        ("Out of sample", _out_of_sample(validation)),
    ]


def _headline_rows(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[(frame["model"] == HEADLINE_MODEL) & (frame["term"] == TERM)]


def _verdict(estimate: float, p_values: pd.Series) -> str:
    if p_values[HEADLINE_COVARIANCE] >= SIGNIFICANCE_LEVEL:
        return "is not shown by"
    if estimate < 0:
        return "is contradicted by"
    return "finds support in" if (p_values < SIGNIFICANCE_LEVEL).all() else "finds only weak support in"


def _direction(estimate: float, p_value: float) -> str:
    positive, distinct = estimate > 0, p_value < SIGNIFICANCE_LEVEL
    joint = "and" if distinct else "but not" if positive else "and not"
    sign = "positive" if positive else "negative"
    return f"the coefficient of a rise in infant mortality is {sign} {joint} distinguishable from zero"


def _size(outcome: str, marginal_effects: pd.DataFrame) -> str:
    """The average marginal effect in percentage points, with its own interval.

    The interval may include zero where the coefficient is significant, or the reverse: the two are separate tests.
    """
    rows = _headline_rows(marginal_effects)
    rows = rows[rows["covariance"] == HEADLINE_COVARIANCE]
    if rows.empty:
        return "the size of the effect was not computed"
    estimate, low, high = (100.0 * rows[name].iloc[0] for name in ("estimate", "conf_low", "conf_high"))
    formed = outcome.removeprefix("forms_").replace("_", " ")
    zero = ", which includes zero" if low <= 0.0 <= high else ""
    return (
        f"in a year in which it rose the probability of a new {formed} is {abs(estimate):.2f} percentage points"
        f" {'higher' if estimate > 0 else 'lower'} on average (95% interval {low:z.2f} to {high:z.2f}{zero})"
    )


def _agreement(curve: pd.DataFrame | None) -> str:
    """The share of specifications that agree with the claim, by measure."""
    if curve is None:
        return "other specifications were not run"
    fitted = curve[curve["problem"].isna()]
    if fitted.empty:
        return f"none of {len(curve):,} specifications could be fitted"
    significant = fitted["p_value"] < SIGNIFICANCE_LEVEL
    agree, against = significant & (fitted["estimate"] > 0), significant & (fitted["estimate"] < 0)
    by_measure = ", ".join(f"{share:.0%} by {name}" for name, share in agree.groupby(fitted["measure"]).mean().items())
    failed = f" ({len(curve) - len(fitted):,} more could not be fitted)" if len(fitted) < len(curve) else ""
    return (
        f"of {len(fitted):,} specifications{failed} {agree.mean():.0%} agree"
        f" (positive, p < {SIGNIFICANCE_LEVEL}: {by_measure}),"
        f" {against.mean():.0%} find the opposite and {1.0 - significant.mean():.0%} neither"
    )


def _out_of_sample(validation: pd.DataFrame | None) -> str:
    if validation is None:
        return "predictions out of sample were not made"
    return "with mortality, " + " and ".join(_gain(validation, scheme) for scheme in (FORWARD, BY_STATE))


def _gain(validation: pd.DataFrame, scheme: str) -> str:
    """What the mortality terms add to the AUC under one scheme of prediction, by the interval of the difference."""
    of_scheme = validation[validation["scheme"] == scheme]
    rows = of_scheme[of_scheme["score"] == "auc"].set_index("terms")
    if not {WITH, WITHOUT, DIFFERENCE} <= set(rows.index):
        return f"predictions {SCHEME_WORDS[scheme]} could not be made"
    low, high = float(rows["conf_low"][DIFFERENCE]), float(rows["conf_high"][DIFFERENCE])
    interval = "no interval" if pd.isna(low) else f"95% interval {low:z.4f} to {high:z.4f}"
    failed = int(of_scheme["problem"].notna().sum())
    part = f", {failed} part{'s' if failed > 1 else ''} not predicted" if failed else ""
    word = "better" if low > 0.0 else "worse" if high < 0.0 else "not distinguishably better or worse"
    value = rows["value"]
    return (
        f"predictions {SCHEME_WORDS[scheme]} are {word} than without (AUC {value[WITH]:.3f} against"
        f" {value[WITHOUT]:.3f}, difference {value[DIFFERENCE]:z.4f}, {interval}{part})"
    )


def _probability(p_value: float) -> str:
    return "below 0.001" if p_value < 0.001 else f"{p_value:.3f}"
