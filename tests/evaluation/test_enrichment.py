"""Gene sets: the numbers are those of scipy and R, and every fault is named."""

import gzip
import io
import json
import re
import shutil
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import requests
from scipy import stats

from evenomics.errors import ConfigError, EnrichmentError
from evenomics.evaluation.enrichment import COLUMNS, enrich, read_gmt
from evenomics.report.figures.enrichment import enrichment_dots
from legible import assert_legible

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "workflow/evenomics/gene_sets/reactome.gmt"
MAKE = ROOT / "workflow/evenomics/gene_sets/make_reactome.py"


def write_gmt(path: Path, sets: dict[str, list[str]]) -> Path:
    path.write_text("".join("\t".join([name, "", *genes]) + "\n" for name, genes in sets.items()))
    return path


def made_up(rng, names):
    """60 sets of 3 to 40 of the names, the first 200 of which were measured, 30 selected."""
    sets = {
        f"set {i}": list(rng.choice(names, rng.integers(3, 41), replace=False)) for i in range(60)
    }
    measured = names[:200]
    return sets, measured, list(rng.choice(measured, 30, replace=False))


def expected(sets, measured, selected, min_size, max_size):
    """Every tested set with its hypergeometric p-value, adjusted over all of them."""
    rows = []
    for term, genes in sets.items():
        members = set(genes) & set(measured)
        if min_size <= len(members) <= max_size:
            hits = members & set(selected)
            p = stats.hypergeom(len(measured), len(members), len(selected)).sf(len(hits) - 1)
            rows.append((term, len(hits), len(members), p, ";".join(sorted(hits))))
    table = pd.DataFrame(rows, columns=["term", "n_overlap", "n_set", "p_value", "genes"])
    return table.assign(adjusted_p_value=stats.false_discovery_control(table["p_value"]))


@pytest.mark.parametrize(
    "names",
    [[f"GENE{i}" for i in range(300)], [str(1000 + i) for i in range(300)],
     [f"Gene{i}" for i in range(300)], [f"C1orf{i}" if i % 2 else f"AB{i}" for i in range(300)]],
    ids=["symbols", "entrez", "mouse", "mixed"],
)  # fmt: skip
def test_numbers_are_those_of_scipy_whatever_the_names_look_like(tmp_path, names):
    """p-values, counts and BH over all tested sets; gseapy alone fails for Entrez ids."""
    sets, measured, selected = made_up(np.random.default_rng(5), names)
    path = write_gmt(tmp_path / "made.up.gmt", sets)
    table = enrich(selected, measured, source="local", gene_sets=[path], min_size=5, max_size=20)
    truth = expected(sets, measured, selected, 5, 20)
    assert 20 < len(truth) < 60, "sizes matter"
    assert (truth["n_overlap"] == 0).any()
    found = truth[truth["n_overlap"] > 0].set_index("term").loc[table["term"]]
    assert len(found) == (truth["n_overlap"] > 0).sum()
    for column in ("n_overlap", "n_set", "genes"):
        assert list(table[column]) == list(found[column])
    np.testing.assert_allclose(table["p_value"], found["p_value"], rtol=1e-10)
    np.testing.assert_allclose(table["adjusted_p_value"], found["adjusted_p_value"], rtol=1e-10)
    assert list(table["p_value"]) == sorted(table["p_value"])
    assert {*table["library"], *table["n_selected"], *table["n_background"]} == {"made.up", 30, 200}
    assert dict(table.dtypes.astype(str)) == COLUMNS


def test_odds_ratio_is_that_of_the_fourfold_table_plus_one_half(tmp_path):
    names = [f"G{i}" for i in range(50)]
    path = write_gmt(tmp_path / "a.gmt", {"s": names[:12]})
    table = enrich(names[8:20], names, source="local", gene_sets=[path])
    in_both, set_only, selected_only, neither = 4, 8, 8, 30
    assert table["odds_ratio"].tolist() == pytest.approx(
        [(in_both + 0.5) * (neither + 0.5) / ((set_only + 0.5) * (selected_only + 0.5))]
    )


