# Read local files of the Gene Expression Omnibus and summarise probes to genes. Source this after
# script_log.R. Matrices of values are probes (later genes) x samples.

need("GEOquery")

# Defaults of a cohort's settings (workflow/evenomics/config/schema/sources/geo.schema.yaml describes them).
SPEC <- list(
  where = list(), several_probes = "highest_mean", several_symbols = "first", log2 = "auto",
  labelled = TRUE
)

# Columns with gene symbols by preference; case, blanks, `_` and `.` are ignored.
SYMBOL_COLUMNS <- c(
  "genesymbol", "symbol", "hgncsymbol", "ilmngene", "identifier", "geneassignment"
)

# --- reading ---------------------------------------------------------------------------------

read_geo <- function(path) {
  if (!file.exists(path)) fail(path, ": there is no such file")
  readable <- readable_copy(path)
  on.exit(unlink(readable))
  arguments <- list(filename = readable, getGPL = FALSE)
  if ("returnType" %in% names(formals(getGEO))) { # from 2.81.21 on: SummarizedExperiment
    arguments$returnType <- "ExpressionSet"
  }
  tryCatch(
    suppressMessages(do.call(getGEO, arguments)),
    error = function(condition) {
      fail(
        path, ": GEOquery cannot read it (", conditionMessage(condition), "); is it a whole ",
        "series matrix, GDS, family SOFT or platform file?"
      )
    }
  )
}

# Write an unpacked copy in UTF-8: GEOquery goes by the name of a file to unpack it, and fails on text
# in Latin-1, as in old records. It also reads truncated files without an error.
readable_copy <- function(path) {
  lines <- readLines(path, warn = FALSE)
  old <- !validUTF8(lines)
  lines[old] <- iconv(lines[old], "latin1", "UTF-8")
  marks <- lines[startsWith(lines, "!")]
  if (sum(grepl("_table_begin$", marks)) > sum(grepl("_table_end$", marks))) {
    fail(
      path, ": the end of a table is missing; get the file again (for a new download delete it ",
      "and the one kept in resources/geo)"
    )
  }
  copy <- tempfile(fileext = ".txt")
  writeLines(lines, copy, useBytes = TRUE)
  copy
}

# Read the samples of several platforms (NULL: of the only one): a list of what `read_series` returns.
# The files are one for each platform, or one with all of them.
read_platforms <- function(paths, platforms = NULL) {
  objects <- lapply(paths, read_geo)
  Map(read_series, paths, if (is.null(platforms)) list(NULL) else platforms, objects)
}

# Put samples together, one below the other; a column that some lack is missing for these.
bind_samples <- function(phenotypes) {
  columns <- unique(unlist(lapply(phenotypes, names)))
  filled <- lapply(unname(phenotypes), function(phenotype) {
    phenotype[setdiff(columns, names(phenotype))] <- NA_character_
    phenotype[columns]
  })
  do.call(rbind, filled)
}

# Read a series matrix, a GDS or a family SOFT file. Returns list(values, phenotype, probes):
# `phenotype` is a data frame of text with a row per sample; `probes` is the platform's table, or
# NULL where the file has none.
read_series <- function(path, platform = NULL, object = read_geo(path)) {
  read_as <- switch(class(object)[1],
    ExpressionSet = from_series_matrix, GDS = from_gds, GSE = from_family,
    fail(path, ": has no samples, but a record of the kind ", class(object)[1])
  )
  series <- read_as(object, platform, path)
  series$values[!is.finite(series$values)] <- NA
  if (all(is.na(series$values))) {
    fail(
      path, ": the file describes ", nrow(series$phenotype), " samples, but has no finite value ",
      "(those of sequencing studies lie in supplementary files); make a table and use ",
      "`source: table`"
    )
  }
  series
}

from_series_matrix <- function(object, platform, path) {
  phenotype <- as_text(Biobase::pData(object))
  keep <- phenotype$platform_id == chosen_platform(phenotype$platform_id, platform, path)
  values <- Biobase::exprs(object)
  storage.mode(values) <- "double"
  list(
    values = values[, keep, drop = FALSE], phenotype = phenotype[keep, , drop = FALSE],
    probes = NULL
  )
}

