package pool

import "slices"

// PIDs are the ids of the children that live, idle ones last.
func (p *Pool) PIDs() (busy, idle []int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for child := range p.busy {
		busy = append(busy, child.command.Process.Pid)
	}
	slices.Sort(busy)
	for _, child := range p.idle {
		idle = append(idle, child.command.Process.Pid)
	}
	return busy, idle
}

// Settle waits until children that were let go are gone.
func (p *Pool) Settle() { p.retired.Wait() }

// The contents of frames with a feature and with a preview.
var (
	AppendImage   = appendImage
	ParseImage    = parseImage
	AppendFeature = appendFeature
	ParseFeature  = parseFeature
)
