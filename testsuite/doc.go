// Package testsuite holds the tests of the system as a whole and what they stand
// on; it has no code of its own.
//
//   - endtoend: the real programs, Temporal and the object store, killed at will
//   - layers_test.go: who may import whom
//   - ossserver, catalogue, receiver, stack: an object store, drawn pictures, a
//     callback receiver, and all processes of the system on one machine
//   - oracle: what a manifest must come to, by a plain map
//   - indextest: what every backend of the ledger and the index must pass
//   - fakes: function-field fakes of the ports, for the edge of a unit
//   - edits: what people do to pictures, edits to learn from, photos held out
//   - workload, remains: batches of drawn or given pictures; what a task left behind
//   - cmd: the programs behind the targets of the Makefile
//
// The product imports none of it.
package testsuite