from_gds <- function(object, platform, path) {
  chosen_platform(Meta(object)$platform, platform, path)
  table <- Table(object)
  phenotype <- as_text(Columns(object))
  rownames(phenotype) <- phenotype$sample
  values <- as.matrix(table[phenotype$sample])
  storage.mode(values) <- "double"
  rownames(values) <- as.character(table$ID_REF)
  probes <- table[c("ID_REF", "IDENTIFIER")]
  # a GDS repeats the name of a probe without a symbol; in other files, a symbol can be the name
  probes$IDENTIFIER[probes$IDENTIFIER == probes$ID_REF] <- NA
  list(values = values, phenotype = phenotype, probes = probes)
}

from_family <- function(object, platform, path) {
  samples <- GSMList(object)
  found <- vapply(samples, function(sample) Meta(sample)$platform_id[1], "")
  platform <- chosen_platform(found, platform, path)
  samples <- samples[found == platform]
  tables <- lapply(samples, Table)
  ids <- unique(unlist(lapply(tables, function(table) as.character(table$ID_REF))))
  values <- vapply(
    tables,
    function(table) as.numeric(table$VALUE)[match(ids, as.character(table$ID_REF))],
    numeric(length(ids))
  )
  values <- matrix(values, length(ids), length(samples), dimnames = list(ids, names(samples)))
  probes <- Table(GPLList(object)[[platform]])
  list(values = values, phenotype = sample_fields(samples), probes = probes)
}

# Description of the samples in a family SOFT file, with the columns that GEOquery makes from a series
# matrix: `tissue:ch1` for the characteristic `tissue: ...` of channel 1.
sample_fields <- function(samples) {
  fields <- lapply(samples, function(sample) {
    meta <- Meta(sample)
    joined <- vapply(meta, paste, "", collapse = "; ")
    characteristics <- grep("^characteristics_ch", names(meta), value = TRUE)
    c(joined, unlist(lapply(characteristics, function(key) {
      pairs <- grep(":", meta[[key]], fixed = TRUE, value = TRUE)
      names <- paste0(trimws(sub(":.*", "", pairs)), ":", sub("characteristics_", "", key))
      tapply(trimws(sub("^[^:]*:", "", pairs)), names, paste, collapse = ";")
    })))
  })
  columns <- unique(unlist(lapply(fields, names)))
  rows <- lapply(fields, function(field) stats::setNames(field[columns], columns))
  data.frame(do.call(rbind, rows), check.names = FALSE, row.names = names(samples))
}

chosen_platform <- function(found, platform, path) {
  there <- sort(unique(found))
  if (is.null(platform) && length(there) > 1) {
    fail(path, ": samples of several platforms, ", some(there, 20), "; name one as `platform`")
  }
  if (!is.null(platform) && !platform %in% there) {
    fail(path, ": no sample is of the platform '", platform, "'; there are ", some(there, 20))
  }
  if (is.null(platform)) there else platform
}

as_text <- function(frame) {
  text <- lapply(frame, as.character)
  data.frame(text, check.names = FALSE, row.names = rownames(frame))
}

# Read the table of a platform: an annotation (annot.gz) or the SOFT file of a GPL.
read_platform <- function(path) {
  object <- read_geo(path)
  if (!inherits(object, "GPL") || nrow(Table(object)) == 0) {
    fail(path, ": has no platform table (GPL SOFT file or annot.gz)")
  }
  Table(object)
}

# --- samples ---------------------------------------------------------------------------------

# Whether samples fulfil all conditions `where` (column -> one or more patterns).
fulfils <- function(phenotype, where) {
  keep <- rep(TRUE, nrow(phenotype))
  for (column in names(where)) {
    key <- paste0("where.", column)
    values <- phenotype_column(phenotype, column, "where")
    hits <- matches(values, where[[column]], key)
    if (!any(hits)) {
      there <- some(unique(values), 8)
      fail(key, ": no sample matches ", some(where[[column]]), "; there are ", there)
    }
    keep <- keep & hits
  }
  if (!any(keep)) fail("where: no sample fulfils all of ", some(names(where), 20))
  keep
}

