"""R objects as cohorts; R writes them, and what R itself says of them is the oracle."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evenomics.data.cohort import Cohort
from evenomics.data.cohort_files import read_cohort, write_cohort
from evenomics.data.rdata import read_rdata
from evenomics.errors import CohortError, ConfigError
from snakemake_runs import SCRIPTS, run_rules

GOLUB = {
    "package": "multtest",
    "object": "golub",
    "class_object": "golub.cl",
    "class_names": {0: "ALL", 1: "AML"},
    "feature_names_object": "golub.gnames",
    "feature_names_column": 3,
}

# A small matrix with every kind of trap around it; written once, read by many tests.
OBJECTS = r"""
args <- commandArgs(TRUE)
out <- function(...) file.path(args[1], ...)
m <- matrix(c(1.5, 2, 3, 4, 5, 6.25, 7, 8), 2, dimnames = list(c("g1", "g2"), paste0("s", 1:4)))
pheno <- data.frame(
  disease = factor(c("tumour", "healthy", "tumour", "healthy"), levels = c("tumour", "healthy")),
  smoker = c(TRUE, FALSE, NA, TRUE), grade = c(1L, 2L, 2L, 1L), person = c("p1", "p1", "p2", "p3"),
  row.names = c("s4", "s3", "s2", "s1")
)
annotation <- data.frame(symbol = c("TP53", "BRCA1"), row.names = c("g2", "g1"))
classes <- c(s2 = "b", s1 = "a", s4 = "d", s3 = "c")
unnamed <- unname(m)
codes <- c(0, 1, 1, 0)
save(m, pheno, annotation, classes, unnamed, codes, file = out("several.RData"))
saveRDS(m, out("matrix.rds"))
saveRDS(t(m), out("turned.rds"))
saveRDS(list(first = m, second = 2 * m), out("list.rds"))
saveRDS(matrix(as.character(m), 2, dimnames = dimnames(m)), out("text.rds"))
saveRDS(matrix(as.integer(c(1, NA, 3, 4)), 2, dimnames = list(c("g1", "g2"), c("s1", "s2"))),
        out("integer.rds"))
frame <- data.frame(
  label = factor(c("x", "y", "x"), levels = c("y", "x")), sex = c("f", "m", NA),
  count = c(10L, NA, 30L), flag = c(TRUE, NA, FALSE), level = factor(c("30", "10", "20")),
  number = c("1.5", "2.5e1", "-3"), value = c(0.1, Inf, 0.3), stringsAsFactors = FALSE
)
saveRDS(frame, out("frame.rds"))
frame$value <- c(0.1, 0.2, 0.3)
saveRDS(frame, out("gaps.rds"))
frame$id <- c("a", "b", "b")
saveRDS(frame, out("twice.rds"))
saveRDS(data.frame(gene = c("g1", "g2"), s1 = 1:2, s2 = 3:4), out("genes.rds"))
nested <- data.frame(y = 1:2); nested$spectrum <- matrix(1:6, 2)
saveRDS(nested, out("nested.rds"))
saveRDS(lm(dist ~ speed, cars), out("model.rds"))
methods::setClass("Strange", methods::representation(x = "numeric"))
strange <- methods::new("Strange", x = 1)
attr(attr(strange, "class"), "package") <- "notInstalledAnywhere"
saveRDS(strange, out("strange.rds"))
saveRDS(list(strange = strange, matrix = m), out("stranger.rds"))

library(Biobase)
saveRDS(ExpressionSet(m, AnnotatedDataFrame(pheno[colnames(m), ]),
  AnnotatedDataFrame(annotation[rownames(m), , drop = FALSE])), out("eset.rds"))
suppressPackageStartupMessages(library(GEOquery))
gds <- getGEO(filename = system.file("extdata/GDS507.soft.gz", package = "GEOquery"))
eset <- GDS2eSet(gds, do.log2 = TRUE, getGPL = FALSE)
saveRDS(eset, out("GDS507.rds"))
write.csv(t(exprs(eset)), gzfile(out("GDS507.csv.gz")))
write.csv(pData(eset), out("GDS507.samples.csv"))
data(list = "golub", package = "multtest")
colnames(golub) <- golub.cl
rownames(golub) <- golub.gnames[, 3]
write.csv(t(golub), gzfile(out("golub.csv.gz")))
"""
EXPERIMENT = r"""
args <- commandArgs(TRUE)
if (!requireNamespace("SummarizedExperiment", quietly = TRUE)) quit(status = 9)
suppressPackageStartupMessages(library(SummarizedExperiment))
counts <- matrix(0:5, 2, dimnames = list(c("g1", "g2"), c("s1", "s2", "s3")))
about <- DataFrame(group = factor(c("b", "a", "b")), `tissue/site` = c("liver", "lung", NA),
                   check.names = FALSE, row.names = colnames(counts))
