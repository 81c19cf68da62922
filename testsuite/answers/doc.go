// Package answers keeps the fakes of tests honest: it knows how the worker's own
// answers to operations look, and says where a fake's looks otherwise.
//
// Types alone do not tell: client and worker share them. What matters is which
// fields an answer fills, given what was asked, and with which codes an operation
// is refused. A Book has that of answers that a real worker gave; the test
// TestAnswersAreAsRecorded of the end-to-end tests plays every operation and
// holds the book in starter/testdata against them.
package answers
