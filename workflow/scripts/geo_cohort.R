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

platforms <- spec[["platform"]] # $ would take platform_file as well
parts <- read_platforms(input[["series"]], platforms)
phenotype <- bind_samples(lapply(parts, `[[`, "phenotype"))
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

tables <- input[["platform"]]
by_platform <- lapply(seq_along(parts), function(i) {
  samples <- intersect(rownames(phenotype), colnames(parts[[i]]$values))
  if (!length(samples)) {
    fail("no sample of the platform '", platforms[i], "' is left; take it out of `platform`")
  }
  found <- genes_of_series(parts[[i]], samples, spec, input[["series"]], tables[i])
  if (length(parts) > 1) names(found$counts) <- paste0(names(found$counts), ", ", platforms[i])
  found
})
counts <- c(counts, unlist(lapply(by_platform, `[[`, "counts")))
genes <- lapply(by_platform, `[[`, "genes")
common <- Reduce(intersect, lapply(genes, rownames))
if (!length(common)) fail("platform: no gene is on all of ", some(platforms, 20))
genes <- do.call(cbind, lapply(genes, function(values) values[common, , drop = FALSE]))
genes <- genes[, cohort$sample_id, drop = FALSE]
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
