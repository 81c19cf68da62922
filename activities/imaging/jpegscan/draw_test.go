package jpegscan_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
)

// drawing writes a sequential JPEG of random blocks by hand, in the forms that the
// encoders at hand do not write.
type drawing struct {
	across, down int  // units of 8×8 blocks, or of as many as the first component samples
	sampling     int  // of the first component in both directions; 1 unless set
	components   int  // 1, 3 or 4
	apart        bool // a scan for each component
	interval     int  // of restart markers
	seed         uint64
}

// symbols of AC coefficients: all that 8-bit pictures can have, and of 8 bits each.
func acSymbols() []byte {
	all := []byte{0x00, 0xf0}
	for run := range 16 {
		for size := 1; size <= 10; size++ {
			all = append(all, byte(run<<4|size))
		}
	}
	return all
}

// writer packs bits into bytes, stuffing included.
type writer struct {
	out         bytes.Buffer
	held, count uint
}

func (w *writer) put(value, n int) {
	for n--; n >= 0; n-- {
		w.held = w.held<<1 | uint(value>>n)&1
		if w.count++; w.count == 8 {
			w.out.WriteByte(byte(w.held))
			if byte(w.held) == 0xff {
				w.out.WriteByte(0)
			}
			w.held, w.count = 0, 0
		}
	}
}

func (w *writer) flush() {
	for w.count > 0 {
		w.put(1, 1)
	}
}

// value writes a coefficient's bits and returns how many they are.
func size(value int) (bits, length int) {
	magnitude := max(value, -value)
	for 1<<length <= magnitude {
		length++
	}
	if value < 0 {
		value += 1<<length - 1
	}
	return value, length
}

func (w *writer) block(random *rand.Rand, symbols []byte, last *int) {
	dc := random.IntN(200) - 100
	bits, length := size(dc - *last)
	*last = dc
	w.put(length, 4)
	w.put(bits, length)
	for at := 1; at < 64; {
		run, value := random.IntN(8), random.IntN(15)-7
		if at+run > 63 || value == 0 {
			w.put(bytes.IndexByte(symbols, 0), 8)
			return
		}
		bits, length := size(value)
		w.put(bytes.IndexByte(symbols, byte(run<<4|length)), 8)
		w.put(bits, length)
		at += run + 1
	}
}

func segment(marker byte, content []byte) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(content)+2)), content...)
}

// bytes is the file and where its first scan begins.
func (d drawing) bytes() (file []byte, scan int) {
	random := rand.New(rand.NewPCG(d.seed, 1))
	sampling := max(1, d.sampling)
	big := binary.BigEndian
	var out bytes.Buffer
	out.WriteString("\xff\xd8")
	out.Write(segment(0xdb, append([]byte{0}, bytes.Repeat([]byte{8}, 64)...)))
	frame := big.AppendUint16([]byte{8}, uint16(8*sampling*d.down))
	frame = append(big.AppendUint16(frame, uint16(8*sampling*d.across)), byte(d.components))
	for n := range d.components {
		s := 1
		if n == 0 {
			s = sampling
		}
		frame = append(frame, byte(n+1), byte(s<<4|s), 0)
	}
	out.Write(segment(0xc0, frame))
	counts := func(length, n int) []byte {
		all := make([]byte, 16)
		all[length-1] = byte(n)
		return all
	}
	symbols := acSymbols()
	out.Write(segment(0xc4, append(append([]byte{0x00}, counts(4, 12)...), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)))
	out.Write(segment(0xc4, append(append([]byte{0x10}, counts(8, len(symbols))...), symbols...)))
	if d.interval > 0 {
		out.Write(segment(0xdd, big.AppendUint16(nil, uint16(d.interval))))
	}
	var groups [][]int
	for n := range d.components {
		if d.apart || n == 0 {
			groups = append(groups, nil)
		}
		last := len(groups) - 1
		groups[last] = append(groups[last], n)
	}
	for _, group := range groups {
		header := []byte{byte(len(group))}
		for _, n := range group {
			header = append(header, byte(n+1), 0)
		}
		out.Write(segment(0xda, append(header, 0, 63, 0)))
		if scan == 0 {
			scan = out.Len()
		}
		units := d.across * d.down
		if len(group) == 1 && group[0] == 0 {
			units *= sampling * sampling
		}
		var w writer
		last := make([]int, d.components)
		for unit := range units {
			if d.interval > 0 && unit > 0 && unit%d.interval == 0 {
				w.flush()
				w.out.Write([]byte{0xff, byte(0xd0 + (unit/d.interval-1)%8)})
				clear(last)
			}
			for _, n := range group {
				blocks := 1
				if n == 0 && len(group) > 1 {
					blocks = sampling * sampling
				}
				for range blocks {
					w.block(random, symbols, &last[n])
				}
			}
		}
		w.flush()
		out.Write(w.out.Bytes())
	}
	out.WriteString("\xff\xd9")
	return out.Bytes(), scan
}
