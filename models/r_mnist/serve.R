# A version of the model store in, Seldon's REST protocol out: what the wrapper speaks for a Python class.
#   MODEL_DIR=FOLDER Rscript models/r_mnist/serve.R
# Environment: MODEL_DIR; MODEL_HOST (0.0.0.0); MODEL_THREADS (1); PREDICTIVE_UNIT_ID, MODEL_NODE_TAGS; the ports
# PREDICTIVE_UNIT_HTTP_SERVICE_PORT (9000) and PREDICTIVE_UNIT_METRICS_SERVICE_PORT (6000).
suppressPackageStartupMessages({
  library(jsonlite)
  library(plumber)
})
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)))
source(file.path(here, "forest.R"))

FORM <- sprintf('{"data": {"ndarray": [[%d numbers in 0..1], ...]}}', FEATURES)
EXPECTED <- sprintf("expected rows of %d numbers in 0..1: shape [n, %d].", FEATURES, FEATURES)
NAMES <- paste0("class:", CLASSES)

env <- function(name, default) {
  given <- Sys.getenv(name)
  if (nzchar(given)) given else default
}

# Without its version nothing is served: who waits for it to be healthy sees why it is not.
fail <- function(...) {
  message(...)
  quit(status = 1)
}

load_version <- function(folder) {
  if (!nzchar(folder)) fail("MODEL_DIR is not set; it names the version's folder in the model store")
  record <- file.path(folder, "version.json")
  file <- file.path(folder, "forest.rds")
  for (path in c(record, file)) if (!file.exists(path)) fail(path, ": there is no such file")
  found <- tryCatch(fromJSON(record), error = function(e) fail(record, ": ", conditionMessage(e)))
  digest <- system2("sha256sum", shQuote(file), stdout = TRUE)
  if (!startsWith(digest, found$files[["forest.rds"]])) {
    fail(file, " is cut or not the file that version.json is about")
  }
  list(found = found, forest = readRDS(file))
}

version <- load_version(Sys.getenv("MODEL_DIR"))
threads <- as.integer(env("MODEL_THREADS", "1"))

tags <- local({
  found <- version$found
  own <- list(version = found$version, digest = paste0("sha256:", found$digest))
  node <- Sys.getenv("PREDICTIVE_UNIT_ID")
  if (nzchar(node) && Sys.getenv("MODEL_NODE_TAGS") == "true") {
    own <- c(own, setNames(own, paste0(node, ".", names(own))))
  }
  c(list(model = found$unit, dataset = found$data$description), own)
})

bad <- function(...) stop(structure(class = c("bad_input", "error", "condition"), list(message = paste0(...), call = NULL)))

# JSON keeps what it is: a list of lists is no matrix yet, and one number is no vector.
kind_of <- function(x) {
  if (is.null(x)) "nothing" else if (is.character(x) && length(x) == 1) "text"
  else if (is.list(x) && !is.null(names(x))) "an object" else if (is.list(x)) "a list" else "a number"
}

# The numbers of a nested list and its shape; bad_input where rows differ in length or something is no number.
numbers <- function(x) {
  if (!is.list(x) || !is.null(names(x))) bad("The request holds ", kind_of(x), "; ", EXPECTED)
  shape <- length(x)
  if (shape > 0 && is.list(x[[1]])) {
    widths <- lengths(x)
    if (any(widths != widths[1]) || !all(vapply(x, is.list, TRUE))) {
      bad("The rows have ", paste(unique(widths), collapse = " and "), " values; ", EXPECTED)
    }
    shape <- c(shape, widths[1])
    if (widths[1] > 0 && is.list(x[[1]][[1]])) bad("The rows are no rows of numbers; ", EXPECTED)
    x <- unlist(x, recursive = FALSE)
  }
  list(values = values(x), shape = shape)
}

values <- function(x) {
  if (length(x) == 0) return(numeric())
  if (!all(lengths(x) == 1)) bad("A value is missing or null; ", EXPECTED)
  plain <- unlist(x)
  if (is.logical(plain)) plain <- as.numeric(plain)
  if (!is.numeric(plain)) bad("The values are no numbers, such as ", toJSON(plain[1], auto_unbox = TRUE), "; ", EXPECTED)
  plain
}

rows_of <- function(found) {
  shape <- found$shape
  if (length(shape) != 2 || shape[2] != FEATURES || shape[1] == 0) {
    bad("The shape is [", paste(shape, collapse = ", "), "]; ", EXPECTED)
  }
  low <- min(found$values)
  high <- max(found$values)
  if (!is.finite(low) || !is.finite(high) || low < 0 || high > 1) {
    hint <- if (is.finite(low) && low >= 0 && is.finite(high)) " Divide pixels of 0..255 by 255." else ""
    bad(sprintf("The values are %g to %g; %s%s", low, high, EXPECTED, hint))
  }
  matrix(found$values, ncol = FEATURES, byrow = TRUE)
}

# The message's rows, and how its answer is to be written.
payload <- function(message) {
  if (!is.list(message) || is.null(names(message))) bad("The request is ", kind_of(message), "; expected ", FORM, ".")
  if (!is.null(message$jsonData)) return(list(rows = rows_of(numbers(message$jsonData)), kind = "tensor"))
  for (kind in c("strData", "binData")) {
    if (!is.null(message[[kind]])) bad("The request holds ", if (kind == "strData") "text" else "bytes", "; ", EXPECTED)
  }
  data <- message$data
  if (!is.null(data$ndarray)) return(list(rows = rows_of(numbers(data$ndarray)), kind = "ndarray"))
  if (!is.null(data$tensor)) {
    given <- values(data$tensor$values)
    shape <- as.integer(unlist(data$tensor$shape))
    if (prod(shape) != length(given)) {
      bad("The tensor's shape is [", paste(shape, collapse = ", "), "], which ", length(given), " values do not fill.")
    }
    return(list(rows = rows_of(list(values = given, shape = shape)), kind = "tensor"))
  }
  bad("The request has no data; expected ", FORM, ".")
}

