"""The config: defaults, and messages that name every problem at once."""

from pathlib import Path

import pytest
import yaml

from evenomics.config.arms import arm_entry
from evenomics.config.experiments import experiment_grid
from evenomics.config.names import names
from evenomics.config.paths import table_paths
from evenomics.config.plan import Plan
from evenomics.config.validation import validated
from evenomics.errors import ConfigError
from evenomics.gan.settings import GanSettings

ROOT = Path(__file__).parents[2]
MINIMAL = {"studies": {"sim": {"classes": ["a", "b"], "cohorts": {"source": "builtin"}}}}


def problems_of(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        validated(yaml.safe_load(text))
    return list(caught.value.problems)


def test_defaults_reach_every_depth_of_sections_and_of_studies():
    config = validated(MINIMAL)
    study = config["studies"]["sim"]
    assert config["seed"] == 1
    assert study["gan"]["retraining"]["learning_rates_2"] == [1e-5, 5e-5, 1e-4]
    assert study["experiments"]["controls"] == [40, 80, 120]
    assert study["cohorts"]["n_validation"] == 700
    assert study["selections"] == ["none"]


def test_what_the_user_wrote_wins_and_stays_untouched():
    given = {"gan": {"choice": {"folds": 7}}, **MINIMAL}
    config = validated(given)
    choice = config["studies"]["sim"]["gan"]["choice"]
    assert choice["folds"] == 7
    assert choice["threshold"] == GanSettings().choice.threshold
    assert given == {"gan": {"choice": {"folds": 7}}, **MINIMAL}
    config["studies"]["sim"]["experiments"]["controls"].append(3)
    assert validated(MINIMAL)["studies"]["sim"]["experiments"]["controls"] == [40, 80, 120]


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("*.yaml")), ids=lambda p: p.name)
def test_ready_configs_are_valid(path, tmp_path, monkeypatch):
    """With the tables that they ask for in place."""
    config = yaml.safe_load(path.read_text())
    for study in config["studies"].values():
        given = study.get("scoring", {}).get("hyper_parameters")
        for file in [*table_paths(study), *[given] * bool(given)]:
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / file).touch()
    monkeypatch.chdir(tmp_path)
    assert validated(config)["studies"].keys() == config["studies"].keys()


