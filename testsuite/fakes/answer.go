package fakes

import "imagebatch/activities"

// Answer is what an object store said when it refused.
type Answer struct {
	Kind  error  // of package activities; nil for what may pass
	Words string // code and words of the store
	Cure  string // what the code calls for
}

var _ activities.Answer = (*Answer)(nil)

// Error is the words and the cure.
func (a *Answer) Error() string {
	if a.Cure == "" {
		return a.Words
	}
	return a.Words + "; " + a.Cure
}

// Said implements activities.Answer.
func (a *Answer) Said() string { return a.Words }

// Remedy implements activities.Answer.
func (a *Answer) Remedy() string { return a.Cure }

func (a *Answer) Unwrap() error { return a.Kind }