@pytest.fixture(scope="module")
def liver(shared_data) -> tuple[list[str], list[str]]:
    """Genes of TCGA liver samples, and the 200 that differ most between tumour and normal."""
    folder = shared_data / "tcga_lihc"
    values = pd.read_csv(folder / "X.csv.gz", index_col=0)
    tumour = (pd.read_csv(folder / "labels.csv")["tissue"] == "tumor").to_numpy()
    p = stats.ttest_ind(values[tumour], values[~tumour], equal_var=False).pvalue
    return list(values.columns), list(values.columns[np.argsort(p)[:200]])


@pytest.mark.r
def test_real_genes_and_sets_against_phyper_and_p_adjust_of_r(shared_data, liver, tmp_path):
    """R counts and tests by itself, from the same files."""
    if not shutil.which("Rscript"):
        pytest.skip("R is not installed")
    measured, selected = liver
    path = shared_data / "gene_sets/h.all.v7.4.symbols.gmt"
    (tmp_path / "measured").write_text("\n".join(measured) + "\n")
    (tmp_path / "selected").write_text("\n".join(selected) + "\n")
    code = r"""
    at <- commandArgs(TRUE)
    measured <- readLines(at[1]); selected <- readLines(at[2])
    sets <- lapply(strsplit(readLines(at[3]), "\t"), function(x) intersect(x[-(1:2)], measured))
    names(sets) <- sub("\t.*", "", readLines(at[3]))
    sets <- sets[lengths(sets) >= 10 & lengths(sets) <= 500]
    hits <- vapply(sets, function(x) sum(x %in% selected), 0)
    p <- phyper(hits - 1, lengths(sets), length(measured) - lengths(sets), length(selected),
                lower.tail = FALSE)
    write.table(data.frame(names(sets), hits, p, p.adjust(p, "BH")), sep = "\t", quote = FALSE,
                row.names = FALSE, col.names = FALSE)
    """
    (tmp_path / "oracle.R").write_text(code)
    run = subprocess.run(
        ["Rscript", tmp_path / "oracle.R", tmp_path / "measured", tmp_path / "selected", path],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    truth = pd.read_csv(io.StringIO(run.stdout), sep="\t", header=None, index_col=0)
    table = enrich(selected, measured, source="local", gene_sets=[path], min_size=10)
    truth = truth.loc[table["term"]]
    assert len(table) > 30
    assert list(table["n_overlap"]) == list(truth[1])
    np.testing.assert_allclose(table["p_value"], truth[2], rtol=1e-6)
    np.testing.assert_allclose(table["adjusted_p_value"], truth[3], rtol=1e-6)


def test_tumours_divide(shared_data, liver):
    """Known biology: genes that differ between liver tumour and normal are of the cell cycle."""
    measured, selected = liver
    files = [SHIPPED, shared_data / "gene_sets/h.all.v7.4.symbols.gmt"]
    table = enrich(selected, measured, source="local", gene_sets=files)
    best = table.groupby("library", sort=False).head(2)
    assert list(best["library"].unique()) == ["reactome", "h.all.v7.4.symbols"]
    assert (best["adjusted_p_value"] < 1e-3).all()
    assert best["term"].tolist()[0] == "Mitotic Prometaphase"
    assert set(best["term"][2:]) == {"HALLMARK_G2M_CHECKPOINT", "HALLMARK_E2F_TARGETS"}


def test_genes_drawn_at_random_are_seldom_significant(liver):
    """The false discovery rate holds: 20 random draws give few or no significant sets."""
    measured, _ = liver
    rng = np.random.default_rng(0)
    n_false = 0
    for _ in range(20):
        genes = rng.choice(measured, 100, replace=False)
        table = enrich(genes, measured, source="local", gene_sets=[SHIPPED])
        n_false += bool((table["adjusted_p_value"] < 0.05).any())
    assert stats.binomtest(n_false, 20, 0.05, alternative="greater").pvalue > 1e-3


def test_order_of_genes_changes_nothing(tmp_path):
    sets, measured, selected = made_up(np.random.default_rng(2), [f"G{i}" for i in range(300)])
    path = write_gmt(tmp_path / "a.gmt", sets)
    one = enrich(selected, measured, source="local", gene_sets=[path], min_size=2)
    other = enrich(selected[::-1], measured[::-1], source="local", gene_sets=[path], min_size=2)
    pd.testing.assert_frame_equal(one, other)


def test_no_set_of_the_right_size_is_a_result_with_a_warning(tmp_path, caplog):
    """The table is empty but whole, and can be written and drawn."""
    names = [f"G{i}" for i in range(50)]
    path = write_gmt(tmp_path / "a.gmt", {"s": names[:5], "t": names[3:10]})
    table = enrich(names[:4], names, source="local", gene_sets=[path], min_size=8)
    assert table.empty
    assert dict(table.dtypes.astype(str)) == COLUMNS
    assert "no set is tested, they have 5 to 7 background genes" in caplog.text
    assert_legible(enrichment_dots(table))


G = [f"G{i}" for i in range(20)]


@pytest.mark.parametrize(
    ("genes", "background", "message"),
    [
        ([], G, "no gene is selected"),
        (G, G, "all 20 measured genes are selected"),
        (["G1", "G1"], G, r"selected genes are named more than once: 'G1'"),
        (["G1"], [*G, "G7"], r"background genes are named more than once: 'G7'"),
        (["G1", "X"], G, r"1 selected genes are not in the background: 'X'"),
        (["1007_s_at"], ["1007_s_at", "G1"], r"'1007_s_at'\) is in a gene set .*'G0'.*not probes"),
        (["g3"], ["g3", "G1"], "upper and lower case"),
    ],
)
def test_genes_that_cannot_be_tested(tmp_path, genes, background, message):
    path = write_gmt(tmp_path / "a.gmt", {"s": G})
    with pytest.raises(EnrichmentError, match=message):
        enrich(genes, background, source="local", gene_sets=[path])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"source": "locale"}, "did you mean 'local'"),
        ({"source": "local"}, "needs `gene_sets`"),
        ({"source": "local", "libraries": ["KEGG_2021"]}, "needs `gene_sets`"),
        ({"source": "enrichr", "gene_sets": ["a.gmt"]}, "needs `libraries`"),
        ({"source": "enrichr", "libraries": ["A", "A"]}, "more than once: 'A'"),
        ({"source": "local", "gene_sets": ["x/a.gmt", "y/a.gmt"]}, "more than once: 'a'"),
        ({"source": "local", "gene_sets": ["a.gmt"], "min_size": 9, "max_size": 8}, "9 and 8"),
    ],
)
def test_settings_that_do_not_fit_together(settings, message):
    with pytest.raises(ConfigError, match=message):
        enrich(["G1"], G, **settings)