rows <- DataFrame(symbol = c("TP53", "BRCA1"))
sparse <- Matrix::Matrix(counts, sparse = TRUE)
saveRDS(SummarizedExperiment(list(counts = sparse, logs = log2(counts + 1)), colData = about,
                             rowData = rows), file.path(args[1], "se.rds"))
saveRDS(SummarizedExperiment(list(counts), colData = about), file.path(args[1], "unnamed.rds"))
"""


def run_r(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "code.R").write_text(code)
    command = ["Rscript", "--vanilla", folder / "code.R", folder]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, robjects) -> Path:
    """Folder of the R objects."""
    folder = tmp_path_factory.mktemp("rdata")
    done = run_r(OBJECTS, folder)
    if "there is no package called" in done.stderr:
        pytest.skip(done.stderr.strip().splitlines()[0])
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def experiments(folder) -> Path:
    """Folder that has SummarizedExperiments, too."""
    done = run_r(EXPERIMENT, folder)
    if done.returncode == 9:
        pytest.skip("needs the R package SummarizedExperiment")
    assert done.returncode == 0, done.stderr
    return folder


def problems_of(path: Path | None = None, **options) -> str:
    with pytest.raises(CohortError) as error:
        read_rdata(path, **options)
    return str(error.value)


@pytest.mark.r
def test_golub_of_an_installed_package_is_what_r_writes(folder):
    """3051 genes of 38 patients: numbers, names and classes against R's own CSV."""
    cohort = read_rdata(**GOLUB)
    expected = pd.read_csv(folder / "golub.csv.gz", index_col=0)
    assert cohort.features.shape == (38, 3051)
    np.testing.assert_allclose(cohort.features, expected, rtol=1e-14)
    assert cohort.features.columns.tolist() == expected.columns.tolist()
    codes = expected.index.astype(str).str.split(".").str[0]  # R numbers names that repeat
    assert cohort.classes.tolist() == codes.map({"0": "ALL", "1": "AML"}).tolist()
    assert cohort.class_counts() == {"ALL": 27, "AML": 11}
    assert cohort.features.index[[0, 37]].tolist() == ["golub_01", "golub_38"]


@pytest.mark.r
def test_names_that_repeat_are_an_error_unless_numbers_are_asked_for(folder):
    options = {**GOLUB, "feature_names_column": 2}
    assert "names of features stand more than once: 'GB DEF = Unknown protein mRNA" in problems_of(
        **options
    )
    names = read_rdata(**options, make_unique=True).features.columns
    assert names.is_unique
    assert sum(name.startswith("GAPD Glyceraldehyde") for name in names) > 1


@pytest.mark.r
def test_an_expression_set_from_geo_is_what_r_writes(folder):
    cohort = read_rdata(
        folder / "GDS507.rds", class_column="disease.state", missing="drop_features"
    )
    expected = pd.read_csv(folder / "GDS507.csv.gz", index_col=0).dropna(axis=1)
    about = pd.read_csv(folder / "GDS507.samples.csv", index_col=0)
    assert cohort.n_samples == 17
    assert 22_000 < cohort.n_features == expected.shape[1]
    pd.testing.assert_frame_equal(cohort.features, expected, check_names=False, rtol=1e-13)
    assert cohort.classes.to_dict() == about["disease.state"].to_dict()
    assert cohort.class_counts() == {"RCC": 9, "normal": 8}


@pytest.mark.r
def test_missing_values_are_an_error_or_drop_the_feature(folder, caplog):
    found = problems_of(folder / "integer.rds")
    assert "column 'g2', sample 's1' (line 2): 'NA' is missing" in found
    cohort = read_rdata(folder / "integer.rds", missing="drop_features")
    assert cohort.features.to_dict() == {"g1": {"s1": 1.0, "s2": 3.0}}
    assert "1 of 2 features left out" in caplog.text