def test_an_optional_study_is_left_out_while_its_tables_are_missing(tmp_path, monkeypatch, caplog):
    """Its absence is said; without `optional` it is an error, and so is a config left empty."""
    config = yaml.safe_load((ROOT / "config/paper.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    assert validated(config)["studies"].keys() == {"simulation", "microarray"}
    assert "study lipidomics is left out: there is no 'data/lipidomics/cbgs1.tsv'" in caplog.text
    lipidomics = config["studies"]["lipidomics"]
    with pytest.raises(ConfigError, match="every study is optional"):
        validated({"studies": {"lipidomics": lipidomics}})
    with pytest.raises(ConfigError, match=r"cbgs1\.tsv': no such file"):
        validated({"studies": {"lipidomics": lipidomics | {"optional": False}}})


def test_mistakes_in_studies_of_geo_and_r_data_are_told_before_anything_runs():
    found = "\n".join(
        problems_of(
            """
            studies:
              geo:
                classes: [x, y]
                cohorts:
                  source: geo
                  real: {accession: GES1, class_column: t, classes: {x: "(", z: b}}
                  validation: {class_column: t, classes: {x: a, y: b}}
                selections: [none]
                enrichment: {source: local, gene_sets: [sets.gmt], min_size: 9, max_size: 8}
              r:
                classes: [x, y]
                cohorts: {source: rdata, table: {object: golub}}
                selections: [deg, lasso]
                harmonise: combatt
              umpire:
                classes: [x, y]
                cohorts: {source: umpire, n_real: 10}
            """
        )
    )
    for said in (
        "geo.cohorts.real.accession: found 'GES1'; has to be GSE or GDS and a number",
        "geo.cohorts.real: '(' is no regular expression",
        "geo.cohorts.real.classes: 'z' is no class of the study",
        "geo.cohorts.real.classes: no pattern for the class 'y'",
        "geo.cohorts.validation: needs an `accession` to download, or a `file`",
        "geo.enrichment: gene sets are tested for selected genes",
        "geo.enrichment.min_size: found 9",
        "geo.enrichment.gene_sets: 'sets.gmt': no such file",
        "r.selections[1]: found 'lasso'; allowed: none, deg",
        "r.harmonise: found 'combatt'; allowed: none, zscore, quantile, combat; did you mean",
        "umpire.cohorts.n_real: found 10; has to be >=",
    ):
        assert said in found
    assert "give either the `path`" in "\n".join(
        problems_of(
            "studies: {r: {classes: [x, y], cohorts: {source: rdata, table: {object: golub}}}}"
        )
    )


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("classes: {x: [1, 2], y: b}", r"classes\.x\[0\]: found 1; has to be text; put"),
        ("classes: {x: [], y: b}", r"classes\.x: found \[\]; has to be at least 1 values"),
        ("classes: {x: '', y: b}", r"classes\.x: found ''; has to be not empty"),
        ("classes: {0: a, 1: b}", r"classes: '0' is no class of the study"),
        ("classes: {x: a, y: b}, where: {c: [1]}", r"where\.c\[0\]: found 1; has to be text"),
        ("classes: {x: a, y: b}, where: {c: [[a]]}", r"where\.c\[0\]: found \['a'\]; has to be"),
    ],
)
def test_patterns_of_geo_that_are_no_patterns_are_told(spec, said):
    cohorts = f"{{source: geo, table: {{accession: GSE1, class_column: t, {spec}}}}}"
    with pytest.raises(ConfigError, match=said):
        validated(yaml.safe_load(f"studies: {{s: {{classes: [x, y], cohorts: {cohorts}}}}}"))


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("platform: [GPL1, GSE2]", r"platform: found 'GSE2'; has to be GPL and a number"),
        ("platform: []", r"platform: found \[\]; has to be at least 1 values"),
        ("platform: [GPL1, GPL1]", r"platform: 'GPL1' is listed more than once"),
        ("accession: GDS1, platform: [GPL1, GPL2]", r"platform: found 2; a curated data set"),
        (
            "platform: [GPL1, GPL2], platform_file: a.gz",
            r"platform_file: found 1 files, and 2 in `platform`; give a file for each",
        ),
        ("platform: GPL1, file: [a.gz, b.gz]", r"file: found 2 files, and 1 in `platform`"),
        ("platform: [GPL1, GPL2, GPL3], file: [a.gz, b.gz]", r"file: found 2 files, and 3 in"),
        ("platform: [GPL1, GPL2], file: [a.gz, 'b{.gz']", r"'b\{\.gz': Snakemake takes braces"),
    ],
)
def test_platforms_of_geo_that_do_not_fit_are_told(spec, said):
    accession = "" if "accession" in spec or "file: [" in spec else "accession: GSE1, "
    cohorts = f"{{{accession}class_column: t, classes: {{x: a, y: b}}, {spec}}}"
    study = f"{{classes: [x, y], cohorts: {{source: geo, table: {cohorts}}}}}"
    with pytest.raises(ConfigError, match=said):
        validated(yaml.safe_load(f"studies: {{s: {study}}}"))


def test_names_may_be_written_as_numbers_where_yaml_lets_them():
    """Codes of an R object, say; a path that is no text is told, in an optional study too."""
    text = "{source: rdata, table: {package: p, class_names: {0: x, 1: y}, samples: None}}"
    with pytest.raises(ConfigError) as error:
        validated(yaml.safe_load(f"studies: {{s: {{classes: [x, y], cohorts: {text}}}}}"))
    (problem,) = error.value.problems
    assert problem.endswith("table.samples: found 'None'; allowed: rows, columns, null")
    text = "{optional: true, classes: [x, y], cohorts: {source: table, table: {path: 5}, split: 3}}"
    with pytest.raises(
        ConfigError, match=r"path: found 5; has to be text or a list; put it in quotes"
    ):
        validated(yaml.safe_load(f"studies: {{s: {text}}}"))


def test_paper_config_has_the_numbers_of_the_paper():
    """Nine experiments, 700 and 300 samples, 15,500 epochs, 100 repeats: Cusworth et al. 2024."""
    config = validated(yaml.safe_load((ROOT / "config/paper_simulation.yaml").read_text()))
    study = config["studies"]["simulation"]
    assert study["cohorts"] == {
        "source": "builtin", "n_features": 150, "n_real": 2400, "n_external": 300,
        "n_validation": 700, "weighted": True, "noise": "per_cohort", "noise_shape": 2,
        "noise_scale": 0.5,
    }  # fmt: skip
    assert study["experiments"]["controls"] == [40, 80, 120]
    assert study["experiments"]["imbalance"] == [0.4, 0.5, 0.6]
    assert sum(study["gan"]["pretraining"].pop("epochs")) == 15_500
    default = validated(MINIMAL)["studies"]["sim"]["gan"]
    default["pretraining"].pop("epochs")
    assert study["gan"] == default
    assert study["scoring"]["repeats"] == 100


