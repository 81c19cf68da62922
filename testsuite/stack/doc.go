// Package stack runs the whole system on one machine out of real processes: a
// Temporal server on a file, the development OSS on a folder, and workers. The
// dev and demo commands stand on it, and so do the end-to-end tests, which kill
// its processes.
//
// Everything a stack keeps lies in its state folder, so that a stack started
// again on the same folder goes on where the last one stopped. Programs come
// from a folder of binaries that the Makefile fills.
//
// Only commands and tests below testsuite may import it.
package stack