def test_gmt_as_enrichr_and_windows_write_it(tmp_path):
    path = tmp_path / "a.gmt"
    path.write_bytes(b"\xef\xbb\xbfone\t\tA\tB \tA\t\t\r\ntwo\thttp://x\tC\r\n")
    assert read_gmt(path) == {"one": {"A", "B"}, "two": {"C"}}


def test_all_faults_of_all_gmt_files_come_in_one_message(tmp_path):
    first, second = tmp_path / "a.gmt", tmp_path / "b.gmt"
    first.write_text("one\td\tA\n\ntwo\td\n\tno name\tA\none\td\tB\nthree A B\n\n")
    second.write_bytes(gzip.compress(b"one\td\tA\n"))
    with pytest.raises(EnrichmentError) as error:
        enrich(["A"], ["A", "B"], source="local", gene_sets=[first, second, tmp_path / "c.gmt"])
    text = str(error.value)
    assert "a.gmt cannot serve as gene sets" in text
    assert "empty: line 2, 7" in text
    assert re.search(r"no gene set \(.*\): line 3 \('two.*4 \(.*no name.*6 \('three A B'\)", text)
    assert "own name: line 5 ('one', as line 1)" in text
    assert "b.gmt: byte 2 is not UTF-8" in text
    assert "c.gmt: there is no such file" in text


