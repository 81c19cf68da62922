// Package store owns the database file: its schema, its transactions, the
// sequence that orders all effects, the fences of tasks, and the ledger that
// records which lines are done and how they ended.
//
// The file is one SQLite database that several worker processes of one machine
// may have open. Every change is one BEGIN IMMEDIATE transaction that is on disk
// when it returns; reads are short and never hold up a writer.
//
// Package index (and whatever else keeps data beside the ledger) builds on Write
// and Read, so that an effect and its outcome are one transaction. The package
// knows nothing of Temporal, object stores or pictures. Start with schema.sql,
// then fence.go and slice.go: what decides correctness is there.
package store
