package workflows

// DetailsOf lets the tests read what the web UI shows.
var DetailsOf = detailsOf

// TooManyFailures is the sentence of a task that was stopped for its failures.
var TooManyFailures = tooManyFailures