# Class of each sample, NA if no pattern matches.
class_of <- function(values, classes, samples) {
  hits <- vapply(
    names(classes),
    function(name) matches(values, classes[[name]], paste0("classes.", name)),
    logical(length(values))
  )
  hits <- matrix(hits, length(values), dimnames = list(samples, names(classes)))
  problems <- character()
  for (sample in which(rowSums(hits) > 1)) {
    both <- names(classes)[hits[sample, ]]
    patterns <- vapply(classes[both], paste, "", collapse = "' or '")
    problems <- c(problems, paste0(
      samples[sample], " ('", values[sample], "') matches ",
      paste0("'", patterns, "' of class ", both, collapse = " and ")
    ))
  }
  if (length(problems)) {
    fail(
      "classes: ", length(problems), " samples match the patterns of more than one class; make ",
      "these stricter, e.g. with ^ for the start:\n", bullets(problems, 5)
    )
  }
  empty <- colnames(hits)[colSums(hits) == 0]
  if (length(empty)) {
    fail(
      "classes: no sample matches the pattern of ", some(empty, 20), "; the values are ",
      some(unique(values), 12)
    )
  }
  classes <- apply(hits, 1, function(hit) if (any(hit)) names(which(hit)) else NA_character_)
  unname(classes)
}

matches <- function(values, patterns, key) {
  hits <- lapply(patterns, function(pattern) {
    complain <- function(condition) {
      fail(key, ": '", pattern, "' is no regular expression: ", conditionMessage(condition))
    }
    tryCatch(
      grepl(pattern, values, ignore.case = TRUE, perl = TRUE),
      error = complain, warning = complain
    )
  })
  Reduce(`|`, hits)
}

phenotype_column <- function(phenotype, column, key) {
  if (column %in% names(phenotype)) return(phenotype[[column]])
  varying <- Filter(function(name) length(unique(phenotype[[name]])) > 1, names(phenotype))
  shown <- vapply(varying, function(name) {
    paste0("'", name, "': ", some(unique(substr(phenotype[[name]], 1, 60)), 3))
  }, "")
  fail(
    key, ": the samples have no column '", column, "'; columns that differ between samples:\n",
    bullets(shown, 40)
  )
}

bullets <- function(lines, limit) {
  more <- if (length(lines) > limit) paste(length(lines) - limit, "more")
  paste0("  - ", c(utils::head(lines, limit), more), collapse = "\n")
}

# --- values ----------------------------------------------------------------------------------

# Genes of some samples of a series, on log2 scale. Returns list(genes, counts): genes x samples, and
# numbers for the report. `paths` are for messages; `table` is the path of the platform's table.
genes_of_series <- function(series, samples, spec, paths, table = NULL) {
  scaled <- on_log2_scale(series$values[, samples, drop = FALSE], spec$log2)
  genes <- scaled$values
  counts <- stats::setNames(scaled$taken, sprintf("log2 taken (%s)", scaled$why))
  counts["values without a logarithm"] <- scaled$n_lost
  counts["probes"] <- nrow(genes)
  if (!identical(spec$symbol_column, "none")) {
    probes <- if (is.null(table)) series$probes else read_platform(table)
    if (NROW(probes) == 0) {
      # the table of a platform is only downloaded for a series that is downloaded as well
      platform <- series$phenotype$platform_id[1]
      named <- if (is.null(spec[["file"]])) paste0("set `platform: ", platform, "`, ")
      fail(
        some(paths), " has no gene symbols; ", named, "give the platform's file ",
        "(`platform_file`), or keep the probes as features (`symbol_column: none`)"
      )
    }
    map <- symbols_of(rownames(genes), probes, spec$symbol_column, spec$several_symbols)
    counts["probes without a gene symbol"] <- nrow(genes) - length(unique(map$row))
    if (nrow(map) == 0) fail("symbol_column: no probe has a gene symbol")
    genes <- by_gene(genes, map, spec$several_probes)
  }
  counts["genes"] <- nrow(genes)
  list(genes = genes, counts = counts)
}

