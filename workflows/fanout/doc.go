// Package fanout is the one engine under every task: it runs the chunks of a
// work list, a window of a few at a time, and knows at every instant what all
// of them have to show.
//
// What a caller may rely on:
//
//   - every slice becomes whole in exactly one chunk run, and is counted there;
//     what an interrupted chunk has to show is kept apart until it goes on;
//   - Run returns only when no chunk is open, so that the caller can close the
//     task or continue as new without orphans;
//   - memory and history are bounded: what crosses continue-as-new is a cursor,
//     the counts, and at most a window of unfinished chunks.
//
// A chunk is asked to stop by a recall signal, never by Temporal's cancel: it
// returns what it has as success. Suspending, stopping and a failure recall at
// once: the slices in flight are canceled, commit what they have in hand and come
// back unfinished. Continuing as new only lets no further slice start, and waits
// for those in flight. All of them end with no chunk open; they differ in what
// follows.
//
// The package imports contract and the workflow packages of the Temporal SDK,
// nothing else. It is deterministic. Start reading at run.go; gate.go says who
// may stop what; package workflows puts a task around it.
package fanout
