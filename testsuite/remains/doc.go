// Package remains reads what tasks have left behind, for tests and measurements
// to judge: the pictures of an instance and the attempts that were never closed,
// from the tables of the database; attempts that timed out, from Temporal's
// histories.
//
// It goes past the product's own code on purpose and must not import what
// answers the product's users. What should be there is known by package oracle.
package remains
