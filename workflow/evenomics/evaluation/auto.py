"""The arm `auto`: the arm and setting with the best cross-validated score within the draw.

It is the answer to "which one should I take?", and its scores are the honest estimate of taking
that advice: validation samples have no part in the choice.
"""

from collections.abc import Sequence

import pandas as pd

from evenomics.config.arms import AUTO, SETTING, Setting


def choose(tuning: pd.DataFrame, arms: Sequence[str]) -> pd.DataFrame:
    """Return the best arm and setting for every classifier of a draw.

    Parameters
    ----------
    tuning : DataFrame
        Of all arms in one draw: columns arm, those of its setting, classifier, cv_score.
    arms : sequence of str
        The arms; of equally good ones the first is taken, and of its settings the first.

    Returns
    -------
    DataFrame
        One row of `tuning` per classifier.
    """
    ranked = tuning.assign(place=tuning["arm"].map(arms.index))
    ranked = ranked.sort_values(["cv_score", "place"], ascending=[False, True], kind="stable")
    return ranked.drop_duplicates("classifier").drop(columns="place").sort_index()


def as_auto(table: pd.DataFrame, chosen: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a table that are of what `auto` takes, as rows of `auto`.

    Parameters
    ----------
    table : DataFrame
        Of all arms in one draw: scores or tuning.
    chosen : DataFrame
        What `choose` returns.
    """
    rows = table.merge(chosen[["arm", *SETTING, "classifier"]])[table.columns]
    return rows.assign(arm=AUTO, **Setting().labels)
