"""The arm `auto`: what it takes, and which rows of the tables are then its own."""

import pandas as pd
import pytest

from evenomics.config.arms import SETTING, Setting
from evenomics.evaluation.auto import as_auto, choose

ARMS = ["none", "smote", "gan"]
PLAIN, A0, A1 = Setting(), Setting((0, 0)), Setting((1, 0))


def tuning_of(*rows: tuple[str, Setting, str, float]) -> pd.DataFrame:
    return pd.DataFrame(
        {"arm": arm, **setting.labels, "classifier": classifier, "cv_score": cv_score}
        for arm, setting, classifier, cv_score in rows
    )


def taken(tuning: pd.DataFrame, arms=ARMS) -> dict[str, tuple[str, str]]:
    """Return arm and alpha by classifier."""
    chosen = choose(tuning, arms)
    assert chosen["classifier"].is_unique
    return {row.classifier: (row.arm, row.alpha) for row in chosen.itertuples()}


def test_every_classifier_takes_what_is_best_for_it():
    tuning = tuning_of(
        ("none", PLAIN, "svc", 0.7),
        ("none", PLAIN, "forest", 0.93),
        ("smote", PLAIN, "svc", 0.8),
        ("smote", PLAIN, "forest", 0.6),
        ("gan", A0, "svc", 0.81),
        ("gan", A1, "svc", 0.9),
        ("gan", A0, "forest", 0.92),
        ("gan", A1, "forest", 0.2),
    )
    assert taken(tuning) == {"svc": ("gan", "a1-0"), "forest": ("none", "none")}
    pd.testing.assert_frame_equal(choose(tuning, ARMS), tuning.loc[[1, 5]])
    assert taken(tuning.iloc[::-1]) == taken(tuning)


@pytest.mark.parametrize(
    ("arms", "expected"), [(ARMS, ("none", "none")), (["gan", "smote", "none"], ("gan", "a1-0"))]
)
def test_of_equally_good_ones_the_first_arm_is_taken_and_its_first_setting(arms, expected):
    """First among the arms of the config, whatever the order of the table."""
    tuning = tuning_of(
        ("smote", PLAIN, "svc", 0.9),
        ("gan", A1, "svc", 0.9),
        ("gan", A0, "svc", 0.9),
        ("none", PLAIN, "svc", 0.9),
    )
    assert taken(tuning, arms) == {"svc": expected}


def test_an_arm_without_a_score_is_not_taken():
    tuning = tuning_of(("none", PLAIN, "svc", float("nan")), ("smote", PLAIN, "svc", 0.1))
    assert taken(tuning) == {"svc": ("smote", "none")}


def test_the_rows_of_what_was_taken_are_those_of_auto():
    """All repeats of that arm, setting and classifier, in their order, with no setting."""
    values = {
        ("none", PLAIN, "svc"): [0.1],
        ("gan", A0, "svc"): [0.2, 0.3],
        ("gan", A1, "svc"): [0.5, 0.4],
        ("gan", A0, "forest"): [0.7, 0.6],
        ("gan", A1, "forest"): [0.8, 0.9],
    }
    scores = pd.DataFrame(
        {
            "replicate": 2, "arm": arm, **setting.labels,
            "classifier": classifier, "repeat": repeat, "value": value,
        }
        for (arm, setting, classifier), of_repeats in values.items()
        for repeat, value in enumerate(of_repeats)
    )  # fmt: skip
    chosen = tuning_of(("gan", A1, "svc", 0.9), ("gan", A0, "forest", 0.8))
    found = as_auto(scores, chosen)
    assert [*found] == [*scores]
    assert set(found["arm"]) == {"auto"}
    assert found[SETTING].eq("none").all(axis=None)
    assert found.drop(columns=["arm", *SETTING]).to_dict("list") == {
        "replicate": [2] * 4,
        "classifier": ["svc", "svc", "forest", "forest"],
        "repeat": [0, 1, 0, 1],
        "value": [0.5, 0.4, 0.7, 0.6],
    }