@pytest.mark.r
def test_a_file_of_several_objects_lists_them(folder):
    found = problems_of(folder / "several.RData")
    for line in ("m: matrix, 2 x 4", "pheno: data.frame, 4 x 4", "codes: numeric, 4"):
        assert line in found
    assert "no object 'phenos'; did you mean 'pheno'?" in problems_of(
        folder / "several.RData", object="m", class_object="phenos"
    )
    assert "first: matrix, 2 x 4" in problems_of(folder / "list.rds")
    second = read_rdata(folder / "list.rds", object="second")
    np.testing.assert_array_equal(second.features, 2 * read_rdata(folder / "matrix.rds").features)


@pytest.mark.r
def test_other_objects_are_matched_by_name_where_there_are_names(folder):
    """The table of samples, the vector of classes and the annotation are in other orders."""
    path = folder / "several.RData"
    cohort = read_rdata(
        path, object="m", class_object="pheno", class_column="disease", group_column="person",
        feature_names_object="annotation", feature_names_column="symbol",
    )  # fmt: skip
    assert cohort.classes.to_dict() == {
        "s1": "healthy", "s2": "tumour", "s3": "healthy", "s4": "tumour"
    }  # fmt: skip
    assert cohort.groups.to_dict() == {"s1": "p3", "s2": "p2", "s3": "p1", "s4": "p1"}
    assert cohort.features.loc["s1"].to_dict() == {"BRCA1": 1.5, "TP53": 2.0}
    by_vector = read_rdata(path, object="m", class_object="classes")
    assert by_vector.classes.to_dict() == {"s1": "a", "s2": "b", "s3": "c", "s4": "d"}


@pytest.mark.r
def test_without_names_objects_are_matched_by_position_and_length(folder):
    path = folder / "several.RData"
    assert "the 2 features have no names" in problems_of(path, object="unnamed")
    options = {"object": "unnamed", "feature_names_object": "annotation",
               "feature_names_column": 1, "class_object": "codes"}  # fmt: skip
    cohort = read_rdata(path, **options)
    assert cohort.features.index[0] == "several_unnamed_1"
    assert cohort.features.columns.tolist() == ["TP53", "BRCA1"]
    assert cohort.classes.tolist() == ["0", "1", "1", "0"]
    found = problems_of(path, **options, samples="rows")
    assert "(codes) is about 4 samples, but there are 2 (and 4 features)" in found
    assert "(annotation) names 2 features, but there are 4 (and 2 samples)" in found


@pytest.mark.r
def test_classes_without_a_name_of_the_study(folder):
    options = {"object": "m", "class_object": "codes"}
    found = problems_of(folder / "several.RData", **options, class_names={"0": "x"})
    assert "class_names does not say what these classes are called: '1'; it has '0'" in found


@pytest.mark.r
def test_samples_in_rows_or_columns(folder):
    columns = read_rdata(folder / "matrix.rds")
    pd.testing.assert_frame_equal(
        columns.features, read_rdata(folder / "turned.rds", samples="rows").features
    )
    assert columns.features.loc["s3"].to_dict() == {"g1": 5.0, "g2": 6.25}
    genes = read_rdata(folder / "genes.rds", samples="columns", feature_names_column="gene")
    assert genes.features.loc["s2"].to_dict() == {"g1": 3.0, "g2": 4.0}


@pytest.mark.r
def test_where_compares_with_values_as_r_writes_them(folder):
    options = {"object": "m", "class_object": "pheno", "class_column": "disease"}
    for where, kept in (
        ({"smoker": True}, ["s1", "s4"]),
        ({"grade": 2}, ["s2", "s3"]),
        ({"grade": 2.0, "disease": ["tumour"]}, ["s2"]),
    ):
        cohort = read_rdata(folder / "several.RData", **options, where=where)
        assert cohort.features.index.tolist() == kept
    found = problems_of(folder / "several.RData", **options, where={"grade": 7})
    assert "no sample has grade: '7'" in found


