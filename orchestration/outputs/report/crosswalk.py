"""The table of the page that compares the published commands with the models of this project."""

import pandas

from analysis.core.conventions import HEADLINE_COVARIANCE
from analysis.studies.kimball import ROSE
from orchestration.outputs.report.elements import PageTable, number

Frames = dict[str, pandas.DataFrame]


def crosswalk_table(frames: Frames) -> PageTable:
    """The eight published commands, below each our model and the model nearest to the article.

    Parameters
    ----------
    frames : dict of str to DataFrame
        Results tables.

    Returns
    -------
    PageTable
        One group for each command, with sizes and the coefficient of the rise of two models.
    """
    crosswalk, models = frames["crosswalk"], frames["models"].set_index("model")
    coefficients = frames["coefficients"]
    rise = coefficients[(coefficients["term"] == ROSE) & (coefficients["covariance"] == HEADLINE_COVARIANCE)]
    of_model = rise.set_index("model").reindex(models.index)
    commands = crosswalk[crosswalk["kind"] == "model"].to_dict("records")
    groups = [
        (
            f"{row['published']}: {row['command']}",
            [
                [
                    name,
                    *(number(models[column][name], 0) for column in ("n", "events", "clusters")),
                    *(number(of_model[column][name], 4) for column in ("estimate", "std_error")),
                ]
                for name in (row["ours"], row["as_published"])
            ],
        )
        for row in commands
    ]
    sizes = models["n"].dropna()
    return PageTable(
        "crosswalk",
        "The published commands and our models",
        f"n = {sizes.min():,.0f} to {sizes.max():,.0f} state-years" if len(sizes) else "n = 0 state-years",
        ["Model", "n", "Formations", "States", "Rose: coef.", "Std. error"],
        groups,
        "Rose: a rise of infant mortality, with its error clustered by state. The public commands come without their"
        " estimates, which therefore cannot be compared.",
    )