# Enrichr


class Enrichr:
    """Stands in for the network below requests: answers as the service does, keeps what it got."""

    def __init__(self, **answers):
        self.sent = {}
        self.answers = {
            "datasetStatistics": {
                "statistics": [{"libraryName": "GO_2023"}, {"libraryName": "Pathways"}]
            },
            "addList": {"shortId": "x", "userListId": 7},
            "addbackground": {"backgroundid": "bg"},
            "backgroundenrich": {
                "GO_2023": [
                    [1, "mitosis (GO:1)", 1e-4, 9.5, 80.0, ["G2", "G1"], 3e-4, 0, 0],
                    [2, "death (GO:2)", 0.02, 3.0, 11.0, ["G1"], 0.03, 0, 0],
                ],
                "Pathways": [[1, "Cell cycle", 0.5, 1.5, 1.0, ["G2"], 0.9, 0, 0]],
            },
        } | answers

    def __call__(self, adapter, request, **_):
        endpoint = request.url.rsplit("/", 1)[-1].split("?")[0]
        body = request.body.decode() if isinstance(request.body, bytes) else request.body
        self.sent.setdefault(endpoint, []).append(body)
        answer = self.answers[endpoint]
        response = requests.Response()
        response.status_code, response.url, response.request = 200, request.url, request
        if isinstance(answer, int):
            response.status_code, answer = answer, ""
        text = answer if isinstance(answer, str) else json.dumps(answer)
        response.raw = io.BytesIO(text.encode())
        return response


def ask(monkeypatch, enrichr, **settings):
    monkeypatch.setattr(
        "requests.adapters.HTTPAdapter.send", lambda *given, **named: enrichr(*given, **named)
    )
    settings = {"libraries": ["Pathways", "GO_2023"]} | settings
    return enrich(["G1", "G2"], G, source="enrichr", **settings)


def test_an_answer_of_enrichr_becomes_the_same_table(monkeypatch):
    """Selected genes and background are sent; the service's numbers come back, libraries as asked.

    Set sizes are not in the answer, and not made up.
    """
    enrichr = Enrichr()
    table = ask(monkeypatch, enrichr)
    assert "G1\nG2" in enrichr.sent["addList"][0].replace("\r\n", "\n")
    sent = enrichr.sent["addbackground"][0].removeprefix("background=")
    assert sorted(sent.split("%0A")) == sorted(G)
    assert [("backgroundType=Pathways" in body) for body in enrichr.sent["backgroundenrich"]] == [
        True,
        False,
    ]
    assert dict(table.dtypes.astype(str)) == COLUMNS
    assert table["n_set"].isna().all()
    rows = table.drop(columns="n_set").to_numpy().tolist()
    assert rows == [
        ["Pathways", "Cell cycle", 1, 2, 20, 1.5, 0.5, 0.9, "G2"],
        ["GO_2023", "mitosis (GO:1)", 2, 2, 20, 9.5, 1e-4, 3e-4, "G1;G2"],
        ["GO_2023", "death (GO:2)", 1, 2, 20, 3.0, 0.02, 0.03, "G1"],
    ]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"datasetStatistics": "<html>down for maintenance</html>"}, "JSONDecodeError"),
        ({"addList": 403}, "403"),
        ({"addbackground": "nonsense"}, "JSONDecodeError"),
        ({"backgroundenrich": {"error": "no such list"}}, "KeyError"),
    ],
)
def test_an_answer_that_cannot_be_used_is_no_traceback(monkeypatch, answers, said):
    with pytest.raises(EnrichmentError, match=r"Enrichr.*`source: local`") as error:
        ask(monkeypatch, Enrichr(**answers))
    assert said in error.value.problems[0]


def test_libraries_that_enrichr_does_not_have_are_named_before_genes_are_sent(monkeypatch):
    """Without the check gseapy would go on with the libraries it knows."""
    enrichr = Enrichr()
    with pytest.raises(EnrichmentError, match=r"'GO_2032': did you mean 'GO_2023'\?"):
        ask(monkeypatch, enrichr, libraries=["Pathways", "GO_2032"])
    assert list(enrichr.sent) == ["datasetStatistics"]