def test_the_whole_paper_is_prepared_as_in_the_released_scripts(tmp_path, monkeypatch):
    config = yaml.safe_load((ROOT / "config/paper.yaml").read_text())
    simulation = yaml.safe_load((ROOT / "config/paper_simulation.yaml").read_text())
    for path in table_paths(config["studies"]["lipidomics"]):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    monkeypatch.chdir(tmp_path)
    studies = validated(config)["studies"]
    builtin = validated(simulation)["studies"]["simulation"]
    for section in ("gan", "scaling", "scoring", "experiments", "draws", "alphas"):
        assert studies["simulation"][section] == builtin[section]
    cohorts = studies["simulation"]["cohorts"] | {"source": "builtin"}
    assert cohorts == builtin["cohorts"]
    for name in ("real", "external", "validation"):
        cohort = studies["microarray"]["cohorts"][name]
        assert cohort["several_probes"] == "first"
        assert (cohort["several_symbols"], cohort["log2"]) == ("drop", "never")
    assert studies["microarray"]["cohorts"]["external"]["platform"] == ["GPL3921", "GPL571"]
    assert sum(studies["microarray"]["gan"]["pretraining"]["epochs"]) == 15_000
    lipids = studies["lipidomics"]
    assert lipids["classes"] == ["Formula", "HM"]
    (drawn,) = experiment_grid(lipids["experiments"])
    found = drawn.counts(lipids["classes"], {"Formula": 87, "HM": 90})
    assert found == {"Formula": 87, "HM": 52}
    assert {study["scaling"]["power_transform"] for study in studies.values()} == {"plain"}


def test_all_problems_come_in_one_message():
    """Misspelt keys, types, ranges, names and what does not fit together, each with a hint."""
    problems = problems_of(
        """
        sed: 3
        engine: gpu
        studies:
          Liver: {}
          sim:
            classes: [a, b]
            cohorts: {source: builtin, n_reel: 30}
          other:
            classes: [a, b]
            cohorts: {source: builtin, n_real: 50}
            experiments: {controls: [40], imbalance: [0.5]}
        arms: [none, smoe]
        gan:
          pretraining: {learning_rate: 1e-4}
          choice: {held_out_fraction: 1.5}
        scoring: {repeats: many}
        """
    )
    assert sorted(problems) == sorted(
        [
            "sed: no such key; did you mean 'seed'?",
            "engine: found 'gpu'; allowed: auto, cpu, torch, cuda; did you mean 'cpu'?",
            "studies.Liver: not a name for a study; a name has at most 50 lower-case letters, "
            "digits and _, starts with a letter, and does not end in 20 times the same",
            "studies.sim.cohorts.n_reel: no such key; did you mean 'n_real'?",
            "studies.other.cohorts.n_real: found 50; has to be >= 60 for the largest experiment",
            f"arms[1]: found 'smoe'; allowed: {', '.join(names('arms'))}; did you mean 'smote'?",
            "gan.pretraining.learning_rate: found '1e-4'; has to be a number; YAML reads 1e-4 as "
            "text, write 1.0e-4",
            "gan.choice.held_out_fraction: found 1.5; has to be < 1 (unit: fraction)",
            "scoring.repeats: found 'many'; has to be a whole number",
        ]
    )


@pytest.mark.parametrize(
    ("old", "new"), [("look_every", "eval_every"), ("tiny", "cross_validate_below")]
)
def test_a_renamed_key_is_told_by_its_new_name(old, new):
    """And by nothing else: not as an unknown key, and without a guess at what was meant."""
    assert problems_of(f"{yaml.safe_dump(MINIMAL)}gan: {{choice: {{{old}: 5}}}}") == [
        f"gan.choice.{old}: this key is now called `{new}`"
    ]


def test_a_key_that_moved_is_told_by_its_new_path():
    assert problems_of(f"{yaml.safe_dump(MINIMAL)}gan: {{loss: {{adam_betas: [0.0, 0.9]}}}}") == [
        "gan.loss.adam_betas: this key is now called `gan.updates.adam_betas`"
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}", "studies: missing"),
        ("studies: {}", "studies: found {}; has to be not empty"),
        ("studies: 3", "studies: found 3; has to be a section with keys"),
        ("studies: {s: {cohorts: {source: builtin}}}", "studies.s.classes: missing"),
        ("studies: {s: {classes: [a, b]}}", "studies.s.cohorts: missing"),
        ("studies: {s: {classes: [0, 1], cohorts: {source: builtin}}}", "put it in quotes"),
        ("studies: {s: {classes: [a, b], cohorts: {source: tabel}}}", "did you mean 'table'?"),
        ("studies: {s: {classes: [a b, a.b], cohorts: {source: builtin}}}", "have to differ"),
    ],
)
def test_what_is_missing_or_wrong_in_the_studies_is_named(text, said):
    assert any(said in problem for problem in problems_of(text))


