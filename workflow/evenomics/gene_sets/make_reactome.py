"""Make reactome.gmt, the pathways of Reactome that ship with evenomics.

A line of Reactome's file stays, as it is, when its pathway is human, has 10 to 200 genes, and is
not much the same as one that stays: from the largest pathway to the smallest, each is left out that
shares more than half of its genes with one before it (Jaccard index above 0.5).

    python make_reactome.py ReactomePathways.gmt.zip reactome.gmt
"""

import argparse
import sys
import zipfile
from pathlib import Path

SIZES = range(10, 201)
MOST_ALIKE = 0.5


def subset(lines: list[str]) -> list[str]:
    """Return the lines that stay, in their order.

    Parameters
    ----------
    lines : list of str
        Name, stable identifier and genes of a pathway each, separated by tabs.
    """
    genes = {line: frozenset(line.split("\t")[2:]) for line in lines if "\tR-HSA-" in line}
    right_size = [line for line, members in genes.items() if len(members) in SIZES]
    kept: list[str] = []
    for line in sorted(right_size, key=lambda line: (-len(genes[line]), line)):
        if all(
            len(genes[line] & genes[other]) <= MOST_ALIKE * len(genes[line] | genes[other])
            for other in kept
        ):
            kept.append(line)
    return [line for line in right_size if line in set(kept)]


def main() -> None:
    """Read Reactome's file, write the subset."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("source", type=Path, help="ReactomePathways.gmt, or the .zip it comes in")
    parser.add_argument("target", type=Path, help="GMT file to write")
    arguments = parser.parse_args()
    if not arguments.source.is_file():
        sys.exit(f"{arguments.source}: there is no such file")
    if zipfile.is_zipfile(arguments.source):
        with zipfile.ZipFile(arguments.source) as archive:
            text = archive.read("ReactomePathways.gmt").decode()
    else:
        text = arguments.source.read_text(encoding="utf-8")
    lines = subset(text.splitlines())
    if not lines:
        sys.exit(f"{arguments.source}: no human pathway (R-HSA-...) with 10 to 200 genes in it")
    arguments.target.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    print(f"{len(lines)} pathways")


if __name__ == "__main__":
    main()
