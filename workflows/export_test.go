package workflows

// DetailsOf lets the tests read what the web UI shows.
var DetailsOf = detailsOf
