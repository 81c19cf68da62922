package jpegscan

// maxStray is how many bytes may lie behind the last block without a reason.
const maxStray = 32

// tail checks what lies between the last block and the next marker, and goes
// there. Blocks were lost, or made up, when data is left over. Some programs
// fill up with zeros or ones, and some leave a few bytes behind at the end.
func (s *scan) tail(unit, units int, last bool) error {
	b := &s.bits
	if b.short() {
		return cut(unit, units)
	}
	if s.empty > 0 {
		return damaged("blocks are announced beyond the last")
	}
	left := b.count - b.made
	padding := left % 8
	padded := b.held>>(b.made+left-padding)&(1<<padding-1) == 1<<padding-1
	whole := left / 8 // bytes that are held
	filled, zeros, length := true, true, whole
	look := func(value byte) {
		filled = filled && (value == 0 || value == 0xff)
		zeros = zeros && value == 0
	}
	for n := range whole {
		look(byte(b.held >> (b.made + 8*n)))
	}
	end := b.at
	for {
		value, width := b.octet(end)
		if width == 0 {
			break
		}
		look(value)
		end += width
		length++
	}
	start := b.at - whole // as good as exact: what is held was hardly stuffed
	b.at = end
	switch {
	case last && goesOn(b.data[end:]):
		return damaged("it has %d parts, and more behind a restart marker", unit)
	case length == 0:
		return nil
	case filled && !(zeros && length > 1 && begun(b.data[:start])):
		return nil
	case last && length <= maxStray && padded:
		return nil
	}
	return damaged("it has %d parts, and %d bytes more", unit, length)
}

// goesOn reports whether a restart marker and data follow. One without data ends
// the pictures of some encoders.
func goesOn(rest []byte) bool {
	return len(rest) > 2 && rest[0] == 0xff && rest[1] >= markerRestart && rest[1] < markerEnd-1 && rest[2] != 0xff
}

// begun reports whether zeros began before: they were read as blocks.
func begun(before []byte) bool {
	const few = 4
	if len(before) < few {
		return false
	}
	for _, value := range before[len(before)-few:] {
		if value != 0 {
			return false
		}
	}
	return true
}
