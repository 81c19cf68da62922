package pool

import "slices"

// PIDs are the ids of the children that live, idle ones last.
func (p *Pool) PIDs() (busy, idle []int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for child := range p.busy {
		busy = append(busy, child.handle.Pid)
	}
	slices.Sort(busy)
	for _, child := range p.idle {
		idle = append(idle, child.handle.Pid)
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

// MostCopies is how many children a template makes.
const MostCopies = mostCopies

// Template is the id of the template, 0 for none.
func (p *Pool) Template() int {
	p.launcher.making.Lock()
	defer p.launcher.making.Unlock()
	if p.launcher.template == nil {
		return 0
	}
	return p.launcher.template.command.Process.Pid
}
