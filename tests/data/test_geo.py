"""Cohorts from GEO: addresses, queries, and R's reading of real files against one in Python."""

import gzip
import json
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
import pandas as pd
import pytest
from jsonschema import Draft202012Validator

from evenomics.config.schemas import read_schema
from evenomics.data.cohort import Cohort
from evenomics.data.cohort_files import read_cohort, write_cohort
from evenomics.data.geo import platform_files, sample_accessions, series_files
from evenomics.errors import ConfigError, DownloadError
from geo_records import write_series_matrix, write_series_on_two_platforms
from snakemake_runs import SCRIPTS, run_rules

# --- addresses -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accession", "platform", "files"),
    [
        ("GSE25097", None, ["series/GSE25nnn/GSE25097/matrix/GSE25097_series_matrix.txt.gz"]),
        (
            "GSE14520",
            "GPL3921",
            [
                "series/GSE14nnn/GSE14520/matrix/GSE14520-GPL3921_series_matrix.txt.gz",
                "series/GSE14nnn/GSE14520/matrix/GSE14520_series_matrix.txt.gz",
            ],
        ),
        ("GSE7", None, ["series/GSEnnn/GSE7/matrix/GSE7_series_matrix.txt.gz"]),
        ("GDS507", "GPL97", ["datasets/GDSnnn/GDS507/soft/GDS507.soft.gz"]),
        ("GDS5027", None, ["datasets/GDS5nnn/GDS5027/soft/GDS5027.soft.gz"]),
    ],
)
def test_where_the_values_are(accession, platform, files):
    found = series_files(accession, platform)
    assert found == [f"https://ftp.ncbi.nlm.nih.gov/geo/{file}" for file in files]
    assert series_files(accession, platform, "https://m/geo/") == [
        f"https://m/geo/{file}" for file in files
    ]


def test_where_the_tables_of_platforms_are():
    assert platform_files("GPL97")[0] == (
        "https://ftp.ncbi.nlm.nih.gov/geo/platforms/GPLnnn/GPL97/annot/GPL97.annot.gz"
    )
    assert platform_files("GPL10687", "https://m/geo", "https://t/acc.cgi") == [
        "https://m/geo/platforms/GPL10nnn/GPL10687/annot/GPL10687.annot.gz",
        "https://t/acc.cgi?targ=self&acc=GPL10687&form=text&view=full",
    ]


@pytest.mark.parametrize("accession", ["gse14520", "GSE", "GSE14520 ", "14520", "GPL97", "GSE012"])
def test_what_is_no_accession(accession):
    with pytest.raises(ConfigError, match="has to be GSE or GDS and a number"):
        series_files(accession)
    with pytest.raises(ConfigError, match="has to be GPL and a number"):
        platform_files(accession.replace("GPL", "GSM"))


# --- queries ---------------------------------------------------------------------------------


class Entrez(BaseHTTPRequestHandler):
    """ESearch and ESummary over the server's records, as documented; and a file server."""

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        asked = {k: v[0] for k, v in parse_qs(self.rfile.read(length).decode()).items()}
        self.server.times.append(time.monotonic())
        self.server.asked.append((self.path, asked))
        if self.server.busy:
            self.server.busy -= 1
            self.send_error(429)
            return
        records, result = self.server.records, {}
        assert (asked["db"], asked["retmode"]) == ("gds", "json")
        if self.path == "/esearch.fcgi":
            start, n = int(asked["retstart"]), int(asked["retmax"])
            result["esearchresult"] = {
                "count": str(len(records)),
                "idlist": list(records)[start : start + n],
                **self.server.notes,
            }
        else:
            ids = asked["id"].split(",")
            assert len(ids) <= 500, "more than ESummary gives"
            known = {i: {"uid": i, "accession": records[i]} for i in ids if records[i]}
            result["result"] = {"uids": ids, **known}
        body = json.dumps(result).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.server.asked.append((self.path, {}))
        body = self.server.files.get(self.path)
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def entrez(monkeypatch) -> Iterator[ThreadingHTTPServer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Entrez)
    numbers = np.random.default_rng(0).permutation(np.arange(890_000, 891_203))
    httpd.records = {str(300_000_000 + n): f"GSM{n}" for n in numbers}
    httpd.times, httpd.asked, httpd.busy, httpd.notes, httpd.files = [], [], 0, {}, {}
    httpd.url = f"http://127.0.0.1:{httpd.server_port}"
    thread = threading.Thread(target=httpd.serve_forever, args=[0.01])
    thread.start()
    yield httpd
    httpd.shutdown()
    httpd.server_close()
    thread.join()


def test_samples_come_page_by_page_at_most_three_requests_a_second(entrez):
    entrez.busy = 1
    found = sample_accessions("GSE36376[ACCN] AND gsm[ETYP]", entrez=entrez.url, wait=0.01)
    assert found == [f"GSM{n}" for n in range(890_000, 891_203)]
    assert [path for path, _ in entrez.asked] == [
        "/esearch.fcgi",
        *["/esearch.fcgi", "/esummary.fcgi"] * 3,
    ]
    searches = [asked for path, asked in entrez.asked if path == "/esearch.fcgi"]
    assert {asked["term"] for asked in searches} == {"GSE36376[ACCN] AND gsm[ETYP]"}
    assert [asked["retstart"] for asked in searches] == ["0", "0", "500", "1000"]
    assert np.diff(entrez.times).min() > 1 / 3


def test_a_query_that_finds_nothing_or_no_samples(entrez):
    entrez.records["200036376"] = "GSE36376"
    with pytest.raises(ConfigError, match=r"no samples: 'GSE36376'; add `AND gsm\[ETYP\]`"):
        sample_accessions("GSE36376[ACCN]", entrez=entrez.url)
    entrez.records = {}
    with pytest.raises(ConfigError, match="finds nothing in GEO; check the accession"):
        sample_accessions("GSE1[ACCN]", entrez=entrez.url)
    entrez.notes = {"errorlist": {"phrasesnotfound": ["GSEE1"], "fieldsnotfound": []}}
    with pytest.raises(ConfigError, match="did not understand 'GSEE1'"):
        sample_accessions("GSEE1", entrez=entrez.url)


