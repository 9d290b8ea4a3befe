"""What a study is held against published scores as."""

import pytest

from evenomics.config.plan import Plan
from evenomics.config.reproductions import ROLES, Reproduction, role_of
from evenomics.config.validation import validated

STUDY = {"classes": ["control", "case"], "cohorts": {"source": "builtin"}}


def planned(**studies):
    """Plan of studies with these keys, whatever the schema says of them."""
    config = validated({"studies": dict.fromkeys(studies, STUDY)})
    for name, more in studies.items():
        config["studies"][name] = config["studies"][name] | more
    return Plan(config)


@pytest.mark.parametrize(
    ("protocol", "harmonise", "given", "role"),
    [
        ("published", "none", "a.tsv", "given"),
        ("published", "none", None, "tuned"),
        ("described", "none", None, "described"),
        ("honest", "none", None, "honest"),
        ("honest", "zscore", None, "harmonised"),
        (None, "none", None, None),
    ],
)
def test_a_run_has_the_role_of_its_protocol(protocol, harmonise, given, role):
    assert role_of(protocol, harmonise, given) == role
    assert role is None or role in ROLES


def test_the_first_study_of_a_role_counts():
    plan = planned(
        own={},
        first={"published_as": "microarray", "protocol": "honest"},
        other={"published_as": "microarray", "protocol": "honest"},
        lipids={"published_as": "lipidomics", "protocol": "honest"},
        tuned={"published_as": "microarray", "protocol": "published"},
        given={
            "published_as": "microarray", "protocol": "published",
            "scoring": {"hyper_parameters": "a.tsv"},
        },
        without={"published_as": "simulation"},
    )  # fmt: skip
    assert plan.reproductions == [
        Reproduction("first", "none", "microarray", "honest"),
        Reproduction("lipids", "none", "lipidomics", "honest"),
        Reproduction("tuned", "none", "microarray", "tuned"),
        Reproduction("given", "none", "microarray", "given"),
    ]


def test_only_such_studies_make_a_reproduction():
    made = {"reproduction.tsv", "reproduction_claims.tsv", "reproduction_balancing.tsv"}
    made.add("reproduction_means.tsv")
    assert not made & {*planned(own={}).targets()}
    held = planned(own={"published_as": "simulation", "protocol": "described"})
    assert made | {"reproduction.html"} <= {*held.targets()}
