"""Which studies are held against published scores, and as what."""

from collections.abc import Mapping
from typing import Any, NamedTuple

#: What a run of a published study can be, in the order of tables.
ROLES = {
    "given": "published protocol, at the published hyper-parameters",
    "tuned": "published protocol, with our own tuning",
    "described": "as the paper's text describes it",
    "honest": "honest protocol",
    "harmonised": "honest protocol, cohorts harmonised",
}


class Reproduction(NamedTuple):
    """A study whose results are held against published scores.

    Attributes
    ----------
    study, selection : str
        Where its results are.
    published_as : str
        The published study.
    role : str
        One of `ROLES`.

    Examples
    --------
    >>> Reproduction("liver", "none", "microarray", role_of("honest", "zscore", None)).role
    'harmonised'
    """

    study: str
    selection: str
    published_as: str
    role: str


def role_of(protocol: str | None, harmonise: str, hyper_parameters: str | None) -> str | None:
    """Return what a run is held against published scores as; None if it follows no protocol.

    Parameters
    ----------
    protocol : {"published", "described", "honest"} or None
    harmonise : str
        ``none``, or how cohorts are harmonised.
    hyper_parameters : str or None
        Table of hyper-parameters that are given instead of tuned.
    """
    if protocol == "published":
        return "given" if hyper_parameters else "tuned"
    if protocol == "honest" and harmonise != "none":
        return "harmonised"
    return protocol


def reproductions(config: Mapping[str, Any]) -> list[Reproduction]:
    """Return the studies of a config that are held against published scores.

    Parameters
    ----------
    config : mapping
        With its defaults.

    Returns
    -------
    list of Reproduction
        One for each published study and role: of several, the first in the config. Of a study with
        several selections the first counts, since published tables have only selected features.
    """
    found: dict[tuple[str, str], Reproduction] = {}
    for name, study in config["studies"].items():
        given = study["scoring"]["hyper_parameters"]
        role = role_of(study["protocol"] or config["protocol"], study["harmonise"], given)
        published_as = study["published_as"]
        if published_as and role:
            one = Reproduction(name, study["selections"][0], published_as, role)
            found.setdefault((published_as, role), one)
    return list(found.values())