def test_grids_and_given_hyper_parameters_are_checked_as_far_as_the_config_knows_them():
    """Names of classifiers, lists of values, a file; a metric of which more is better."""
    found = problems_of(
        """
        scoring:
          tuning_metric: brier
          grids: {svm: [{C: [1]}], svc: {C: [1]}, hist_gradient_boosting: [{learning_rate: 1}, {}]}
          hyper_parameters: nowhere.tsv
        studies: {s: {classes: [a, b], cohorts: {source: builtin}}}
        """
    )
    said = [
        "scoring.grids: found 'svm'; allowed: hist_gradient_boosting, svc, logistic_regression; "
        "did you mean 'svc'?",
        "scoring.grids.hist_gradient_boosting[0].learning_rate: found 1; has to be a list",
        "scoring.grids.hist_gradient_boosting[1]: found {}; has to be not empty",
        "scoring.grids.svc: found {'C': [1]}; has to be a list",
    ]
    assert found[:4] == said
    assert found[4].startswith("scoring.tuning_metric: found 'brier'; allowed: auroc, ")
    assert len(found) == 5
    (missing,) = problems_of(
        "{scoring: {hyper_parameters: nowhere.tsv}, "
        "studies: {s: {classes: [a, b], cohorts: {source: builtin}}}}"
    )
    assert missing.startswith("scoring.hyper_parameters: 'nowhere.tsv': no such file")


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("gan: {networks: {hidden: [4, 4]}}", "gan.pretraining.epochs: found 3 values"),
        ("gan: {choice: {cut_above: -20}}", "gan.choice.cut_below: found -10"),
        (
            "gan: {choice: {curve_every: 8}}",
            "gan.choice.eval_every: found 20; has to be a multiple of curve_every, 8",
        ),
        (
            "gan: {choice: {curve_every: 20}, retraining: {epochs_2: 10}}",
            "gan.choice.curve_every: found 20; has to be at most gan.retraining.epochs_2, 10",
        ),
        (
            "gan: {retraining: {final_epochs: 5000}}",
            "gan.retraining.final_epochs: found 5000; has to be above epochs_1, 5000",
        ),
        ("gan: {networks: {initial_gain: 0}}", "gan.networks.initial_gain: found 0"),
        ("gan: {choice: {threshold: .nan}}", "gan.choice.threshold: found nan"),
        ("gan: {choice: {cut_above: .inf}}", "gan.choice.cut_above: found inf"),
        ("bandwidths: [0.5, 0]", "bandwidths[1]: found 0; has to be > 0"),
        ("bandwidths: [1.5]", "bandwidths[0]: found 1.5; has to be <= 1"),
        ("alphas: [[0, 0], [1]]", "alphas[1]: found [1]; has to be at least 2 values"),
        ("arms: [none, none]", "arms: 'none' is listed more than once"),
        ("comparison:", "comparison: found nothing; has to be a section"),
        ("comparison: {metric: AUROC}", "did you mean 'auroc'?"),
    ],
)
def test_settings_that_cannot_be_are_named(section, said):
    text = yaml.safe_dump(MINIMAL) + section
    assert any(problem.startswith(said) or said in problem for problem in problems_of(text))


def test_samplers_of_other_libraries_are_told_from_the_names_of_arms():
    text = yaml.safe_dump(MINIMAL) + (
        "arms: [none, {mine: {class: imblearn.combine.SMOTETomek}}, "
        "{other: {class: a.B, parameters: {k: 3, strategy: {1: 20}}}}]"
    )
    config = validated(yaml.safe_load(text))
    study = config["studies"]["sim"]
    assert study["arms"] == ["none", "mine", "other"]
    assert study["samplers"] == {
        "mine": {"class": "imblearn.combine.SMOTETomek", "parameters": {}},
        "other": {"class": "a.B", "parameters": {"k": 3, "strategy": {1: 20}}},
    }
    assert arm_entry("other", study["samplers"])["description"] == "a.B"
    assert arm_entry("none", study["samplers"]) is names("arms")["none"]
    plan = Plan(config)
    assert plan.arms("sim", "new_samples") == ["mine", "other"]
    assert not plan.trains("sim")
    assert validated(MINIMAL)["studies"]["sim"]["samplers"] == {}


