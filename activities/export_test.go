package activities

// NextAttempt is nextAttempt.
var NextAttempt = nextAttempt
