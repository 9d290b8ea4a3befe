# Import a cohort, samples x genes, from local files of the Gene Expression Omnibus.

snakemake@source("script_log.R")
log_to(snakemake@log[[1]])
snakemake@source("geo_functions.R")

input <- snakemake@input
spec <- utils::modifyList(SPEC, Filter(Negate(is.null), snakemake@params[["spec"]]))
if (spec$labelled && (is.null(spec$class_column) || !length(spec$classes))) {
  fail("a labelled cohort needs `class_column` and `classes`")
}
counts <- c() # for the report: what -> number

series <- read_series(input[["series"]], spec[["platform"]]) # $ would take platform_file as well
phenotype <- series$phenotype
counts["samples in the file"] <- nrow(phenotype)

keep <- rep(TRUE, nrow(phenotype))
if (!is.null(input[["samples"]])) {
  listed <- trimws(readLines(input[["samples"]]))
  keep <- rownames(phenotype) %in% listed
  if (!any(keep)) fail("none of the samples of ", input[["samples"]], " is in ", input[["series"]])
  counts["samples in the list"] <- sum(keep)
}
phenotype <- phenotype[keep, , drop = FALSE]
phenotype <- phenotype[fulfils(phenotype, spec$where), , drop = FALSE]
counts["samples that fulfil `where`"] <- nrow(phenotype)

class <- rep(NA_character_, nrow(phenotype))
if (length(spec$classes)) {
  values <- phenotype_column(phenotype, spec$class_column, "class_column")
  class <- class_of(values, spec$classes, rownames(phenotype))
  for (name in names(spec$classes)) {
    counts[paste("samples of class", name)] <- sum(class == name, na.rm = TRUE)
  }
  counts["samples of no class"] <- sum(is.na(class))
  if (anyNA(class)) message("no class matches ", some(unique(values[is.na(class)]), 8))
}
if (spec$labelled) {
  phenotype <- phenotype[!is.na(class), , drop = FALSE]
  class <- class[!is.na(class)]
} else {
  class[] <- NA # nothing may use the classes of an unlabelled cohort
}
cohort <- data.frame(sample_id = rownames(phenotype), class = class)
if (!is.null(spec$group_column)) {
  cohort$group <- phenotype_column(phenotype, spec$group_column, "group_column")
  blank <- cohort$sample_id[cohort$group %in% c("", NA)]
  if (length(blank)) fail("group_column: '", spec$group_column, "' is blank for ", some(blank))
}

scaled <- on_log2_scale(series$values[, rownames(phenotype), drop = FALSE], spec$log2)
counts[sprintf("log2 taken (%s)", scaled$why)] <- scaled$taken
counts["values without a logarithm"] <- scaled$n_lost

counts["probes"] <- nrow(scaled$values)
genes <- scaled$values
if (!identical(spec$symbol_column, "none")) {
  table <- if (is.null(input[["platform"]])) series$probes else read_platform(input[["platform"]])
  if (NROW(table) == 0) {
    # the table of a platform is only downloaded for a series that is downloaded as well
    named <- if (is.null(spec[["file"]])) paste0("set `platform: ", phenotype$platform_id[1], "`, ")
    fail(
      input[["series"]], " has no gene symbols; ", named, "give the platform's file ",
      "(`platform_file`), or keep the probes as features (`symbol_column: none`)"
    )
  }
  map <- symbols_of(rownames(genes), table, spec$symbol_column, spec$several_symbols)
  counts["probes without a gene symbol"] <- nrow(genes) - length(unique(map$row))
  if (nrow(map) == 0) fail("symbol_column: no probe has a gene symbol")
  genes <- by_gene(genes, map, spec$several_probes)
}
counts["genes"] <- nrow(genes)
whole <- rowSums(is.na(genes)) == 0
counts["genes left out for missing values"] <- sum(!whole)
if (!any(whole)) {
  missing <- utils::head(sort(colMeans(is.na(genes)), decreasing = TRUE), 5)
  fail(
    "every gene lacks a value in some sample; leave out those that lack most (`where`): ",
    paste0(names(missing), " ", round(100 * missing), " %", collapse = ", ")
  )
}

report <- data.frame(what = names(counts), n = as.numeric(counts))
message(paste0(report$what, ": ", report$n, collapse = "\n"))
cohort <- cbind(cohort, as.data.frame(t(genes[whole, , drop = FALSE])))
write_tsv(cohort, snakemake@output[["table"]])
write_tsv(report, snakemake@output[["report"]])
