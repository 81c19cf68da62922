package contract

// What can be checked of a question about tasks without asking anyone.

// Validate checks that a task is named.
func (ref TaskRef) Validate() error { return validateTask(ref.Task) }

// Validate checks that a task is named.
func (in Settlement) Validate() error { return validateTask(in.Task) }

// Validate checks that a task is named.
func (in ReportInput) Validate() error { return validateTask(in.Task) }

func validateTask(task int64) error {
	if task < 1 {
		return Errorf(CodeBadRequest, "%d is not the number of a task; list the tasks to see which there are", task)
	}
	return nil
}

// Validate checks that the filter can match a task. A limit that is too large is
// no mistake: the answer says that there are more.
func (in ListTasksInput) Validate() error {
	switch {
	case in.State != "" && !in.State.Known():
		return Errorf(CodeBadRequest, "there is no state %s; use %s, %s, %s or %s",
			Quote(string(in.State)), StateProcessing, StateSuccess, StateFail, StateStop)
	case in.ID < 0 || in.Before < 0 || in.Limit < 0:
		return Errorf(CodeBadRequest, "a number of the filter is negative; leave it out to match every task")
	case in.Path == "":
		return nil
	}
	_, err := NormalizePath(in.Path)
	return err
}

// Validate checks that a manifest is named, and a kind of instance to check it for.
func (in CheckInput) Validate() error {
	if _, err := NormalizePath(in.Path); err != nil {
		return err
	}
	if err := in.ServiceType.validate(); err != nil {
		return err
	}
	return ValidateBucket(in.Bucket)
}
