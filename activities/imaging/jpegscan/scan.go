package jpegscan

import (
	"fmt"

	"imagebatch/activities"
)

// scan is one pass over the blocks of one or more components.
type scan struct {
	bits  stream
	parts []part

	from, to int // coefficients
	low      int // bits that are still to come
	empty    int // blocks that have nothing in this band
}

// part is a component in a scan.
type part struct {
	component *component
	dc, ac    *huffman
	blocks    int        // of a unit
	sum       int        // brightness of the last block
	step      int        // of brightness
	most      int        // that it can be
	limits    *[64]uint8 // of the sizes of coefficients
}

// scan reads a scan header and what follows it.
func (f *file) scan(header []byte) error {
	if f.components == nil {
		return damaged("it has pixels before its frame header")
	}
	if f.scans++; f.scans > maxScans {
		return unsupported(fmt.Sprintf("a JPEG of more than %d scans", maxScans))
	}
	if len(header) < 1 || len(header) < 4+2*int(header[0]) {
		return damaged("a scan header is too short")
	}
	count := int(header[0])
	rest := header[1+2*count:]
	s := scan{from: int(rest[0]), to: int(rest[1]), low: int(rest[2] & 15), bits: stream{data: f.data, at: f.at}}
	high := int(rest[2] >> 4)
	if count < 1 || count > len(f.components) {
		return damaged("a scan has %d components", count)
	}
	if f.progressive && (s.from > s.to || s.to > 63 || s.low > 13 || (s.from == 0) != (s.to == 0) || s.from > 0 && count != 1) {
		return damaged("a scan header has impossible values")
	}
	blocks := 0
	for n := range count {
		p, err := f.part(header[1+2*n], header[2+2*n])
		if err != nil {
			return err
		}
		if count == 1 {
			p.blocks = 1
		}
		blocks += p.blocks
		s.parts = append(s.parts, p)
	}
	if blocks > 10 {
		return damaged("a scan has too many blocks in a unit")
	}
	across, down := ceil(f.width, 8*f.widest), ceil(f.height, 8*f.highest)
	if count == 1 {
		across, down = s.parts[0].component.across, s.parts[0].component.down
	}
	read, err := s.kind(f.progressive, high)
	if err != nil {
		return err
	}
	if err := s.run(across*down, f.interval, read); err != nil {
		return err
	}
	s.note(f.progressive)
	f.at = s.bits.at
	return nil
}

func (f *file) part(id, tables byte) (part, error) {
	for n := range f.components {
		c := &f.components[n]
		if c.id != id {
			continue
		}
		if tables>>4 > 3 || tables&15 > 3 {
			return part{}, damaged("a scan header has impossible values")
		}
		q := &f.steps[c.steps]
		return part{
			component: c, dc: f.dc[tables>>4], ac: f.ac[tables&15],
			blocks: c.wide * c.high, step: q.step, most: 1024 + slack + q.step, limits: &q.limits,
		}, nil
	}
	return part{}, damaged("a scan has a component that the frame has not")
}

// kind is how the blocks of the scan are read.
func (s *scan) kind(progressive bool, high int) (read func(*part, int) bool, err error) {
	needDC, needAC := true, true
	switch {
	case !progressive:
		read = s.sequential
	case s.from == 0 && high == 0:
		read, needAC = s.firstBrightness, false
	case s.from == 0:
		read, needDC, needAC = s.moreBrightness, false, false
	case high == 0:
		read, needDC = s.firstBand, false
	default:
		read, needDC = s.moreBand, false
	}
	for n := range s.parts {
		p := &s.parts[n]
		if needDC && p.dc == nil || needAC && p.ac == nil {
			return nil, damaged("a table of codes is missing")
		}
		if c := p.component; s.from > 0 && progressive && c.set == nil {
			c.set = make([]uint64, c.across*c.down)
		}
	}
	return read, nil
}

// run reads the units of the scan and the restart markers between them.
func (s *scan) run(units, interval int, read func(*part, int) bool) error {
	next := 0 // restart marker
	for unit := range units {
		if interval > 0 && unit > 0 && unit%interval == 0 {
			if err := s.restart(unit, units, next); err != nil {
				return err
			}
			next = (next + 1) % 8
		}
		for n := range s.parts {
			p := &s.parts[n]
			for range p.blocks {
				if !read(p, unit) && !s.bits.short() {
					return damaged("%d of %d parts can be read", unit, units)
				}
			}
		}
		if s.bits.made > 0 && s.bits.short() {
			return cut(unit, units)
		}
	}
	return s.tail(units, units, true)
}

func cut(unit, units int) error {
	return fmt.Errorf("%w: its JPEG data is cut off: it has %d of %d parts", activities.ErrUndecodable, unit, units)
}

// restart ends an interval and begins the next behind its marker.
func (s *scan) restart(unit, units, number int) error {
	if err := s.tail(unit, units, false); err != nil {
		return err
	}
	at := s.bits.at
	for at+1 < len(s.bits.data) && s.bits.data[at] == 0xff && s.bits.data[at+1] == 0xff {
		at++
	}
	if at+1 >= len(s.bits.data) {
		return cut(unit, units)
	}
	if s.bits.data[at] != 0xff || int(s.bits.data[at+1]) != markerRestart+number {
		return damaged("a restart marker is missing after %d of %d parts", unit, units)
	}
	s.bits.restart(at + 2)
	for n := range s.parts {
		s.parts[n].sum = 0
	}
	return nil
}

// note keeps what is known of the components now.
func (s *scan) note(progressive bool) {
	for _, p := range s.parts {
		p.component.scanned = true
		for at := s.from; progressive && at <= s.to; at++ {
			p.component.known[at] = int8(s.low)
		}
	}
}
