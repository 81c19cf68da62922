package descriptor

// Plain makes a describer compute as on a processor without wide registers.
func (d *Describer) Plain() { d.plain = 1 }