def test_enrichr_that_knows_none_of_the_genes(monkeypatch):
    enrichr = Enrichr(backgroundenrich={"GO_2023": [], "Pathways": []})
    with pytest.raises(EnrichmentError, match=r"none of the 2 selected genes \('G1', 'G2'\)"):
        ask(monkeypatch, enrichr)


def test_without_network_the_error_names_the_service_and_the_way_out(monkeypatch):
    """Names cannot be resolved; all of gseapy's retries happen, without the waits in between."""

    def no_network(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    monkeypatch.setattr("time.sleep", lambda _: None)
    with pytest.raises(EnrichmentError, match=r"Enrichr.*`source: local`.*`gene_sets`") as error:
        enrich(["G1"], G, source="enrichr", libraries=["GO_2023"])
    assert error.value.problems[0].startswith("ConnectionError")
    assert isinstance(error.value.__cause__, OSError)


# The sets that ship


def run_make(*arguments):
    return subprocess.run(
        [sys.executable, str(MAKE), *map(str, arguments)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_shipped_sets_keep_their_rule():
    """Human pathways of 10 to 200 genes, no two with a Jaccard index above one half; small."""
    lines = [line.split("\t") for line in SHIPPED.read_text().splitlines()]
    assert all(identifier.startswith("R-HSA-") for _, identifier, *_ in lines)
    assert SHIPPED.stat().st_size < 300_000
    sets = read_gmt(SHIPPED)
    assert {len(genes) for genes in sets.values()} <= set(range(10, 201))
    genes = sorted(set().union(*sets.values()))
    at = {gene: i for i, gene in enumerate(genes)}
    member = np.zeros((len(sets), len(genes)))
    for row, names in zip(member, sets.values(), strict=True):
        row[[at[name] for name in names]] = 1
    shared, sizes = member @ member.T, member.sum(axis=1)
    jaccard = shared / (sizes[:, None] + sizes - shared)
    assert np.triu(jaccard, 1).max() <= 0.5


def test_shipped_sets_are_made_by_the_script_from_reactome(shared_data, tmp_path):
    source = shared_data / "gene_sets/ReactomePathways.gmt"
    done = run_make(source, tmp_path / "made.gmt")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "made.gmt").read_bytes() == SHIPPED.read_bytes()


def test_rule_of_the_script_on_a_few_sets_from_a_zip(tmp_path):
    """Other species, wrong sizes and near copies of larger sets are left out; order is kept."""
    genes = [f"G{i}" for i in range(400)]
    lines = {
        "alike": ("R-HSA-1", genes[:11]),  # 11 of 20 genes: above one half
        "half": ("R-HSA-2", [*genes[10:20], "X"][:10]),  # 10 of 20: just not
        "large": ("R-HSA-3", genes[:20]),
        "mouse": ("R-MMU-4", genes[100:120]),
        "small": ("R-HSA-5", genes[200:209]),
        "huge": ("R-HSA-6", genes[:201]),
    }
    text = "".join("\t".join([n, i, *g]) + "\n" for n, (i, g) in lines.items())
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.writestr("ReactomePathways.gmt", text)
    done = run_make(tmp_path / "in.zip", tmp_path / "out.gmt")
    assert done.stdout == "2 pathways\n"
    assert list(read_gmt(tmp_path / "out.gmt")) == ["half", "large"]
    assert set((tmp_path / "out.gmt").read_text().splitlines()) <= set(text.splitlines())


def test_script_says_what_is_wrong_with_its_input(tmp_path):
    (tmp_path / "in.gmt").write_text("a\tR-MMU-1\tG1\n")
    assert "no human pathway" in run_make(tmp_path / "in.gmt", tmp_path / "out.gmt").stderr
    assert "no such file" in run_make(tmp_path / "nothing", tmp_path / "out.gmt").stderr
    assert not (tmp_path / "out.gmt").exists()