def test_records_that_do_not_come_are_not_passed_over(entrez):
    entrez.records = {"300000001": "GSM1", "300000002": ""}
    with pytest.raises(DownloadError, match="1 of the 2 records"):
        sample_accessions("x", entrez=entrez.url)


DOWNLOAD = """
rule series:
    output: series="geo/checked/{{accession}}.{{platform}}.series.gz"
    log: "{{accession}}.{{platform}}.log"
    script: "{script}"

rule platform:
    output: platform="geo/checked/{{platform}}.table.gz"
    log: "{{platform}}.log"
    script: "{script}"

rule samples:
    output: samples="samples.txt"
    log: "samples.log"
    params: query="GSE1[ACCN] AND gsm[ETYP]"
    script: "{script}"
"""


@pytest.mark.workflow
def test_script_downloads_series_platform_and_list_of_samples(entrez, tmp_path):
    """A series on one platform, asked for with it; a platform without GEO's own annotation."""
    entrez.records = {"300000012": "GSM12", "300000003": "GSM3"}
    series = gzip.compress(b"series")
    entrez.files = {
        "/geo/series/GSEnnn/GSE1/matrix/GSE1_series_matrix.txt.gz": series,
        "/acc.cgi?targ=self&acc=GPL2&form=text&view=full": b"table",
    }
    download = {
        "mirror": f"{entrez.url}/geo", "platform_tables": f"{entrez.url}/acc.cgi",
        "entrez": entrez.url, "attempts": 1, "timeout": 5,
    }  # fmt: skip
    rules = DOWNLOAD.format(script=SCRIPTS / "download_geo.py")
    checked = tmp_path / "geo/checked"
    targets = [f"geo/checked/{name}" for name in ("GSE1.GPL2.series.gz", "GPL2.table.gz")]
    targets.append("samples.txt")
    done = run_rules(tmp_path, rules, "--", *targets, config={"download": download})
    assert done.returncode == 0, done.stderr
    assert (checked / "GSE1.GPL2.series.gz").read_bytes() == series
    assert gzip.decompress((checked / "GPL2.table.gz").read_bytes()) == b"table"
    assert (tmp_path / "samples.txt").read_text() == "GSM3\nGSM12\n"
    assert sorted(path for path, _ in entrez.asked) == [
        "/acc.cgi?targ=self&acc=GPL2&form=text&view=full",
        "/esearch.fcgi",
        "/esummary.fcgi",
        "/geo/platforms/GPLnnn/GPL2/annot/GPL2.annot.gz",
        "/geo/series/GSEnnn/GSE1/matrix/GSE1-GPL2_series_matrix.txt.gz",
        "/geo/series/GSEnnn/GSE1/matrix/GSE1_series_matrix.txt.gz",
    ]


def test_every_cohort_of_a_study_has_the_same_settings():
    schema = read_schema("sources/geo.schema.yaml")
    Draft202012Validator.check_schema(schema)
    cohorts = ["real", "external", "validation", "table"]
    keys = [set(schema["properties"][cohort]["properties"]) for cohort in cohorts]
    assert all(k == keys[0] for k in keys)


# --- R ---------------------------------------------------------------------------------------


