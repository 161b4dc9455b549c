"""Tables of the multiverse: joint tests of its curves, and shares by dimension."""

import pandas

from analysis.studies.specification_curve import OBSERVED
from orchestration.outputs.report.elements import PageTable, number, p_value, state_years

Frames = dict[str, pandas.DataFrame]


def curve_tests_table(frames: Frames) -> PageTable:
    """The joint tests of all curves.

    Parameters
    ----------
    frames : dict of str to DataFrame
        Results tables.

    Returns
    -------
    PageTable
        One group for each curve, one row for each statistic.
    """
    tests, curve = frames["specification_tests"], frames["specification_curve"]
    fitted = curve[curve["problem"].isna()]
    groups = [
        (
            str(name).capitalize(),
            [
                [
                    f"{row['statistic']} (primary)" if row["is_primary"] else row["statistic"],
                    *(number(row[column]) for column in ("observed", "null_median", "null_95")),
                    p_value(row["p_value"]),
                ]
                for row in of_curve.to_dict("records")
            ],
        )
        for name, of_curve in tests.groupby("curve", sort=False)
    ]
    return PageTable(
        "specification_tests",
        "The multiverse tested as a whole",
        f"{tests['specifications'].max():,} specifications, each of {state_years(fitted['n'])}",
        ["Over all specifications", "Found", "Median, no effect", "95th percentile, no effect", "p, one-sided"],
        groups,
        f"From {tests['draws'].max():,} draws of all z values jointly, dependent by state and by year, under the"
        " hypothesis of no effect in any specification. The primary statistic was named beforehand.",
    )


def multiverse_table(frames: Frames) -> PageTable:
    """Weighted shares of the observed curve by dimension and option.

    Parameters
    ----------
    frames : dict of str to DataFrame
        Results tables.

    Returns
    -------
    PageTable
        One group for each dimension, one row for each option with its status.
    """
    shares, curve = frames["multiverse_shares"], frames["specification_curve"]
    observed = shares[shares["curve"] == OBSERVED]
    listed = frames["multiverse_dimensions"].to_dict("records")
    status = {(row["dimension"], row["option"]): row["status"] for row in listed}
    groups = [
        (
            str(name).replace("_", " ").capitalize(),
            [
                [
                    row["option"],
                    status.get((row["dimension"], row["option"]), ""),
                    number(row["median_z"], 2),
                    *(
                        number(row[f"share_{column}"], 2)
                        for column in ("positive", "positive_significant", "negative_significant")
                    ),
                    number(row["specifications"], 0),
                ]
                for row in of_dimension.to_dict("records")
            ],
        )
        for name, of_dimension in observed.groupby("dimension", sort=False)
    ]
    fitted = curve[curve["problem"].isna()]
    return PageTable(
        "multiverse",
        "The multiverse by dimension",
        f"{observed['specifications'].max():,} specifications, each of {state_years(fitted['n'])}",
        ["Option", "Status", "Median z", "Positive", "Positive, p < 0.05", "Negative, p < 0.05", "Fits"],
        groups,
        "Shares are weighted so that every option of a dimension counts the same. results.multiverse_dimensions has the"
        " reason for each option. fixed: that of the published commands; open: they leave it open; robustness: beyond"
        " the article.",
    )
