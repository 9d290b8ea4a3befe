"""Settings of arms and the GANs that they need, from entries and values alone."""

import pytest

from evenomics.config.arms import (
    Gan,
    Grid,
    Setting,
    arm_settings,
    gans_at,
    gans_of,
    over_represented,
)
from evenomics.config.names import names

GRID = Grid([[0, 0], [1, 0], [1, 1]], [0.5, 1], [0.3, 0.7])
COUNTS = {"case": 4, "control": 9, "third": 5}
CLASSES = ["control", "case", "third"]


@pytest.mark.parametrize(
    ("entry", "settings"),
    [
        ({}, [Setting()]),
        ({"expands": True}, [Setting(None, 0.5), Setting(None, 1)]),
        ({"bandwidth": True}, [Setting(None, None, 0.3), Setting(None, None, 0.7)]),
        (
            {"expands": True, "bandwidth": True},
            [Setting(None, m, h) for m in (0.5, 1) for h in (0.3, 0.7)],
        ),
        # it has no use for the second alpha
        ({"gan": "transfer"}, [Setting((0, 0)), Setting((1, 0))]),
        (
            {"gan": "transfer", "expands": True},
            [Setting(alpha, m) for alpha in ((0, 0), (1, 0), (1, 1)) for m in (0.5, 1)],
        ),
        ({"gan": "classic"}, [Setting((0, 0))]),
    ],
)
def test_settings_are_those_that_make_a_difference(entry, settings):
    assert arm_settings(entry, GRID) == settings


def test_settings_are_text_in_tables():
    assert Setting((1, 0.25), 1.0, 0.5).labels == {
        "alpha": "a1-0.25", "multiplier": "1", "bandwidth": "0.5"
    }  # fmt: skip
    assert set(Setting().labels.values()) == {"none"}


def test_each_enlarged_class_needs_a_gan_at_its_alpha():
    """The over-represented class, here the second by name and the first of the study, its own."""
    expanding, other = {"gan": "transfer", "expands": True}, {"gan": "transfer"}
    at = Setting((1.0, 0.0), 1.0)
    smaller = [Gan("case", 1.0, "transfer"), Gan("third", 1.0, "transfer")]
    assert gans_at(other, at, COUNTS, CLASSES) == smaller
    assert gans_at(expanding, at, COUNTS, CLASSES) == [Gan("control", 0.0, "transfer"), *smaller]
    assert gans_at({}, Setting(), COUNTS, CLASSES) == []


def test_an_experiment_needs_four_pretrained_and_two_classic_gans():
    """Alphas 0/0, 1/0 and 1/1 share their GANs (paper: four an experiment)."""
    arms = [names("arms")[arm] for arm in ("smote", "gan", "expand_gan", "classic_expand_gan")]
    found = gans_of(arms, GRID.alphas, {"control": 9, "case": 4}, ["control", "case"])
    assert len(found) == 6
    assert {*found} == {
        Gan(label, alpha, variant)
        for label in ("control", "case")
        for alpha, variant in [(0.0, "transfer"), (1.0, "transfer"), (0.0, "classic")]
    }


def test_the_largest_class_is_over_represented_whatever_its_place():
    assert over_represented({"a": 3, "b": 7, "c": 5}, ["a", "b", "c"]) == "b"
    assert over_represented({"a": 7, "b": 7}, ["b", "a"]) == "b"