@pytest.mark.parametrize(
    ("arms", "said"),
    [
        ("[none, 3]", "arms[1]: found 3; has to be text or a section with keys"),
        ("[none, {}]", "arms[1]: found {}; has to be not empty"),
        ("[{a: {class: b.C}, d: {class: e.F}}]", "has to be a section of at most 1 name"),
        ("[{mine: imblearn.X}]", "arms[0].mine: found 'imblearn.X'; has to be a section"),
        ("[{mine: {class: a.B, params: {}}}]", "arms[0].mine.params: no such key; did you mean"),
        ("[{mine: {parameters: {}}}]", "arms[0].mine.class: missing; Import path of a sampler"),
        ("[{mine: {class: Sampler}}]", "arms.mine.class: found 'Sampler'; has to be the import"),
        ("[{mine: {class: 'a-b.C'}}]", "arms.mine.class: found 'a-b.C'; has to be the import"),
        ("[{smote: {class: a.B}}]", "arms.smote: there is an arm of this name already"),
        ("[{My arm: {class: a.B}}]", "arms.My arm: not a name for an arm"),
        ("[{a: {class: b.C}}, {a: {class: d.E}}]", "arms: 'a' is the name of more than one arm"),
        (
            "[{a: {class: b.C, parameters: {random_state: 1}}}]",
            "arms.a.parameters.random_state: follows from the `seed`",
        ),
        ("[auto]", "arms: `auto` takes the best of the other arms; there has to be one"),
    ],
)
def test_arms_that_cannot_be_are_named(arms, said):
    (problem,) = problems_of(yaml.safe_dump(MINIMAL) + f"arms: {arms}")
    assert said in problem


def study(cohorts: str, rest: str = "") -> str:
    return f"studies: {{s: {{classes: [benign, malignant], cohorts: {{{cohorts}}}{rest}}}}}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (study("source: builtin", ", experiments: {controls: []}"), "no experiment"),
        (
            study("source: builtin", ", experiments: {controls: [5], imbalance: [0.2]}"),
            "5 controls at imbalance 0.2 make 1 cases",
        ),
        (study("source: sklearn, split: {real: 0.9}"), "= 1.4; has to add up to 1"),
        (
            study("source: sklearn, fractions: {real: 0.9}"),
            "s.cohorts.fractions: this key is now called `split`",
        ),
        (study("source: sklearn, split: {replicates: 0}"), "s.cohorts.split.replicates: found 0"),
        (study("source: sklearn, dataset: wine"), "'benign' is no class of wine"),
        (study("source: table"), "s.cohorts.real: missing"),
        (
            study(
                "source: table, table: {path: x, class_column: c}, real: {path: x, class_column: c}"
            ),
            "either one `table` or `real`, not both",
        ),
        (study("source: table, table: {path: x}"), "table.class_column: missing"),
        (study("source: table, split: {by: p}"), "there is no `table` to split"),
        (
            study("source: table, table: {path: no/such.tsv, class_column: c}"),
            "'no/such.tsv': no such file",
        ),
        (study("source: table, table: {path: /, class_column: c}"), "'/': a folder"),
    ],
)
def test_cohorts_that_cannot_be_had_are_named(text, said):
    assert any(said in problem for problem in problems_of(text))


@pytest.mark.parametrize(
    ("cohorts", "experiments", "said"),
    [
        ("source: sklearn", "controls: [40]", "found 3; one table is split, so its splits are"),
        ("source: builtin", "whole: true, controls: []", "found 3; has to be 1, since every draw"),
    ],
)
def test_draws_that_a_study_cannot_have_are_named(cohorts, experiments, said):
    (problem,) = problems_of(
        study(cohorts, f", experiments: {{{experiments}}}, draws: {{replicates: 3}}")
    )
    assert problem.startswith(f"studies.s.draws.replicates: {said}")
    assert "leave `draws` out" in problem


@pytest.mark.parametrize(("draws", "needed"), [("", 5 * 1080), (", draws: {replicates: 2}", 2160)])
def test_disjoint_draws_need_samples_for_all(draws, needed):
    """For 1080 in the default experiments, in each of five replicates by default."""
    text = study("source: builtin, n_real: 500", f", experiments: {{disjoint: true}}{draws}")
    assert problems_of(text) == [
        f"studies.s.cohorts.n_real: found 500; has to be >= {needed} for all draws together"
    ]
