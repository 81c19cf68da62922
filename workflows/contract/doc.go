// Package contract holds everything two processes of imagebatch must agree on:
// the typed names of workflows, activities, signals, updates and queries, their
// inputs and results, the states of a task and the codes a line can fail with.
//
// Anyone may import it, other services included: it depends on the standard
// library only, and does no I/O. The inputs of batch tasks and operations have
// a Validate method, called by the workflow; senders can call it first. What a
// signal or an update carries is optional, and cut where it is shown.
//
// A type changes by adding fields whose zero value means the old behaviour.
//
// Next: package workflows says what happens in which order; package activities
// implements the steps named here.
package contract
