"""Words that error messages and file names share."""

import pytest

from evenomics.messages import nearest, slug


def test_nearest_ignores_case_and_lists_names_when_none_is_like_it():
    assert nearest("CLASS", ["sample", "class"]) == "did you mean 'class'?"
    assert nearest("zzz", ["sample", "class"]) == "there are 'sample', 'class'"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("case", "case"), ("breast milk", "breast_milk"), ("IMP3.5/b", "IMP3_5_b"), ("β", "β"),
     ("../", "_")],
)  # fmt: skip
def test_slug_is_safe_in_file_names(text, expected):
    assert slug(text) == expected
