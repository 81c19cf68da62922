package pool

import (
	"os"
	"slices"
)

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

// CountKillsIn makes a pool that has no child yet believe a file about how many
// processes were ended for want of memory, and a number of bytes about how much
// memory there is.
func (p *Pool) CountKillsIn(file *os.File, total int64) {
	p.launcher.shortage.close()
	p.launcher.shortage = &shortage{counter: file, total: total}
}

// AloneWanted reports whether a picture is decoded alone, or waits for it.
func (p *Pool) AloneWanted() bool {
	if !p.turns.TryAcquire(1) {
		return true
	}
	p.turns.Release(1)
	return false
}

// GroupsIn are the folders that groupsIn finds.
func GroupsIn(mine, mounts string) (folders []string) {
	for _, group := range groupsIn(mine, mounts) {
		folders = append(folders, group.folder)
	}
	return folders
}

// Shortage is what a worker of this process would know: where kills are counted
// and how much memory there is.
func Shortage() (counter string, total int64) {
	s := newShortage()
	defer s.close()
	if s.counter == nil {
		return "", s.total
	}
	return s.counter.Name(), s.total
}
