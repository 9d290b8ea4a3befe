"""How many replicates a study has, and whether they are draws or splits."""

import pytest

from evenomics.config.plan import Plan
from evenomics.config.replicates import split_of
from evenomics.config.validation import validated
from evenomics.data.source import load_study

WHOLE = {"whole": True, "controls": []}
DEFAULT = {"real": 0.5, "external": 0.2, "validation": 0.3, "replicates": 5}


def plan_of(cohorts: dict, **keys) -> Plan:
    classes = ["benign", "malignant"]
    return Plan(validated({"studies": {"s": {"classes": classes, "cohorts": cohorts, **keys}}}))


@pytest.mark.parametrize(
    ("cohorts", "keys", "n_replicates", "splits"),
    [
        ({"source": "builtin"}, {}, 5, False),
        ({"source": "builtin"}, {"draws": {"replicates": 12}}, 12, False),
        ({"source": "builtin"}, {"experiments": WHOLE}, 1, False),
        ({"source": "builtin"}, {"experiments": WHOLE, "draws": {"replicates": 1}}, 1, False),
        ({"source": "builtin"}, {"experiments": {"whole": True, "controls": [40]}}, 5, False),
        ({"source": "sklearn"}, {}, 5, True),
        ({"source": "sklearn"}, {"experiments": WHOLE}, 5, True),
        ({"source": "sklearn", "split": {"replicates": 2}}, {}, 2, True),
    ],
)
def test_replicates_are_draws_of_fixed_cohorts_or_splits_of_a_table(
    cohorts, keys, n_replicates, splits
):
    plan = plan_of(cohorts, **keys)
    assert plan.replicates("s") == n_replicates
    assert plan.splits("s") is splits
    if splits or n_replicates == 1:
        config = plan.config["studies"]["s"]
        loaded = [*load_study(config["cohorts"], config["classes"], seed=1)]
        assert len(loaded) == n_replicates


@pytest.mark.parametrize("source", ["table", "geo", "rdata"])
def test_a_source_of_tables_splits_one_only_where_it_is_given(source):
    """Whether or not the section `split` is there."""
    spec = {"path": "x"}
    assert split_of({"source": source, "real": spec, "validation": spec}) == {}
    by = {} if source == "geo" else {"by": None}
    assert split_of({"source": source, "table": spec}) == DEFAULT | by
    assert split_of({"source": source, "table": spec, "split": {"real": 0.4, "external": 0.3}}) == (
        DEFAULT | by | {"real": 0.4, "external": 0.3}
    )


def test_other_sources_split_nothing():
    for source in ("builtin", "umpire"):
        assert split_of({"source": source, "table": {"path": "x"}}) == {}