@pytest.mark.r
def test_a_data_frame_has_its_classes_inside(folder):
    """Factors are their labels, not their codes; numbers kept as text are numbers."""
    cohort = read_rdata(
        folder / "gaps.rds", class_column="label", ignore_columns=["sex"], missing="drop_features"
    )
    assert cohort.classes.tolist() == ["x", "y", "x"]
    assert cohort.features.index.tolist() == ["gaps_1", "gaps_2", "gaps_3"]
    np.testing.assert_array_equal(cohort.features["level"], [30, 10, 20])
    np.testing.assert_array_equal(cohort.features["number"], [1.5, 25, -3])
    assert cohort.features.columns.tolist() == ["level", "number", "value"]
    text = read_rdata(folder / "text.rds")
    np.testing.assert_array_equal(text.features, read_rdata(folder / "matrix.rds").features)


@pytest.mark.r
def test_all_faults_of_the_cells_are_named_together(folder):
    found = problems_of(folder / "frame.rds", class_column="label")
    for fault in (
        "column 'count', sample 'frame_2' (line 2): 'NA' is missing",
        "column 'flag', sample 'frame_2' (line 2): 'NA' is missing",
        "column 'sex', sample 'frame_1' (line 1): 'f' is not a number",
        "column 'value', sample 'frame_2' (line 2): 'Inf' is infinite",
    ):
        assert fault in found
    assert "-2147483648" not in found


@pytest.mark.r
def test_missing_columns_are_named_together_with_the_nearest(folder):
    found = problems_of(
        folder / "gaps.rds", class_column="lable", group_column="sexe", sample_column="idd",
        ignore_columns=["counts"],
    )  # fmt: skip
    for wrong, right in (("lable", "label"), ("sexe", "sex"), ("counts", "count")):
        assert found.count(f"no column {wrong!r}") == 1
        assert f"did you mean {right!r}?" in found
    assert "no column 'idd'" in found
    assert "names of samples stand more than once: 'b'" in problems_of(
        folder / "twice.rds", class_column="label", sample_column="id", ignore_columns=["sex"]
    )
    assert "there is no table of the samples" in problems_of(
        folder / "matrix.rds", class_column="label"
    )


@pytest.mark.r
def test_an_expression_set_has_its_tables_inside(folder):
    cohort = read_rdata(
        folder / "eset.rds", class_column="disease", group_column="person",
        feature_names_column="symbol",
    )  # fmt: skip
    assert cohort.classes.to_dict()["s2"] == "tumour"
    assert cohort.groups.to_dict()["s2"] == "p2"
    assert cohort.features.loc["s2"].to_dict() == {"BRCA1": 3.0, "TP53": 4.0}
    assert "no assay 'counts'" in problems_of(folder / "eset.rds", assay="counts")
    assert "leave `samples` out" in problems_of(folder / "eset.rds", samples="rows")


def test_a_summarized_experiment(experiments):
    """A sparse assay, names as they are, and NA among the values of `where`."""
    options = {"class_column": "group", "feature_names_column": "symbol"}
    assert "there are the assays 'counts', 'logs'; name one" in problems_of(
        experiments / "se.rds", **options
    )
    cohort = read_rdata(experiments / "se.rds", **options, assay="counts")
    assert cohort.features.loc["s3"].to_dict() == {"TP53": 4.0, "BRCA1": 5.0}
    assert cohort.classes.tolist() == ["b", "a", "b"]
    logs = read_rdata(experiments / "se.rds", assay="logs", where={"tissue/site": "lung"})
    np.testing.assert_allclose(logs.features, np.log2([[3.0, 4.0]]))
    assert read_rdata(experiments / "unnamed.rds").features.loc["s1"].to_dict() == {
        "g1": 0,
        "g2": 1,
    }


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("model.rds", "found lm, 12; has to be an ExpressionSet"),
        ("nested.rds", "column 'spectrum' holds a matrix"),
        ("strange.rds", "the class Strange of the object is one of the R package 'notInst"),
        ("stranger.rds", "matrix: matrix, 2 x 4"),
        ("matrix.RData", "there is no such file; did you mean 'matrix.rds'?"),
        ("broken.RData", "R says:"),
        ("code.R", "R data files end in .rds, .RData or .rda"),
    ],
)
@pytest.mark.r
def test_what_cannot_be_read_is_explained(folder, file, message):
    (folder / "broken.RData").write_text("no R data\n")
    assert message in problems_of(folder / file)


