// Package endtoend tests the system as a whole: the real starter and workers, a
// real Temporal server, the development object store and a database file, all of
// them processes, some of which get killed. `make e2e` builds the programs and
// runs it.
//
// Each test says in its name which promise of the README it would catch the
// breaking of.
package endtoend