def rscript(
    code: str,
    *arguments: str | Path,
    sourced: tuple[str, ...] = ("script_log.R", "geo_functions.R"),
) -> str:
    """Run R code after these scripts; return what it prints."""
    head = "".join(f'source("{SCRIPTS / name}"); ' for name in sourced)
    done = subprocess.run(
        ["Rscript", "--vanilla", "-e", head + code, *map(str, arguments)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.r
def test_the_r_scripts_have_the_defaults_of_the_schema():
    names = ("several_probes", "several_symbols", "log2")
    settings = read_schema("sources/geo.schema.yaml")["properties"]["real"]["properties"]
    said = rscript(f"cat(unlist(SPEC[c{names}]))")
    assert said.split() == [settings[name]["default"] for name in names]


SNAKEFILE = """
rule geo_cohort:
    input: **config["input"]
    output: table="cohort.tsv.gz", report="report.tsv"
    log: "cohort.log"
    params: spec=config["spec"]
    script: "{script}"
"""


def run_geo_cohort(folder: Path, spec: dict, **files: Path | list[Path]) -> tuple[str, str]:
    """Run the script in a rule; return its log, and what Snakemake said if it failed."""
    paths = {
        name: [*map(str, path)] if isinstance(path, list) else str(path)
        for name, path in files.items()
    }
    settings = {"input": paths, "spec": spec}
    rules = SNAKEFILE.format(script=SCRIPTS / "geo_cohort.R")
    done = run_rules(folder, rules, "--forceall", config=settings)
    return (folder / "cohort.log").read_text(), done.stderr if done.returncode else ""


def cohort_of(
    folder: Path, spec: dict, **files: Path | list[Path]
) -> tuple[pd.DataFrame, pd.Series, str]:
    """Return the table of a cohort, what its report says, and the log."""
    log, error = run_geo_cohort(folder, spec, **files)
    assert not error, error + log
    table = pd.read_csv(
        folder / "cohort.tsv.gz", sep="\t", index_col=0,
        dtype={"class": str, "group": str}, keep_default_na=False, na_values={"class": ""},
    )  # fmt: skip
    report = pd.read_csv(folder / "report.tsv", sep="\t")
    assert [*report.columns] == ["what", "n"]
    return table, report.set_index("what")["n"], log


def soft_lines(path: Path) -> list[str]:
    return gzip.decompress(path.read_bytes()).decode("latin-1").splitlines()


def soft_table(lines: list[str]) -> pd.DataFrame:
    """Return the table of one SOFT entity as text."""
    begin = next(i for i, line in enumerate(lines) if line.endswith("_table_begin"))
    end = next(i for i, line in enumerate(lines) if line.endswith("_table_end"))
    text = "\n".join(lines[begin + 1 : end])
    return pd.read_csv(StringIO(text), sep="\t", dtype=str, keep_default_na=False, quoting=3)


def entities(path: Path) -> dict[str, list[str]]:
    """Return the lines of each record of a family SOFT file."""
    lines = soft_lines(path)
    starts = [i for i, line in enumerate(lines) if line.startswith("^")]
    return {
        lines[a].split(" = ")[1]: lines[a:b]
        for a, b in zip(starts, [*starts[1:], len(lines)], strict=True)
    }


def family(path: Path, platform: str) -> tuple[pd.DataFrame, pd.Series]:
    """Return the values (probes x samples) and titles of the samples of one platform."""
    columns, titles = {}, {}
    for name, lines in entities(path).items():
        if f"!Sample_platform_id = {platform}" in lines:
            columns[name] = soft_table(lines).set_index("ID_REF")["VALUE"].astype(float)
            titles[name] = next(line for line in lines if "_title" in line).split(" = ")[1]
    return pd.DataFrame(columns), pd.Series(titles)


def genes_of(symbols: pd.Series, several: str = "first") -> pd.Series:
    """Return the symbols of each probe that has any, probe -> symbol."""
    parts = symbols.str.split("///").explode().str.strip()
    parts = parts[~parts.str.startswith("--") & (parts != "")]
    parts = parts[~pd.MultiIndex.from_arrays([parts.index, parts]).duplicated()]
    return parts if several == "each" else parts[~parts.index.duplicated()]


def summarised(values: pd.DataFrame, genes: pd.Series, how: str) -> pd.DataFrame:
    """Summarise the probes of each gene; samples x genes. Nothing may be missing."""
    if how == "mean":
        return values.loc[genes.index].groupby(genes.to_numpy()).mean().T
    best = pd.Series(values.mean(axis=1)[genes.index].to_numpy(), range(len(genes)))
    best = best.groupby(genes.to_numpy()).idxmax()
    return values.loc[genes.index[best]].set_axis(best.index).T


def geo2r_takes_log2(values: pd.DataFrame) -> bool:
    q = np.nanquantile(values, [0, 0.25, 0.99, 1])
    return bool(q[2] > 100 or (q[3] - q[0] > 50 and q[1] > 0))


def decision(report: pd.Series) -> int:
    return report[report.index.str.startswith("log2 taken")].item()


@pytest.mark.r
@pytest.mark.workflow
def test_gds_as_pandas_reads_it(geo_files, tmp_path):
    """Classes, groups and every gene of GDS507: kidney cancer and the tissue beside it."""
    spec = {
        "platform": "GPL97", "class_column": "disease.state", "group_column": "individual",
        "classes": {"tumour": "^rcc$", "normal": ["^NORM", "^beside"]},
    }  # fmt: skip
    cohort, report, _ = cohort_of(tmp_path, spec, series=geo_files / "GDS507.soft.gz")
    lines = soft_lines(geo_files / "GDS507.soft.gz")
    subsets = {}
    for i, line in enumerate(lines):
        if line.startswith("!subset_description"):
            subsets[line.split(" = ")[1]] = lines[i + 1].split(" = ")[1].split(",")
    assert [*cohort.index[cohort["class"] == "tumour"]] == subsets["RCC"]
    assert {*cohort.index[cohort["class"] == "normal"]} == {*subsets["normal"]}
    assert cohort["class"].value_counts().to_dict() == {"tumour": 9, "normal": 8}
    for person in ("035", "1"):
        assert {*cohort.index[cohort["group"] == person]} == {*subsets[person]}

    table = soft_table(lines).set_index("ID_REF")
    values = table[cohort.index].astype(float)
    assert geo2r_takes_log2(values)
    expected = summarised(np.log2(values), genes_of(table["IDENTIFIER"]), "highest_mean")
    assert [*cohort.columns] == ["class", "group", *sorted(expected)]
    np.testing.assert_allclose(
        cohort.iloc[:, 2:], expected[cohort.columns[2:]].loc[cohort.index], rtol=1e-12
    )
    assert report["samples of class tumour"] == 9
    assert report["samples of class normal"] == 8
    assert decision(report) == 1
    assert report["probes"] == len(table)
    assert report["genes"] == expected.shape[1]
    assert report["probes without a gene symbol"] == table["IDENTIFIER"].str.startswith("--").sum()


@pytest.mark.r
@pytest.mark.workflow
@pytest.mark.slow
def test_family_and_series_matrix_as_pandas_reads_them(geo_files, tmp_path):
    """The samples of one of two platforms, with GEO's annotation of it; either file, same cohort.

    No series matrix ships with GEOquery: it is written here, in GEO's format, from the family file.
    """
    path = geo_files / "GSE781_family.soft.gz"
    values, titles = family(path, "GPL97")
    annotation = soft_table(soft_lines(geo_files / "GPL97.annot.gz")).set_index("ID")
    genes = genes_of(annotation["Gene symbol"].loc[values.index])
    expected = summarised(np.log2(values), genes, "highest_mean")
    spec = {
        "platform": "GPL97", "platform_file": "not read", "class_column": "title",
        "classes": {"tumour": "^C", "normal": "^N"},
        "where": {"source_name_ch1": ["carcinoma tissue$", "adjacent"]},
    }  # fmt: skip
    files = {"platform": geo_files / "GPL97.annot.gz"}
    one, report, log = cohort_of(tmp_path / "family", spec, series=path, **files)
    assert [*one.columns[1:]] == sorted(expected)
    np.testing.assert_allclose(
        one.iloc[:, 1:], expected[one.columns[1:]].loc[one.index], rtol=1e-12
    )
    assert (one["class"] == titles[one.index].str[0].map({"C": "tumour", "N": "normal"})).all()
    assert report["probes without a gene symbol"] == (annotation["Gene symbol"] == "").sum()
    assert "gene symbols from the column 'Gene symbol'" in log

    matrix = tmp_path / "GSE781-GPL97_series_matrix.txt.gz"
    fields = {"title": titles, "source_name_ch1": pd.Series("adjacent", titles.index)}
    write_series_matrix(matrix, values, fields, "GPL97")
    other, _, _ = cohort_of(tmp_path / "matrix", spec, series=matrix, **files)
    pd.testing.assert_frame_equal(one, other)


TWO = {
    "platform": ["GPL1", "GPL2"], "class_column": "tissue:ch1",
    "classes": {"case": "^tumour$", "control": "^normal$"},
}  # fmt: skip


@pytest.mark.r
@pytest.mark.workflow
@pytest.mark.parametrize(
    ("several", "gene_a"),
    [("first", [5, 6, 7, 10, 9, 11]), ("highest_mean", [9, 8, 9, 10, 9, 11]),
     ("mean", [7, 7, 8, 5.5, 5.5, 7])],
)  # fmt: skip
def test_samples_of_two_platforms_are_put_together(geo_files, tmp_path, several, gene_a):
    """Log2 and probes of a gene within each platform; the genes of both; fields may be missing."""
    files = write_series_on_two_platforms(tmp_path / "geo")
    spec = TWO | {"several_probes": several}
    cohort, report, _ = cohort_of(tmp_path / "run", spec, **files)
    assert [*cohort.index] == ["GSM1", "GSM2", "GSM3", "GSM7", "GSM8", "GSM9"]
    assert [*cohort["class"]] == ["case", "control", "case"] * 2
    assert [*cohort.columns] == ["class", "GA", "GB"]
    np.testing.assert_allclose(cohort["GA"], gene_a, rtol=1e-15)
    np.testing.assert_array_equal(cohort["GB"], [3, 4, 3, 6, 7, 8])
    of_log2 = report[report.index.str.startswith("log2 taken")]
    assert [what.split(", ")[-1] for what in of_log2.index] == ["GPL1", "GPL2"]
    assert [*of_log2] == [0, 1]
    assert report[["samples in the file", "samples of no class"]].to_list() == [7, 1]
    assert report[["probes, GPL1", "genes, GPL1", "genes, GPL2", "genes"]].to_list() == [5, 3, 3, 2]
    one, _, _ = cohort_of(
        tmp_path / "one", spec | {"platform": "GPL1"},
        **{kind: paths[0] for kind, paths in files.items()},
    )  # fmt: skip
    assert [*one.columns] == ["class", "GA", "GB", "GC"]
    pd.testing.assert_frame_equal(one[["class", "GA", "GB"]], cohort.iloc[:3], check_dtype=False)


@pytest.mark.r
@pytest.mark.workflow
def test_platforms_that_do_not_go_together_are_named(geo_files, tmp_path):
    files = write_series_on_two_platforms(tmp_path / "geo")
    of_one = TWO | {"where": {"stage:ch1": "."}}
    of_probes = TWO | {"symbol_column": "none"}
    for spec, said in (
        (of_one, "no sample of the platform 'GPL2' is left; take it out of `platform`"),
        (of_probes, "platform: no gene is on all of 'GPL1', 'GPL2'"),
    ):
        log, error = run_geo_cohort(tmp_path / "run", spec, **files)
        assert said in log
        assert said in error


@pytest.mark.r
@pytest.mark.workflow
@pytest.mark.slow
def test_both_platforms_of_a_family_file_as_pandas_reads_them(geo_files, tmp_path):
    """One file with both; U133A and U133B share few genes, each by the mean of its own probes."""
    path = geo_files / "GSE781_family.soft.gz"
    spec = {
        "platform": ["GPL96", "GPL97"], "file": "one", "class_column": "title",
        "classes": {"tumour": "^C", "normal": "^N"}, "several_probes": "mean", "log2": "always",
    }  # fmt: skip
    cohort, report, _ = cohort_of(tmp_path, spec, series=path)
    tables = []
    for platform in spec["platform"]:
        values, _ = family(path, platform)
        symbols = soft_table(entities(path)[platform]).set_index("ID")["Gene Symbol"]
        tables.append(summarised(np.log2(values), genes_of(symbols.loc[values.index]), "mean"))
    expected = pd.concat(tables, join="inner")
    assert len(expected) == len(cohort) == sum(map(len, tables))
    assert [*cohort.columns[1:]] == sorted(expected)
    np.testing.assert_allclose(
        cohort.iloc[:, 1:], expected[cohort.columns[1:]].loc[cohort.index], rtol=1e-12
    )
    assert report["genes"] == expected.shape[1] < min(table.shape[1] for table in tables)


@pytest.mark.r
@pytest.mark.workflow
@pytest.mark.slow
def test_platform_table_inside_a_family_file(geo_files, tmp_path):
    """Affymetrix's own table: symbols separated by " /// ", each of them; the mean of probes."""
    path = geo_files / "GSE781_family.soft.gz"
    values, _ = family(path, "GPL96")
    table = soft_table(entities(path)["GPL96"]).set_index("ID")
    genes = genes_of(table["Gene Symbol"].loc[values.index], "each")
    spec = {
        "platform": "GPL96", "class_column": "title", "classes": {"a": "^C", "b": "^N"},
        "several_symbols": "each", "several_probes": "mean", "log2": "always",
    }  # fmt: skip
    cohort, report, _ = cohort_of(tmp_path, spec, series=path)
    expected = summarised(np.log2(values), genes, "mean")
    assert [*cohort.columns[1:]] == sorted(expected)
    np.testing.assert_allclose(
        cohort.iloc[:, 1:], expected[cohort.columns[1:]].loc[cohort.index], rtol=1e-12
    )
    assert report["genes"] == len(set(genes))


PLATFORM = """^PLATFORM = GPL0
!Platform_title = A platform
!Platform_geo_accession = GPL0
!Platform_technology = in situ oligonucleotide
#ID = probe
#GENE_SYMBOL = symbol
!platform_table_begin
ID\tGENE_SYMBOL\tOther
P1\tA1BG\tx
P2\tA1BG, A2M\ty
P3\tA2M\tz
P4\t---\tx
P5\tHLA-A\tx
P6\t5' end;B 2\tx
100000\tTP53\tx
!platform_table_end
"""


@pytest.fixture
def small(tmp_path) -> dict[str, Path]:
    """Six samples and seven probes, with every fault that values can have."""
    values = pd.DataFrame(
        [
            [64, 128, 256, 512, 1024, 2048],
            [70, 100, 200, 400, 800, 1600],
            [900, 901, 902, 903, 904, 905],
            [1, 2, 3, 4, 5, 6],
            [8, 0, 16, 32, -4, 64],
            [2, 4, np.nan, 8, 16, 32],
            [2, 2, 4, 4, 8, 8],
        ],
        index=["P1", "P2", "p3", "P4", "P5", "P6", "100000"],
        columns=[f"GSM{i}" for i in range(1, 7)],
        dtype=float,
    )
    texts = {
        "title": ["T1", "N1", "T2", "N2", "T3", "cyst"],
        "characteristics_ch1": [
            "tissue: liver tumor", "tissue: non-tumor liver", "tissue: liver TUMOR",
            "tissue: non-tumor liver", "tissue: liver tumor", "tissue: cyst",
        ],
        "characteristics_ch1#2": [f"patient: {p}" for p in ("a", "a", "b", "b", "c", "d")],
    }  # fmt: skip
    fields = {name: pd.Series(text, values.columns) for name, text in texts.items()}
    files = {"series": tmp_path / "GSE0_series_matrix.txt.gz", "platform": tmp_path / "GPL0.txt.gz"}
    write_series_matrix(files["series"], values, fields, "GPL0")
    files["platform"].write_bytes(gzip.compress(PLATFORM.encode()))
    return files


@pytest.mark.r
def test_a_name_need_not_tell_whether_a_file_is_packed(geo_files, small, tmp_path):
    plain, packed = tmp_path / "plain.gz", tmp_path / "packed.table"
    plain.write_text(PLATFORM)
    packed.write_bytes(small["platform"].read_bytes())
    paths = (small["platform"], plain, packed)
    said = rscript("for (p in commandArgs(TRUE)) cat(dim(read_platform(p)), '')", *paths)
    assert said.split() == ["7", "3"] * 3


@pytest.mark.r
def test_text_may_be_latin_1(geo_files, small):
    """Old records are, in fields of the samples and in tables; lines in UTF-8 stay as they are."""
    for name, old, new, encoding in (
        ("series", b"T1", "Köln", "latin-1"),
        ("series", b"patient: a", "patient: â", "latin-1"),
        ("series", b"tissue: cyst", "tissue: ñ", "utf-8"),
        ("platform", b"B 2\tx", "B 2\tSjögren", "latin-1"),
    ):
        text = gzip.decompress(small[name].read_bytes()).replace(old, new.encode(encoding))
        small[name].write_bytes(gzip.compress(text))
    said = rscript(
        "p <- commandArgs(TRUE); s <- read_series(p[1])$phenotype; "
        'cat(s$title, s[["patient:ch1"]], s[["tissue:ch1"]][6], read_platform(p[2])$Other, '
        'which(matches(s$title, "^köln$", "x")), '
        'tryCatch(phenotype_column(s, "name", "x"), user_error = conditionMessage))',
        small["series"],
        small["platform"],
    )
    assert said.startswith("Köln N1 T2 N2 T3 cyst â â b b c d ñ x y z x x Sjögren x 1 x: the ")
    assert "no column 'name'; columns that differ" in said
    assert "'title': 'Köln', 'N1', 'T2' and 3 more" in said


@pytest.mark.r
def test_geoquery_is_asked_for_the_class_that_is_read(geo_files, small):
    """From 2.81.21 on it returns a SummarizedExperiment unless it is told not to."""
    said = rscript(
        'getGEO <- function(..., returnType = c("SummarizedExperiment", "ExpressionSet")) { '
        'if (match.arg(returnType) == "ExpressionSet") GEOquery::getGEO(...) '
        'else structure(list(), class = "SummarizedExperiment") }; '
        "cat(dim(read_series(commandArgs(TRUE))$values))",
        small["series"],
    )
    assert said == "7 6"


LIVER = {
    "class_column": "tissue:ch1", "group_column": "patient:ch1",
    "classes": {"control": "^non-tumor", "case": "^liver tumor"},
}  # fmt: skip


@pytest.mark.r
@pytest.mark.workflow
def test_small_series_matrix_in_closed_form(geo_files, small, tmp_path):
    """Of A1BG's two probes the brighter stands for it; zero and less leave a gene out."""
    cohort, report, log = cohort_of(tmp_path / "run", LIVER, **small)
    assert cohort["class"].to_dict() == {
        "GSM1": "case", "GSM2": "control", "GSM3": "case", "GSM4": "control", "GSM5": "case",
    }  # fmt: skip
    assert [*cohort["group"]] == ["a", "a", "b", "b", "c"]
    assert [*cohort.columns[2:]] == ["A1BG", "A2M", "TP53"]
    np.testing.assert_array_equal(cohort["A1BG"], [6, 7, 8, 9, 10])
    np.testing.assert_allclose(cohort["A2M"], np.log2([900, 901, 902, 903, 904]), rtol=1e-15)
    np.testing.assert_array_equal(cohort["TP53"], [1, 1, 2, 2, 3])
    assert decision(report) == 1
    assert report.drop(report.index[report.index.str.startswith("log2")]).to_dict() == {
        "samples in the file": 6, "samples that fulfil `where`": 6,
        "samples of class control": 2, "samples of class case": 3, "samples of no class": 1,
        "values without a logarithm": 2, "probes": 7, "probes without a gene symbol": 1,
        "genes": 5, "genes left out for missing values": 2,
    }  # fmt: skip
    assert "no class matches 'cyst'" in log
    assert re.search(r"INFO log2 taken|\nlog2 taken \(auto; minimum -4,", log)


@pytest.mark.r
@pytest.mark.workflow
def test_external_cohort_keeps_all_samples_and_shows_no_class(geo_files, small, tmp_path):
    """Without a platform the probes are the features; the list of accessions is obeyed."""
    listed = tmp_path / "samples.txt"
    listed.write_text("GSM2\nGSM6\nGSM5\nGSM77\n")
    spec = {
        **LIVER,
        "labelled": False,
        "symbol_column": "none",
        "log2": "never",
        "group_column": None,
    }
    cohort, report, _ = cohort_of(tmp_path / "run", spec, series=small["series"], samples=listed)
    assert [*cohort.index] == ["GSM2", "GSM5", "GSM6"]
    assert cohort["class"].isna().all()
    assert [*cohort.columns] == ["class", "P1", "P2", "p3", "P4", "P5", "P6", "100000"]
    np.testing.assert_array_equal(cohort["P5"], [0, -4, 64])
    assert report["samples in the list"] == 3
    assert report["samples of class case"] == 1
    assert decision(report) == 0
    unlabelled = read_cohort(tmp_path / "run" / "cohort.tsv.gz")
    assert unlabelled.classes is None
    assert unlabelled.features.shape == (3, 7)


@pytest.mark.r
@pytest.mark.workflow
def test_a_mistake_ends_in_log_and_terminal_without_a_traceback(geo_files, small, tmp_path):
    spec = {**LIVER, "class_column": "tissue"}
    log, error = run_geo_cohort(tmp_path / "run", spec, **small)
    for text in (log, error):
        assert "class_column: the samples have no column 'tissue'" in text
        assert "'tissue:ch1': 'liver tumor', 'non-tumor liver', 'liver TUMOR' and 1 more" in text
        assert "Calls:" not in text
        assert "Execution halted" not in text
    assert not (tmp_path / "run" / "cohort.tsv.gz").exists()


@pytest.mark.r
@pytest.mark.workflow
@pytest.mark.parametrize(
    ("file", "cure"),
    [
        (None, "set `platform: GPL0`, give the platform's"),
        ("named", "symbols; give the platform's"),
    ],
)
def test_without_symbols_the_platform_is_named_where_naming_it_helps(
    geo_files, small, tmp_path, file, cure
):
    """Only for a series that is downloaded the platform's table is downloaded, too."""
    log, error = run_geo_cohort(tmp_path, {**LIVER, "file": file}, series=small["series"])
    for text in (log, error):
        assert cure in text
        assert "(`platform_file`), or keep the probes as features (`symbol_column: none`)" in text


@pytest.mark.r
def test_every_mistake_says_what_was_found(geo_files, small, tmp_path):
    several = tmp_path / "several.txt.gz"
    values = pd.DataFrame([[1.0, 2.0]], index=["P1"], columns=["GSM1", "GSM2"])
    platforms = pd.Series(["GPL1", "GPL2"], values.columns)
    write_series_matrix(several, values, {"title": values.columns.to_series()}, platforms)
    empty = tmp_path / "empty.txt.gz"
    write_series_matrix(empty, values.iloc[:0], {"title": values.columns.to_series()}, "GPL0")
    broken = tmp_path / "broken.txt.gz"
    broken.write_bytes(gzip.compress(b'!Series_title\t"x"\n!Sample_title\t"a"\n'))
    cut = tmp_path / "cut.txt.gz"
    cut.write_bytes(gzip.compress(PLATFORM.replace("!platform_table_end\n", "").encode()))
    begun = tmp_path / "begun.soft.gz"
    begun.write_bytes((geo_files / "GDS507.soft.gz").read_bytes()[:100_000])
    null = tmp_path / "null.txt.gz"
    write_series_matrix(null, values * np.nan, {"title": values.columns.to_series()}, "GPL0")
    sequenced = tmp_path / "sequenced.soft.gz"
    fields = "!Sample_type = SRA\n!Sample_data_row_count = 0\n"
    samples = [SAMPLE.format(name=n, fields=fields, table="").split("#")[0] for n in values]
    sequenced.write_bytes(gzip.compress("".join([FAMILY, *samples]).encode()))
    cases = {
        f'read_series("{tmp_path}/none.gz")': "there is no such file",
        f'read_series("{several}")': "several platforms, 'GPL1', 'GPL2'; name one",
        f'read_series("{several}", "GPL3")': "no sample is of the platform 'GPL3'; there are",
        f'read_series("{empty}")': "2 samples, but has no finite value",
        f'read_series("{null}")': "2 samples, but has no finite value",
        f'read_series("{sequenced}")': "2 samples, but has no finite value",
        f'read_series("{begun}")': "the end of a table is missing",
        f'read_series("{broken}")': "GEOquery cannot read it",
        f'read_series("{geo_files}/GPL97.annot.gz")': "has no samples",
        f'read_platform("{geo_files}/GDS507.soft.gz")': "has no platform table",
        f'read_platform("{cut}")': "the end of a table is missing",
        'fulfils(s$phenotype, list(title = c("x", "q")))': "no sample matches 'x', 'q'; there",
        'fulfils(s$phenotype, list(title = "^T", "tissue:ch1" = "cyst"))': "no sample fulfils all",
        'fulfils(s$phenotype, list(title = "("))': "where.title: '(' is no regular expression",
        'class_of(t, list(a = "tumor", b = "non"), g)':
            "GSM2 ('non-tumor liver') matches 'tumor' of class a and 'non' of class b",
        'class_of(t, list(a = "liver", b = "blood"), g)':
            "no sample matches the pattern of 'b'; the values are 'liver tumor'",
        'symbols_of("P1", p, "Symbol")': "no column 'Symbol'; it has 'ID', 'GENE_SYMBOL', 'Other'",
        'symbols_of("P1", p[c("ID", "Other")])': "no known column of gene symbols; name one",
        'symbols_of("1007_s_at", p)': "no probe of the series ('1007_s_at') is in the",
    }  # fmt: skip
    code = (
        f's <- read_series("{small["series"]}"); p <- read_platform("{small["platform"]}"); '
        't <- s$phenotype[["tissue:ch1"]]; g <- rownames(s$phenotype); '
    )
    for call in cases:
        code += (
            f'cat(tryCatch({{ {call}; "nothing" }}, user_error = conditionMessage), "\\n--\\n"); '
        )
    said = rscript(code).split("\n--\n")
    for (call, message), text in zip(cases.items(), said, strict=False):
        assert message in text, f"{call} says {text!r}"


@pytest.mark.r
@pytest.mark.parametrize(
    ("several", "symbols"),
    [
        ("first", ["P1 A1BG", "P4 TP53", "P5 A", "P6 NAT1"]),
        ("each", ["P1 A1BG", "P1 A2M", "P4 TP53", "P5 A", "P5 B", "P5 C", "P6 NAT1"]),
        ("drop", ["P4 TP53", "P6 NAT1"]),
    ],
)
def test_gene_assignments_give_the_symbols_of_their_entries(geo_files, tmp_path, several, symbols):
    """The form of Affymetrix' gene arrays; there may be plain lists, and a column of symbols."""
    rows = {
        "P1": "NM_1 // A1BG // alpha-1, B; glycoprotein // 19q13.4 // 1 /// NM_2 // A2M // DEAD/H "
        "(Asp/His) box // 12p13 // 2 /// ENST3 // A1BG // alpha-1 // 19q13.4 // 1",
        "P2": "---", "P3": "NR_4 // --- // --- // ---", "P4": "NM_5 // TP53 // p53 // 17 // 8",
        "P5": "A // B /// C", "P6": "NM_6 // NAT1 // --- // ---", "P7": "--- /// ---", "P8": "",
    }  # fmt: skip
    table = "\n".join(f"{probe}\t{text}" for probe, text in rows.items())
    head = PLATFORM.split("ID\tGENE_SYMBOL")[0] + "ID\tgene_assignment\n"
    path = tmp_path / "GPL0.txt.gz"
    path.write_bytes(gzip.compress(f"{head}{table}\n!platform_table_end\n".encode()))
    said = rscript(
        "a <- commandArgs(TRUE); t <- read_platform(a[1]); "
        'p <- paste0("P", 1:9); m <- symbols_of(p, t, NULL, a[2]); '
        'cat(paste(p[m$row], m$symbol), find_symbol_column(c(names(t), "Symbol")), sep = "\n")',
        path,
        several,
    )
    assert said.splitlines() == [*symbols, "Symbol"]


GDS = """^DATABASE = Geo
^DATASET = GDS0
!dataset_title = A data set
!dataset_platform = GPL0
#ID_REF = probe
#IDENTIFIER = symbol
#GSM1 = Value for GSM1: one
#GSM2 = Value for GSM2: two
!dataset_table_begin
ID_REF\tIDENTIFIER\tGSM1\tGSM2
P1\tA1BG\t1\t2
P2\tP2\t3\t4
P3\t--Control\t5\t6
P4\tnull\t7\t8
!dataset_table_end
"""


@pytest.mark.r
def test_a_probe_may_be_called_as_its_gene_but_not_in_a_gds(geo_files, tmp_path):
    """A GDS repeats the names of probes without a symbol; a platform names probes after genes."""
    path = tmp_path / "GDS0.soft.gz"
    path.write_bytes(gzip.compress(GDS.encode()))
    said = rscript(
        "s <- read_series(commandArgs(TRUE)); ids <- rownames(s$values); "
        "cat(symbols_of(ids, s$probes)$symbol, "
        "symbols_of(ids, data.frame(ID = ids, Symbol = ids))$symbol)",
        path,
    )
    assert said.split() == ["A1BG", "P1", "P2", "P3", "P4"]


@pytest.mark.r
def test_probes_of_a_gene(geo_files, tmp_path):
    """Random probes with missing values, in every way, against a loop over the genes."""
    rng = np.random.default_rng(5)
    names, columns = [f"P{i}" for i in range(60)], [f"S{i}" for i in range(7)]
    values = pd.DataFrame(rng.normal(8, 2, (60, 7)), names, columns)
    values = values.mask(rng.random(values.shape) < 0.1)
    genes = ["B", "a", "C", "AB", "Z9"]
    chosen = [rng.choice(genes, n, replace=False) for n in rng.integers(0, 3, 60)]
    symbols = pd.Series(["///".join(names) for names in chosen], names)
    values.to_csv(tmp_path / "values.tsv", sep="\t")
    symbols.to_frame("Symbol").to_csv(tmp_path / "table.tsv", sep="\t", index_label="ID")
    rscript(
        "setwd(commandArgs(TRUE)); "
        'v <- as.matrix(read.delim("values.tsv", row.names = 1)); t <- read.delim("table.tsv"); '
        'for (several in c("first", "drop", "each")) '
        'for (how in c("highest_mean", "highest_variance", "first", "mean", "median")) { '
        "m <- suppressMessages(symbols_of(rownames(v), t, NULL, several)); "
        "g <- by_gene(v, m, how); "
        'write_tsv(data.frame(gene = rownames(g), g), paste0(several, ".", how, ".tsv")) }',
        tmp_path,
    )
    for path in tmp_path.glob("*.*.tsv"):
        several, how, _ = path.name.split(".")
        found = pd.read_csv(path, sep="\t", index_col=0)
        kept = symbols.mask(symbols.str.contains("/"), "") if several == "drop" else symbols
        of_probe = genes_of(kept, several)
        assert [*found.index] == sorted(set(of_probe))
        for gene in found.index:
            probes = values.loc[of_probe.index[of_probe == gene]]
            missing = probes.isna().sum(axis=1)
            probes = probes[missing == missing.min()]
            expected = {
                "highest_mean": lambda p: p.loc[p.mean(axis=1).idxmax()],
                "highest_variance": lambda p: p.loc[p.var(axis=1).idxmax()],
                "first": lambda p: p.iloc[0],
                "mean": lambda p: p.mean(skipna=False),
                "median": lambda p: p.median(skipna=False),
            }[how](probes)
            np.testing.assert_allclose(found.loc[gene], expected, rtol=1e-13)
    assert len([*tmp_path.glob("*.*.tsv")]) == 15


@pytest.mark.r
def test_probes_of_a_gene_in_one_sample(geo_files):
    """The matrix is one of a single column then."""
    said = rscript(
        'v <- matrix(c(1, 3, 5), 3, 1); m <- data.frame(row = 1:3, symbol = c("A", "A", "B")); '
        'cat(by_gene(v, m, "mean"), by_gene(v, m, "highest_mean"))'
    )
    assert said == "2 5 3 5"


FAMILY = """^DATABASE = GeoMiame
!Database_name = Gene Expression Omnibus (GEO)
!Database_ref = x
^SERIES = GSE0
!Series_title = A series
!Series_geo_accession = GSE0
^PLATFORM = GPL0
!Platform_title = A platform
!Platform_geo_accession = GPL0
#ID = probe
#Symbol = symbol
!platform_table_begin
ID\tSymbol
P1\tA1BG
P2\tA2M
!platform_table_end
"""
SAMPLE = """^SAMPLE = {name}
!Sample_title = {name}
!Sample_platform_id = GPL0
{fields}#ID_REF = probe
#VALUE = log2 intensity
!sample_table_begin
ID_REF\tVALUE
{table}
!sample_table_end
"""


@pytest.mark.r
def test_family_file_has_the_columns_of_a_series_matrix(geo_files, tmp_path):
    """Characteristics become columns; samples may list other probes, or other characteristics."""
    one = "!Sample_characteristics_ch1 = tissue: liver\n!Sample_characteristics_ch1 = ratio: 1:2\n"
    two = "!Sample_characteristics_ch1 = tissue: kidney\n"
    text = FAMILY + SAMPLE.format(name="GSM1", fields=one, table="P1\t1.5\nP2\t2.5")
    text += SAMPLE.format(name="GSM2", fields=two, table="P2\t3.5\nP1\tnull")
    path = tmp_path / "GSE0_family.soft.gz"
    path.write_bytes(gzip.compress(text.encode()))
    said = rscript(
        "s <- read_series(commandArgs(TRUE)); "
        'cat(unlist(s$phenotype[c("tissue:ch1", "ratio:ch1")]), colnames(s$values), s$values, '
        "rownames(s$values), s$probes$Symbol)",
        path,
    )
    assert said.split() == [
        *("liver", "kidney", "1:2", "NA", "GSM1", "GSM2"),
        *("1.5", "2.5", "NA", "3.5", "P1", "P2", "A1BG", "A2M"),
    ]


@pytest.mark.r
def test_log2_decision_is_that_of_geo2r(geo_files, tmp_path):
    """Linear, logarithmic, centred and mixed scales; also what is forced, and missing values."""
    rng = np.random.default_rng(1)
    scales = {
        "linear": 2 ** rng.normal(8, 2, (50, 4)),
        "log2": rng.normal(8, 2, (50, 4)),
        "centred": rng.normal(0, 40, (50, 4)),
        "wide": rng.uniform(1, 60, (50, 4)),
    }
    code = ""
    for name, values in scales.items():
        np.savetxt(tmp_path / f"{name}.txt", values, fmt="%.17g")
        code += f'v <- as.matrix(read.table("{tmp_path}/{name}.txt")); r <- on_log2_scale(v); '
        code += "cat(r$taken, r$n_lost, sum(r$values, na.rm = TRUE), ''); "
    code += 'cat(on_log2_scale(v, "never")$taken, on_log2_scale(v * NA)$taken)'
    said = rscript(code).split()
    for i, values in enumerate(scales.values()):
        taken = geo2r_takes_log2(pd.DataFrame(values))
        assert said[3 * i] == str(taken).upper()
        with np.errstate(invalid="ignore"):
            total = np.nansum(np.log2(values)) if taken else values.sum()
        assert float(said[3 * i + 2]) == pytest.approx(total, rel=1e-6)
    assert [said[0], said[3], said[6], said[9], *said[12:]] == [
        "TRUE",
        "FALSE",
        "FALSE",
        "TRUE",
        "FALSE",
        "FALSE",
    ]


@pytest.mark.r
def test_cohorts_pass_between_python_and_r_without_loss(geo_files, tmp_path):
    """Every digit, odd names, and cohorts without classes."""
    rng = np.random.default_rng(2)
    index = pd.Index(["s 1", 's"2', "s3"], name="sample_id", dtype=str)
    columns = pd.Index(["HLA-A", "5' end", "1", 'a"b', "é"], dtype=str)
    numbers = rng.standard_normal((3, 5)) * 10.0 ** rng.integers(-300, 37, (3, 5))
    features = pd.DataFrame(numbers, index, columns)
    classes = pd.Series(["x", "y", "x"], index, name="class", dtype=str)
    code = (
        "p <- commandArgs(TRUE); c <- read_cohort(p[1]); "
        "f <- cbind(data.frame(class = if (is.null(c$classes)) NA else c$classes), "
        "as.data.frame(c$matrix), sample_id = c$samples); write_tsv(f, p[2])"
    )
    first, second = tmp_path / "new" / "b.tsv.gz", tmp_path / "new" / "c.tsv.gz"
    for labels in (classes, None):
        write_cohort(Cohort(features, labels), tmp_path / "a.tsv.gz")
        rscript(code, tmp_path / "a.tsv.gz", first, sourced=("script_log.R",))
        back = read_cohort(first)
        pd.testing.assert_frame_equal(back.features, features, check_exact=True)
        assert (back.classes is None) == (labels is None)
        assert labels is None or back.classes.to_dict() == labels.to_dict()
        rscript(code, tmp_path / "a.tsv.gz", second, sourced=("script_log.R",))
        assert first.read_bytes() == second.read_bytes()
    assert {p.name for p in (tmp_path / "new").iterdir()} == {"b.tsv.gz", "c.tsv.gz"}


@pytest.mark.r
@pytest.mark.parametrize(
    ("ending", "calls"), [('fail("no ", 3)', False), ("log(-1:1 + 'a')", True)]
)
def test_what_ends_an_r_script_is_in_its_log(geo_files, tmp_path, ending, calls):
    """A problem of the user's is written plainly, a fault of ours with its calls."""
    log = tmp_path / "rule.log"
    code = (
        f'source("{SCRIPTS}/script_log.R"); log_to("{log}"); message("hello"); '
        f'warning("look out"); f <- function() {{ {ending} }}; f()'
    )
    done = subprocess.run(
        ["Rscript", "--vanilla", "-e", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    text = log.read_text()
    stamp = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}"
    assert re.search(rf"^{stamp} INFO hello$", text, re.MULTILINE)
    assert re.search(rf"^{stamp} WARNING look out$", text, re.MULTILINE)
    assert re.search(rf"^{stamp} ERROR (no 3|non-numeric argument)", text, re.MULTILINE)
    assert ("Calls:" in text) is calls
    assert not done.stderr