@pytest.mark.r
def test_packages_and_data_sets_that_are_not_there(folder):
    assert "is not installed; in R: install.packages('no.such')" in problems_of(package="no.such")
    found = problems_of(package="multtest")
    assert "golub: matrix, 3051 x 38" in found
    assert "did you mean 'golub'?" in problems_of(package="multtest", object="golup")
    assert "(methods)" not in problems_of(package="Biobase")
    with pytest.raises(ConfigError, match="give `path` or `package`"):
        read_rdata()
    with pytest.raises(ConfigError, match="give `path` or `package`"):
        read_rdata("a.rds", package="multtest")


@pytest.mark.r
def test_the_table_that_is_made_reads_back(folder, tmp_path):
    cohort = read_rdata(
        folder / "eset.rds", class_column="disease", group_column="person", name="real"
    )
    write_cohort(cohort, tmp_path / "real.tsv.gz")
    back = read_cohort(tmp_path / "real.tsv.gz")
    pd.testing.assert_frame_equal(back.features, cohort.features)
    assert back.classes.to_dict() == cohort.classes.to_dict()
    assert back.groups.to_dict() == cohort.groups.to_dict()
    write_cohort(read_rdata(folder / "matrix.rds"), tmp_path / "plain.tsv")
    assert (tmp_path / "plain.tsv").read_text().splitlines()[0] == "sample_id\tclass\tg1\tg2"
    assert read_cohort(tmp_path / "plain.tsv").classes is None
    with pytest.raises(CohortError, match="a feature cannot be called 'group'"):
        write_cohort(Cohort(cohort.features.set_axis(["group", "g2"], axis=1)), tmp_path / "x.tsv")


@pytest.mark.r
@pytest.mark.workflow
def test_the_script_writes_the_table_or_says_in_its_log_what_is_wrong(folder, tmp_path):
    def run(**changes):
        rules = (
            "rule read_rdata:\n"
            "    output: '{cohort}.tsv.gz'\n"
            "    log: '{cohort}.log'\n"
            f"    params: spec={ {**GOLUB, **changes}!r}\n"
            f"    script: {str(SCRIPTS / 'read_rdata.py')!r}\n"
        )
        return run_rules(tmp_path, rules, "--", "real.tsv.gz").returncode

    assert run() == 0
    made = read_cohort(tmp_path / "real.tsv.gz")
    pd.testing.assert_frame_equal(made.features, read_rdata(**GOLUB).features)
    assert made.class_counts() == {"ALL": 27, "AML": 11}
    assert "3051 features" in (tmp_path / "real.log").read_text()
    assert run(object="golup") != 0
    log = (tmp_path / "real.log").read_text()
    assert "R package multtest cannot serve as a cohort" in log
    assert "no object 'golup'; did you mean 'golub'?" in log
    assert "Traceback" not in log


def test_the_library_does_not_need_r(tmp_path):
    """Importing loads no rpy2; without R the error says what to install."""
    code = (
        "import sys, evenomics.data.rdata as rdata\n"
        "assert 'rpy2' not in sys.modules\n"
        "sys.modules['rpy2'] = None\n"
        "try: rdata.read_rdata('x.rds')\n"
        "except rdata.ConfigError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "x.rds holds R objects" in done.stdout
    assert "install R, then `pip install '.[r]'`" in done.stdout


@pytest.mark.r
@pytest.mark.parametrize("path", [None, "/nowhere"])
def test_reading_leaves_the_path_of_libraries_as_it_was(folder, path):
    """On R's path, a Python started afterwards (a worker of joblib) may load another libpython."""
    code = (
        "import os, sys, evenomics.data.rdata as rdata\n"
        "rdata.read_rdata(sys.argv[1])\n"
        "assert 'R_SHARE_DIR' in os.environ\n"  # so rpy2 has taken over R's other variables
        "print(os.environ.get('LD_LIBRARY_PATH'))\n"
    )
    environment = {k: v for k, v in os.environ.items() if k[:2] not in ("LD", "R_")}
    if path is not None:
        environment["LD_LIBRARY_PATH"] = path
    done = subprocess.run(
        [sys.executable, "-c", code, folder / "matrix.rds"],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(path)
