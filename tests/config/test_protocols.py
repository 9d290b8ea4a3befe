"""Settings of the method for each study: protocol, config and study, in this order."""

import pytest
import yaml

from evenomics.config.names import names
from evenomics.config.plan import Plan
from evenomics.config.settings import METHOD, protocols
from evenomics.config.validation import validated
from evenomics.errors import ConfigError

STUDY = {"classes": ["a", "b"], "cohorts": {"source": "builtin"}}


def study_of(study: dict, **config: object) -> dict:
    return validated({"studies": {"s": {**STUDY, **study}, "other": STUDY}, **config})["studies"][
        "s"
    ]


def test_a_study_wins_over_the_config_and_the_config_over_the_protocol():
    described = protocols()["described"]["scoring"]
    own = {"gan": {"choice": {"folds": 9}}, "scoring": {"repeats": 2}}
    found = study_of({"protocol": "described", **own}, scoring={"repeats": 3, "folds": 4})
    assert found["scoring"]["repeats"] == 2
    assert found["scoring"]["folds"] == 4 != described["folds"]
    assert found["scoring"]["tuning"] == described["tuning"]
    assert found["gan"]["choice"]["folds"] == 9
    assert found["arms"] == protocols()["described"]["arms"]


def test_what_a_study_says_stays_its_own():
    config = {"studies": {"s": {**STUDY, "arms": ["none"]}, "other": STUDY}, "arms": ["smote"]}
    checked = validated(config)["studies"]
    assert [checked[name]["arms"] for name in ("s", "other")] == [["none"], ["smote"]]
    plan = Plan(
        validated(config | {"studies": config["studies"] | {"t": {**STUDY, "arms": ["gan"]}}})
    )
    assert [plan.trains(name) for name in ("s", "other", "t")] == [False, False, True]
    assert "pretraining" in plan.figures("t", "none") - plan.figures("s", "none")


@pytest.mark.parametrize("key", METHOD)
def test_no_settings_are_left_beside_the_studies(key):
    checked = validated({"studies": {"s": STUDY}})
    assert key not in checked
    assert key in checked["studies"]["s"]


@pytest.mark.parametrize("name", list(names("protocols")))
def test_every_protocol_is_a_config(name):
    """Its settings are allowed as they stand, and are those that a study gets."""
    given = protocols()[name]
    assert validated({"studies": {"s": STUDY}, **given}) == {
        **validated({"studies": {"s": STUDY}, "protocol": name}),
        "protocol": None,
    }
    assert protocols().keys() == names("protocols").keys()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("protocol: pubished", "protocol: found 'pubished'; allowed: published"),
        ("studies: {s: {scoring: {repeats: many}}}", "studies.s.scoring.repeats: found 'many'"),
        ("studies: {s: {arms: [smoote]}}", "studies.s.arms[0]: found 'smoote'"),
        ("studies: {s: {gan: {choise: {}}}}", "studies.s.gan.choise: no such key"),
        ("gan: {choice: {cut_below: 20}}", "gan.choice.cut_below: found 20"),
        ("studies: {s: {gan: {choice: {cut_below: 20}}}}", "studies.s.gan.choice.cut_below: "),
        ("studies: {s: {arms: [auto]}}", "studies.s.arms: `auto` takes"),
        ("studies: {s: {protocol: described, comparison: {}}}", "studies.s.comparison: no such"),
    ],
)
def test_problems_are_told_where_they_are_once(text, said):
    given = yaml.safe_load(text)
    study = {**STUDY, **given.pop("studies", {}).get("s", {})}
    with pytest.raises(ConfigError) as caught:
        validated({"studies": {"s": study, "other": STUDY}, **given})
    (problem,) = caught.value.problems
    assert problem.startswith(said)


def test_draws_of_all_studies_do_no_harm_to_a_study_that_cannot_have_them():
    """A protocol with five replicates, and a study that is one whole cohort, or a split table."""
    whole = {"experiments": {"whole": True, "controls": []}}
    split = {
        "classes": ["benign", "malignant"],
        "cohorts": {"source": "sklearn", "dataset": "breast_cancer"},
        "experiments": {"controls": [40], "imbalance": [0.4]},
    }
    for study in (whole, split):
        assert study_of(study, protocol="honest")
        with pytest.raises(ConfigError, match=r"studies\.s\.draws\.replicates"):
            study_of({**study, "draws": {"replicates": 3}})
