package jpegscan

// lookup is how many bits of a code are found by a table; longer ones are rare.
const lookup = 10

// huffman is a table of codes.
type huffman struct {
	// symbols has, for the bits of a code and whatever follows, the symbol above and
	// the length of the code in the low byte; 0 for a longer code.
	symbols [1 << lookup]uint16
	// whole has for bits of an AC coefficient of sequential scans how far it leads,
	// and in the low byte how many bits it has together with its value; 0 when that
	// takes more bits than these, or the value is so large that it must be checked.
	whole  [1 << lookup]uint16
	first  [17]int // code of each length
	index  [17]int // of the symbol of that code
	counts [17]int
	values []byte
}

// plain is the size of values that are possible whatever they are multiplied by.
const plain = 4

// ended leads out of a block from wherever it is read.
const ended = 128

// newHuffman reads a table as a DHT segment has it: 16 counts, then the symbols.
func newHuffman(counts, values []byte) (*huffman, bool) {
	h := &huffman{values: values}
	code, index := 0, 0
	for length := 1; length <= 16; length++ {
		h.first[length], h.index[length], h.counts[length] = code, index, int(counts[length-1])
		if code+h.counts[length] > 1<<length {
			return nil, false
		}
		for range h.counts[length] {
			if length <= lookup {
				h.enter(code, length, values[index])
			}
			code, index = code+1, index+1
		}
		code <<= 1
	}
	return h, true
}

func (h *huffman) enter(code, length int, symbol byte) {
	start, end := code<<(lookup-length), (code+1)<<(lookup-length)
	for n := start; n < end; n++ {
		h.symbols[n] = uint16(symbol)<<8 | uint16(length)
	}
	advance, size := leads(symbol)
	if advance == 0 || length+size > lookup || size > plain {
		return
	}
	for n := start; n < end; n++ {
		h.whole[n] = uint16(advance)<<8 | uint16(length+size)
	}
}

// leads is how many coefficients a symbol of a sequential AC table goes on, and
// how many bits of value follow it. 0 is for symbols that 8-bit pictures have not.
func leads(symbol byte) (advance, size int) {
	run, size := int(symbol>>4), int(symbol&15)
	switch {
	case symbol == 0:
		return ended, 0
	case size > 10 || size == 0 && run != 15:
		return 0, 0
	}
	return run + 1, size
}

// symbol takes the next code and returns what it stands for. Bits that are no
// code are damage.
func (h *huffman) symbol(b *stream) (symbol byte, ok bool) {
	b.fill()
	if found := h.symbols[b.held>>(b.count-lookup)&(1<<lookup-1)]; found != 0 {
		b.count -= int(found & 0xff)
		return byte(found >> 8), true
	}
	for length := lookup + 1; length <= 16; length++ {
		code := int(b.held>>(b.count-length)) & (1<<length - 1)
		if n := code - h.first[length]; n >= 0 && n < h.counts[length] {
			b.count -= length
			return h.values[h.index[length]+n], true
		}
	}
	return 0, false
}