# The body as a message: JSON, or the field `json` of a form.
message_of <- function(req) {
  type <- env_of(req, "CONTENT_TYPE")
  body <- req$bodyRaw
  if (grepl("form", type)) {
    fields <- tryCatch(webutils::parse_http(body, type), error = function(e) bad("The form cannot be read: ", conditionMessage(e)))
    given <- fields$json
    if (is.list(given)) given <- rawToChar(given$value)
    if (is.null(given)) bad("The form has no field json; expected ", FORM, ".")
    body <- charToRaw(enc2utf8(given))
  }
  text <- tryCatch(rawToChar(body), error = function(e) bad("The request is no text; expected ", FORM, "."))
  if (!nzchar(text)) bad("Empty json parameter in data")
  tryCatch(
    fromJSON(text, simplifyVector = FALSE, bigint_as_char = FALSE),
    error = function(e) bad("The request cannot be read as JSON; expected ", FORM, ".")
  )
}

env_of <- function(req, name) if (is.null(req[[name]])) "" else req[[name]]

answered <- function(answers, kind, message) {
  flat <- as.vector(t(answers))
  data <- list(names = NAMES)
  if (kind == "tensor") data$tensor <- list(shape = dim(answers), values = flat) else data$ndarray <- unname(answers)
  list(data = data, meta = meta_of(message$meta))
}

# Of an answer: the tags of the request and of the version, who was asked, and the request's own number.
meta_of <- function(asked) {
  given <- if (is.list(asked$tags)) asked$tags else list()
  meta <- list(tags = c(given[setdiff(names(given), names(tags))], tags))
  node <- Sys.getenv("PREDICTIVE_UNIT_ID")
  if (nzchar(node)) {
    image <- env("PREDICTIVE_UNIT_IMAGE", "NOT_IMPLEMENTED:NOT_IMPLEMENTED")
    meta$requestPath <- setNames(list(image), node)
  }
  if (is.character(asked$puid)) meta$puid <- asked$puid
  rapply(meta, function(x) if (length(x) == 1) unbox(x) else x, how = "replace")
}

written <- function(res, status, value) {
  res$status <- status
  res$setHeader("Content-Type", "application/json")
  res$setHeader("Access-Control-Allow-Origin", "*")
  res$body <- toJSON(value, digits = NA, null = "null")
  res
}

wrong <- function(res, status, text) {
  told <- list(status = unbox(1L), info = unbox(text), code = unbox(-1L), reason = unbox("MICROSERVICE_BAD_DATA"))
  written(res, status, list(status = told))
}

# A handler of a message: what is the client's fault is a 400 that says what was expected, all else a 500.
handler <- function(answer) function(req, res) {
  tryCatch(
    written(res, 200L, answer(message_of(req))),
    bad_input = function(e) wrong(res, 400L, conditionMessage(e)),
    error = function(e) wrong(res, 500L, paste("The model failed:", conditionMessage(e)))
  )
}

predicted <- function(message) {
  given <- payload(message)
  answered(probabilities(version$forest, given$rows, threads), given$kind, message)
}
# It learns nothing from feedback; Seldon sends it to every node all the same.
told <- function(message) list(data = list(ndarray = list()), meta = meta_of(message$request$meta))
healthy <- function(req, res) written(res, 200L, list(strData = unbox("healthy"), meta = meta_of(NULL)))
pong <- function(req, res) {
  res$setHeader("Content-Type", "text/html; charset=utf-8")
  res$body <- "pong"
  res
}

# Bodies are read here, whatever their type says.
register_parser("as_sent", function(...) function(value, ...) NULL, regex = ".*")
service <- pr()
service$setErrorHandler(function(req, res, err) wrong(res, 500L, conditionMessage(err)))
service$set404Handler(function(req, res) wrong(res, 404L, paste0("There is no ", req$REQUEST_METHOD, " ", req$PATH_INFO, ".")))
for (path in c("/predict", "/api/v1.0/predictions", "/api/v0.1/predictions")) {
  service <- pr_post(service, path, handler(predicted), parsers = "as_sent")
}
service <- pr_post(service, "/send-feedback", handler(told), parsers = "as_sent")
service <- pr_get(service, "/health/status", healthy)
service <- pr_get(service, "/health/ping", pong)

host <- env("MODEL_HOST", "0.0.0.0")
# The numbers of a unit's own, of which this one has none, have a port of their own.
numbers_page <- list(call = function(req) {
  list(status = 200L, headers = list("Content-Type" = "text/plain; version=0.0.4; charset=utf-8"), body = "")
})
invisible(httpuv::startServer(host, as.integer(env("PREDICTIVE_UNIT_METRICS_SERVICE_PORT", "6000")), numbers_page))
# The first answer is the slow one.
invisible(probabilities(version$forest, matrix(0, 1, FEATURES), threads))
message(sprintf("%s %s is served.", version$found$unit, version$found$version))
pr_run(service, host = host, port = as.integer(env("PREDICTIVE_UNIT_HTTP_SERVICE_PORT", "9000")), docs = FALSE, quiet = TRUE)
