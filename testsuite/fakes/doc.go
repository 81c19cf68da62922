// Package fakes stands in for the ports of package activities in tests: an
// object store in memory that can be made to fail, an imager whose pictures are
// one line of text, and counters.
//
// Only tests import it. The ledger and the index have no fakes: the real ones
// are quick on a temporary file, and what they promise is half of what is tested.
package fakes
