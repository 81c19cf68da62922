package catalogue

// Design is the plan of Draw, without the drawing.
func Design(options Options) Plan {
	_, _, plan := design(options)
	return plan
}
