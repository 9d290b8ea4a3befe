# Functions for all R scripts: log of the rule, messages for users, files of cohorts.
#
#   snakemake@source("script_log.R")
#   log_to(snakemake@log[[1]])

options(
  warn = 1, # warnings at once, not at the end
  scipen = 999, # 100000 as a name, not 1e+05
  stringsAsFactors = FALSE,
  readr.num_threads = 1, readr.show_progress = FALSE, readr.show_col_types = FALSE
)
invisible(Sys.setlocale("LC_COLLATE", "C")) # same order of names on every machine
RNGkind("Mersenne-Twister", "Inversion", "Rejection")

# Log messages, warnings and the error that ends the script to a file. An error of `fail` is logged as
# it is, any other with its calls; what runs Snakemake shows it. Call this from the top level of a
# script.
log_to <- function(path) {
  path <- file.path(normalizePath(dirname(path)), basename(path)) # valid after setwd
  write_line <- function(level, text) {
    now <- sub(".", ",", format(Sys.time(), "%Y-%m-%d %H:%M:%OS3"), fixed = TRUE)
    cat(now, " ", level, " ", sub("\n$", "", text), "\n", sep = "", file = path, append = TRUE)
  }
  globalCallingHandlers(
    message = function(condition) {
      write_line("INFO", conditionMessage(condition))
      invokeRestart("muffleMessage")
    },
    warning = function(condition) {
      call <- conditionCall(condition)
      place <- if (is.null(call)) "" else paste0("in ", deparse(call, nlines = 1)[1], ": ")
      write_line("WARNING", paste0(place, conditionMessage(condition)))
      invokeRestart("muffleWarning")
    },
    error = function(condition) {
      text <- conditionMessage(condition)
      if (!inherits(condition, "user_error")) {
        calls <- vapply(sys.calls(), function(call) deparse(call, nlines = 1)[1], "")
        calls <- utils::head(calls, -2) # the last two are of this handler
        text <- paste0(text, "\nCalls:\n", paste0("  ", calls, collapse = "\n"))
      }
      write_line("ERROR", text)
      quit(save = "no", status = 1, runLast = FALSE)
    }
  )
}

# End with an error that the user can fix. The arguments are pasted, as in stop().
fail <- function(...) {
  stop(errorCondition(.makeMessage(...), class = "user_error", call = NULL))
}

# Attach a package, or end with how to install it (by default, from Bioconductor).
need <- function(package, how = paste0(
    "on Debian or Ubuntu, apt-get install r-bioc-", tolower(package), "; elsewhere, in R, ",
    "BiocManager::install(\"", package, "\")"
  )) {
  tryCatch(
    suppressPackageStartupMessages(library(package, character.only = TRUE)),
    error = function(problem) {
      fail(
        "the R package ", package, " cannot be loaded from ",
        paste(.libPaths(), collapse = ", "), " (", conditionMessage(problem),
        "). Run Snakemake with --use-conda, or install it: ", how
      )
    }
  )
  invisible()
}

# "'a', 'b', 'c' and 4 more", for messages.
some <- function(items, limit = 3) {
  items <- as.character(items)
  more <- if (length(items) > limit) paste(" and", length(items) - limit, "more") else ""
  paste0(paste0("'", utils::head(items, limit), "'", collapse = ", "), more)
}

# Write a data frame as TSV: `sample_id` first if it has that column, missing values empty, numbers
# with all digits, compressed if the name ends in .gz. A killed script leaves no half-written file
# under that name.
write_tsv <- function(frame, path) {
  dir.create(dirname(path), showWarnings = FALSE, recursive = TRUE)
  temporary <- file.path(dirname(path), sprintf(".%s.%d.tmp", basename(path), Sys.getpid()))
  on.exit(unlink(temporary))
  frame <- frame[c(intersect("sample_id", names(frame)), setdiff(names(frame), "sample_id"))]
  connection <- if (endsWith(path, ".gz")) gzfile(temporary, "wb") else file(temporary, "wb")
  tryCatch(
    {
      header <- paste(as_cells(names(frame)), collapse = "\t")
      writeLines(enc2utf8(header), connection, useBytes = TRUE)
      # a few rows at a time: the text of a large cohort takes many times the memory of its numbers
      for (rows in split(seq_len(nrow(frame)), (seq_len(nrow(frame)) - 1) %/% 50)) {
        cells <- lapply(unname(as.list(frame)), function(column) as_cells(column[rows]))
        lines <- do.call(paste, c(cells, sep = "\t"))
        writeLines(enc2utf8(lines), connection, useBytes = TRUE)
      }
    },
    finally = close(connection)
  )
  if (!file.rename(temporary, path)) stop("cannot rename ", temporary, " to ", path)
  invisible(path)
}

# Return the cells of a column as text; numbers with 15 digits, or 17 if 15 do not suffice.
as_cells <- function(column) {
  if (is.double(column)) {
    text <- sprintf("%.15g", column)
    text[is.na(column)] <- ""
    inexact <- which(as.numeric(text) != column)
    text[inexact] <- sprintf("%.17g", column[inexact])
  } else {
    text <- as.character(column)
    quoted <- grepl("[\t\n\r\"]", text)
    text[quoted] <- paste0("\"", gsub("\"", "\"\"", text[quoted], fixed = TRUE), "\"")
  }
  text[is.na(column)] <- ""
  text
}

# Where a cohort of a study lies, and the replicates that have cohorts of their own, as in
# evenomics.data.cohort_files.
cohort_path <- function(folder, name, replicate) {
  file.path(folder, sprintf("%s.%d.tsv.gz", name, replicate))
}
replicates_of <- function(folder) seq_along(Sys.glob(file.path(folder, "real.*.tsv.gz")))

# Read the file of a cohort (`sample_id`, `class`, perhaps `group`, features; plain or .gz). Returns
# list(samples, classes, groups, matrix): `matrix` is samples x features, with names of both;
# `classes` and `groups` are NULL for a cohort without.
read_cohort <- function(path) {
  if (!file.exists(path)) fail(path, ": there is no such file")
  names <- scan(path, "", sep = "\t", quote = "\"", nlines = 1, quiet = TRUE, encoding = "UTF-8")
  text <- names %in% c("sample_id", "class", "group")
  if (!"sample_id" %in% names || all(text)) {
    fail(path, ": a cohort has the columns sample_id, class and features; found ", some(names))
  }
  kinds <- lapply(text, function(is_text) if (is_text) "" else 0)
  columns <- scan(
    path, kinds, sep = "\t", quote = "\"", skip = 1, quiet = TRUE, encoding = "UTF-8",
    na.strings = "", multi.line = FALSE
  )
  names(columns) <- names
  matrix <- do.call(cbind, columns[!text])
  rownames(matrix) <- columns$sample_id
  classes <- columns$class
  groups <- columns$group
  list(
    samples = columns$sample_id,
    classes = if (!all(is.na(classes))) classes,
    groups = if (!all(is.na(groups))) groups,
    matrix = matrix
  )
}
