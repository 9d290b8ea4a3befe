"""What R data files and R packages hold: objects, and the tables inside them.

R itself looks into its objects (``rdata.R``), through a session of `evenomics.data.r_session`,
which is `r` here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evenomics.errors import CohortError
from evenomics.messages import nearest, some


@dataclass(frozen=True)
class Store:
    """R objects by name, and the file or package that they are from."""

    objects: dict[str, Any]
    place: str
    stem: str = ""

    def path(self, name: str) -> Path:
        """Return what messages call an object; the single one of an .rds file has no name."""
        return Path(f"{self.place} ({name})" if name else self.place)

    def sample_ids(self, name: str, n: int) -> list[str]:
        """Return ids for samples without names; those of another object get others."""
        prefix = "_".join(part for part in dict.fromkeys([self.stem, name]) if part)
        return [f"{prefix}_{i:0{len(str(n))}d}" for i in range(1, n + 1)]


@dataclass(frozen=True)
class Table:
    """An R table about samples or features; a vector is a table of one column, `only`."""

    r: Any
    content: Any
    place: Path
    only: str | None = None

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self.r.size(self.content)[0])

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return [self.only] if self.only is not None else list(self.r.columns(self.content))

    def position(self, column: str | int, problems: list[str]) -> int | None:
        """Return where a column is, the first being 1; None, and a problem, if it is not there."""
        if isinstance(column, int):
            if 1 <= column <= (n := int(self.r.size(self.content)[1])):
                return column
            problems.append(f"no column {column} in {self.place}; it has {n}")
        elif column in self.columns:
            return self.columns.index(column) + 1
        else:
            problems.append(
                f"no column {column!r} in {self.place}; {nearest(column, self.columns)}"
            )
        return None

    def text(self, column: str | int, problems: list[str]) -> list[str]:
        """Return a column as text; empty, and a problem, if it is not there."""
        if column == self.only:
            return list(self.r.text(self.content))
        at = self.position(column, problems)
        return [] if at is None else list(self.r.text(self.content, at))

    def names(self) -> list[str]:
        """Return the names of the rows, empty if they have none."""
        return list(self.r.names(self.content))


@dataclass(frozen=True)
class Measured:
    """What an object with measurements holds.

    Attributes
    ----------
    cells : R matrix or data.frame
        The measurements, and what else stands in the columns of a matrix or data.frame.
    in_columns : bool
        Whether the samples are in the columns of `cells`.
    samples, features : Table or None
        What is known about them; with `cells` as its content where it stands there.
    """

    cells: Any
    in_columns: bool
    samples: Table | None = None
    features: Table | None = None


def open_file(r: Any, path: Path) -> Store:
    """Return the objects of a file."""
    if not path.is_file():
        siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        near = nearest(path.name, siblings)
        raise CohortError(
            f"{path}: there is no such file" + (f"; {near}" if near.startswith("did") else "")
        )
    readers = {".rds": r.read_rds, ".rdata": r.read_rdata, ".rda": r.read_rdata}
    if path.suffix.lower() not in readers:
        raise CohortError(f"{path}: R data files end in .rds, .RData or .rda")
    found = readers[path.suffix.lower()](str(path))
    single = path.suffix.lower() == ".rds" and len(found) == 1
    names = [""] if single else [str(name) for name in found.names]
    return Store(dict(zip(names, r.parts(found), strict=True)), str(path), path.stem)


def open_package(r: Any, package: str, object: str | None, others: Sequence[str]) -> Store:
    """Return the objects of those data sets of a package that are asked for."""
    place = f"R package {package}"
    if not r.installed(package)[0]:
        raise CohortError(
            f"{place} is not installed; in R: install.packages({package!r}) or "
            f"BiocManager::install({package!r})"
        )
    # R lists an object of a data set of several as "object (data set)"
    items = [item.rstrip(")").partition(" (") for item in r.items(package)]
    sets = {item: data_set or item for item, _, data_set in items}
    if not sets:
        raise CohortError(f"{place} has no data sets")
    if object is None and len(set(sets.values())) > 1:
        raise CohortError(f"{place} has several data sets; name one as `object`:", sorted(sets))
    asked = {sets[name] for name in (object, *others) if name in sets} or set(sets.values())
    found = r.data_sets(r.strings(sorted(asked)), package)
    return Store(dict(zip(found.names, r.parts(found), strict=True)), place)


def chosen_object(r: Any, store: Store, object: str | None, others: Sequence[str]) -> str:
    """Return the name of the object with the measurements; check that all can be looked into."""
    objects = store.objects
    if object is None:
        if not objects:
            raise CohortError(f"{store.place} holds no objects")
        if len(objects) > 1:
            raise CohortError(
                f"{store.place} holds {len(objects)} objects; name the one with the measurements "
                "as `object`:",
                (f"{name}: {r.described(content)[0]}" for name, content in objects.items()),
            )
        (object,) = objects
    problems = [
        f"no object {name!r}; {nearest(name, objects)}"
        for name in (object, *others)
        if name not in objects
    ]
    problems += [
        f"the class {r.class_of(objects[name])[0]} of {name or 'the object'} is one of the R "
        f"package {package!r}, which is not installed; in R: BiocManager::install({package!r})"
        for name in (object, *others)
        if name in objects
        for package in r.lacking(objects[name])
    ]
    if problems:
        raise CohortError(f"{store.place} cannot serve as a cohort:", problems)
    return object


def measurements(
    r: Any, content: Any, place: Path, assay: str | None, samples: str | None
) -> Measured:
    """Return what an object holds, whichever kind it is of."""
    (kind,) = r.kind(content)
    problems = []
    if kind not in ("ExpressionSet", "SummarizedExperiment", "data.frame", "matrix"):
        problems.append(
            f"found {r.described(content)[0]}; has to be an ExpressionSet, a "
            "SummarizedExperiment, a matrix or a data.frame"
        )
    elif kind in ("data.frame", "matrix"):
        if assay is not None:
            problems.append(f"a {kind} has no assays; leave `assay` out")
        table = r.table(content)
        in_columns = samples == "columns" or (samples is None and kind == "matrix")
        itself = Table(r, table, place)
        if in_columns:
            measured = Measured(table, in_columns, features=itself)
        else:
            measured = Measured(table, in_columns, samples=itself)
        problems += [
            f"column {column!r} holds a matrix, not a value per row; save it as another object"
            for column in r.nested(table)
        ]
    else:
        assays = list(r.assays(content))
        if samples == "rows":
            problems.append(f"the samples of a {kind} are in columns; leave `samples` out")
        if assay is None and "exprs" in assays:
            assay = "exprs"
        if assay is None and len(assays) != 1:
            problems.append(f"there are the assays {some(assays, 10)}; name one as `assay`")
        elif assay is not None and assay not in assays:
            problems.append(f"no assay {assay!r}; {nearest(assay, assays)}")
        else:
            measured = Measured(
                r.assay(content, assay or assays[0]),
                True,
                Table(r, r.table(r.samples(content)), place),
                Table(r, r.table(r.features(content)), place),
            )
    if problems:
        raise CohortError(f"{place} cannot serve as a cohort:", problems)
    return measured


def side_table(r: Any, store: Store, name: str) -> Table:
    """Return an object about samples or features."""
    content, place = store.objects[name], store.path(name)
    (kind,) = r.kind(content)
    if kind == "vector":
        return Table(r, content, place, only=name)
    if kind in ("data.frame", "matrix"):
        return Table(r, r.table(content), place)
    raise CohortError(
        f"{place}: found {r.described(content)[0]}; has to be a vector, a matrix or a data.frame"
    )


def only_column(table: Table, option: str, column: Any) -> Any:
    """Return which column of an object about samples or features is asked for."""
    if table.only is not None:
        if column is not None:
            raise CohortError(f"{table.place} is a vector without columns; leave {option} out")
        return table.only
    if column is None:
        raise CohortError(
            f"{table.place} has columns; name one as {option}: {some(table.columns, 10)}"
        )
    return column
