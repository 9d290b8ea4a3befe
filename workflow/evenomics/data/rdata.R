# The functions by which R looks into its objects: this file gives a list of them.
list(
  read_rds = function(path) {
    found <- readRDS(path)
    if (!identical(class(found), "list")) return(list(found))
    if (is.null(names(found))) names(found) <- seq_along(found)
    found
  },
  read_rdata = function(path) {
    space <- new.env()
    suppressWarnings(load(path, envir = space))
    mget(sort(ls(space, all.names = TRUE)), envir = space)
  },
  installed = function(package) nzchar(system.file(package = package)),
  items = function(package) as.character(utils::data(package = package)$results[, "Item"]),
  data_sets = function(sets, package) {
    space <- new.env()
    utils::data(list = as.character(sets), package = package, envir = space)
    mget(sort(ls(space, all.names = TRUE)), envir = space)
  },
  # packages without which an object means nothing
  lacking = function(x) {
    needed <- attr(class(x), "package")
    if (!isS4(x) && is.list(x) && any(vapply(x, inherits, TRUE, "integer64"))) needed <- "bit64"
    as.character(Filter(function(package) !requireNamespace(package, quietly = TRUE), needed))
  },
  class_of = function(x) class(x)[1],
  described = function(x) {
    # an object of an unknown class has no size
    size <- tryCatch(if (length(dim(x))) dim(x) else length(x), error = function(e) "?")
    paste0(class(x)[1], ", ", paste(size, collapse = " x "))
  },
  kind = function(x) {
    if (methods::is(x, "ExpressionSet")) "ExpressionSet"
    else if (methods::is(x, "SummarizedExperiment")) "SummarizedExperiment"
    else if (is.data.frame(x) || methods::is(x, "DataFrame")) "data.frame"
    else if (length(dim(x)) == 2) "matrix"
    else if (is.atomic(x) && is.null(dim(x))) "vector"
    else "other"
  },
  assays = function(x) {
    if (methods::is(x, "ExpressionSet")) return(Biobase::assayDataElementNames(x))
    names <- SummarizedExperiment::assayNames(x)
    if (is.null(names)) as.character(seq_along(SummarizedExperiment::assays(x))) else names
  },
  assay = function(x, name) {
    if (methods::is(x, "ExpressionSet")) return(Biobase::assayDataElement(x, name))
    if (is.null(SummarizedExperiment::assayNames(x))) name <- as.integer(name)
    as.matrix(SummarizedExperiment::assay(x, name))
  },
  samples = function(x) {
    if (methods::is(x, "ExpressionSet")) Biobase::pData(x) else SummarizedExperiment::colData(x)
  },
  features = function(x) {
    if (methods::is(x, "ExpressionSet")) Biobase::fData(x) else SummarizedExperiment::rowData(x)
  },
  table = function(x) {
    if (methods::is(x, "DataFrame")) as.data.frame(x, optional = TRUE)
    else if (is.data.frame(x)) x
    else as.matrix(x)
  },
  size = function(x) if (length(dim(x))) dim(x) else length(x),
  columns = function(x) as.character(colnames(x)),
  # of a vector its names; row numbers are no names
  names = function(x) {
    if (is.null(dim(x))) as.character(names(x))
    else if (is.data.frame(x) && .row_names_info(x) < 0) character()
    else as.character(rownames(x))
  },
  text = function(x, column = NULL) {
    if (!is.null(column)) x <- if (is.matrix(x)) x[, column] else x[[column]]
    x <- trimws(enc2utf8(as.character(x)))
    x[is.na(x)] <- "NA"
    x
  },
  nested = function(x) {
    if (!is.data.frame(x)) return(character())
    names(x)[vapply(x, function(column) length(dim(column)) > 0, TRUE)]
  },
  take = function(x, columns) {
    if (inherits(x, "data.table")) x <- as.data.frame(x)
    x[, as.integer(columns), drop = FALSE]
  },
  # as.double makes the NA of integers and logicals one of doubles, which rpy2 passes on as NaN;
  # the numbers of a factor are its labels, not its codes
  numbers = function(x) {
    number <- function(column) {
      if (is.numeric(column) || is.logical(column)) return(as.double(column))
      suppressWarnings(as.double(as.character(column)))
    }
    cells <- if (is.data.frame(x)) unlist(lapply(unname(as.list(x)), number)) else number(x)
    matrix(as.double(cells), nrow = nrow(x), ncol = ncol(x))
  },
  cells = function(x, i, j) {
    text <- if (is.data.frame(x)) mapply(function(i, j) as.character(x[[j]][i]), i, j)
    else as.character(x[cbind(i, j)])
    text[is.na(text) & !is.nan(suppressWarnings(as.double(text)))] <- "NA"
    enc2utf8(text)
  },
  unique = function(names) make.unique(as.character(names))
)
