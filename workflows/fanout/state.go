package fanout

import (
	"slices"

	"imagebatch/workflows/contract"
)

// Job is what the engine is to run. It must be the same in every run of a task.
type Job struct {
	Task     int64
	Instance string // for the web UI
	List     contract.WorkList
	Sizes    contract.Sizes
	// MaxFailures is how many lines may fail; passing it fails the job with
	// CodeTooManyFailures.
	MaxFailures contract.Threshold
}

// Defaults of Sizes that do not depend on the work list.
const (
	DefaultWindow         = 4
	DefaultSlicesInFlight = 4
)

// chunkSlices is the number of slices of every chunk but the last.
func (j Job) chunkSlices() int { return max(1, j.Sizes.ChunkSlicesFor(j.List.Slices)) }

// Chunks is the number of chunks the work list is cut into.
func (j Job) Chunks() int { return (j.List.Slices + j.chunkSlices() - 1) / j.chunkSlices() }

func (j Job) window() int {
	if j.Sizes.Window > 0 {
		return j.Sizes.Window
	}
	return DefaultWindow
}

// slicesOf are the numbers of a chunk's slices.
func (j Job) slicesOf(chunk int) []int {
	first := chunk * j.chunkSlices()
	numbers := make([]int, 0, j.chunkSlices())
	for slice := first; slice < min(first+j.chunkSlices(), j.List.Slices); slice++ {
		numbers = append(numbers, slice)
	}
	return numbers
}

// State is what crosses continue-as-new: where the task stands while no chunk
// is open. The zero value is a task none of whose chunks has started.
type State struct {
	NextChunk  int
	Unfinished []contract.UnfinishedChunk // to go on, in the order of chunks
	Whole      contract.Tally             // of the slices that are whole
}

// take removes the chunk that is to start next, and reports whether there is
// one: what was interrupted goes on before anything new.
func (s *State) take(job Job) (contract.UnfinishedChunk, bool) {
	if len(s.Unfinished) > 0 {
		next := s.Unfinished[0]
		s.Unfinished = slices.Delete(s.Unfinished, 0, 1)
		return next, true
	}
	if s.NextChunk >= job.Chunks() {
		return contract.UnfinishedChunk{}, false
	}
	next := contract.UnfinishedChunk{Chunk: s.NextChunk, Slices: job.slicesOf(s.NextChunk)}
	s.NextChunk++
	return next, true
}

// more reports whether take would find a chunk.
func (s *State) more(job Job) bool {
	return len(s.Unfinished) > 0 || s.NextChunk < job.Chunks()
}

// putBack keeps a chunk that has to go on.
func (s *State) putBack(chunk contract.UnfinishedChunk) {
	at, _ := slices.BinarySearchFunc(s.Unfinished, chunk.Chunk, func(u contract.UnfinishedChunk, n int) int { return u.Chunk - n })
	s.Unfinished = slices.Insert(s.Unfinished, at, chunk)
}

// tally is what all chunks that are not open have to show.
func (s *State) tally() contract.Tally {
	var sum contract.Tally
	sum.Add(s.Whole)
	for _, chunk := range s.Unfinished {
		sum.Add(chunk.Partial)
	}
	return sum
}