# Take log2, or not. `auto` decides as GEO2R does: values are linear if the 99 % quantile exceeds 100,
# or if the range exceeds 50 and the lower quartile is positive. Values without a logarithm become
# missing. Returns list(values, taken, why, n_lost).
on_log2_scale <- function(values, how = "auto") {
  q <- stats::quantile(values, c(0, 0.25, 0.99, 1), na.rm = TRUE, names = FALSE)
  taken <- switch(how,
    always = TRUE, never = FALSE,
    auto = isTRUE(q[3] > 100 || (q[4] - q[1] > 50 && q[2] > 0)) # NA where all is missing
  )
  why <- sprintf(
    "%s; minimum %.4g, lower quartile %.4g, 99 %% quantile %.4g, maximum %.4g",
    how, q[1], q[2], q[3], q[4]
  )
  n_lost <- 0
  if (taken) {
    n_lost <- sum(values <= 0, na.rm = TRUE)
    values[which(values <= 0)] <- NA
    values <- log2(values)
  }
  list(values = values, taken = taken, why = why, n_lost = n_lost)
}

# Gene symbols of probes: a data frame (row, symbol), where `row` is the row of the probe in the matrix
# of values. Probes without a symbol are left out; `several` decides on probes with several.
symbols_of <- function(ids, table, column = NULL, several = "first") {
  symbol_column <- find_symbol_column(names(table), column)
  # GEO ignores the case of probe names
  row <- match(tolower(ids), tolower(as.character(table[[1]])))
  if (all(is.na(row))) {
    fail(
      "no probe of the series (", some(ids), ") is in the platform table (", some(table[[1]]),
      "); is it the table of another platform?"
    )
  }
  text <- trimws(as.character(table[[symbol_column]])[row])
  symbols <- lapply(strsplit(text, "\\s*///\\s*"), function(entries) {
    # of a gene assignment, accession // symbol // description // ..., only the symbol
    entries <- sub("^\\S+ // (.*?) // .*", "\\1", entries, perl = TRUE)
    parts <- as.character(unlist(strsplit(entries, "\\s*(//|[,;])\\s*")))
    # Affymetrix writes ---, a GDS file --Control, where there is no symbol
    unique(parts[!parts %in% c("", NA, "NA", "null") & !startsWith(parts, "--")])
  })
  counts <- lengths(symbols)
  symbols <- switch(several,
    first = lapply(symbols, utils::head, 1),
    drop = replace(symbols, counts > 1, list(character())),
    each = symbols
  )
  message(
    sprintf("gene symbols from the column '%s' of the platform table; ", symbol_column),
    sprintf("%d probes have several (%s)", sum(counts > 1), several)
  )
  row <- rep(seq_along(symbols), lengths(symbols))
  data.frame(row = row, symbol = as.character(unlist(symbols)))
}

find_symbol_column <- function(names, column = NULL) {
  if (is.null(column)) {
    known <- match(SYMBOL_COLUMNS, gsub("[ _.]", "", tolower(names)))
    column <- names[known[!is.na(known)][1]]
    if (is.na(column)) {
      fail("symbol_column: no known column of gene symbols; name one of ", some(names, 50))
    }
  }
  if (!column %in% names) {
    fail("symbol_column: the platform table has no column '", column, "'; it has ", some(names, 50))
  }
  column
}

# Summarise the probes of each gene: genes x samples, sorted by name. Of several probes, only those
# with the fewest missing values are used, as in WGCNA's collapseRows; `how` takes the one with the
# highest mean or variance over the samples (the first of equal ones), the first one, or their mean
# or median.
by_gene <- function(values, map, how = "highest_mean") {
  values <- values[map$row, , drop = FALSE]
  missing <- rowSums(is.na(values))
  score <- switch(how,
    highest_mean = rowMeans(values, na.rm = TRUE),
    highest_variance = rowSums((values - rowMeans(values, na.rm = TRUE))^2, na.rm = TRUE),
    rep(0, nrow(values))
  )
  order <- order(map$symbol, missing, -score)
  symbol <- map$symbol[order]
  values <- values[order, , drop = FALSE]
  if (how %in% c("mean", "median")) {
    fewest <- missing[order] == missing[order][match(symbol, symbol)]
    groups <- Filter(function(rows) length(rows) > 1, split(which(fewest), symbol[fewest]))
    pooled <- vapply(groups, function(rows) {
      apply(values[rows, , drop = FALSE], 2, how)
    }, numeric(ncol(values)))
    values[match(names(groups), symbol), ] <- t(pooled)
  }
  first <- !duplicated(symbol)
  matrix(values[first, ], sum(first), dimnames = list(symbol[first], colnames(values)))
}
