package descriptor

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"sync"
)

// Table is everything that is learned: how blocks and views are computed, and
// where it comes from. It must not be changed or copied once it is used.
type Table struct {
	Codebooks
	Projection
	Origin Origin

	digest   string // of the bytes that it was read from
	prepared sync.Once
	kernel   kernelTable
}

// Origin says what a table was learned from, for people.
type Origin struct {
	Set      string `json:"set"` // of pictures
	Pictures int    `json:"pictures"`
	Seed     uint64 `json:"seed"`
	Command  string `json:"command"` // that makes the same table again
}

// An encoded table is a magic word with the version of the form, the numbers,
// the origin as JSON behind its length, and the SHA-256 of all that.
const (
	tableMagic    = "imgtbl01"
	longestOrigin = 1 << 16
)

//go:embed table.bin
var embedded []byte

// Embedded is the table that the program carries. It is read once.
var Embedded = sync.OnceValue(func() *Table {
	t, err := ReadTable(embedded)
	if err != nil {
		panic(fmt.Sprintf("table.bin of package descriptor: %v", err)) // a broken build
	}
	return t
})

// numbers are the fields of a table in the order in which they are encoded.
func (t *Table) numbers() []any {
	return []any{&t.Shapes, &t.ColorMean, &t.ColorAxes, &t.Colors, &t.Scale, &t.Bias, t.W}
}

func (t *Table) encodeNumbers() []byte {
	var out bytes.Buffer
	for _, part := range t.numbers() {
		if err := binary.Write(&out, binary.LittleEndian, part); err != nil {
			panic(err) // arrays of numbers into memory
		}
	}
	return out.Bytes()
}

// Encode is the table as bytes, the same for the same table.
func (t *Table) Encode() []byte {
	if len(t.W) != BlockSize*HalfSize {
		panic(fmt.Sprintf("encode table: W has %d numbers, not %d", len(t.W), BlockSize*HalfSize))
	}
	out := append([]byte(tableMagic), t.encodeNumbers()...)
	origin, err := json.Marshal(t.Origin)
	if err != nil || len(origin) > longestOrigin {
		panic(fmt.Sprintf("encode table: origin of %d bytes: %v", len(origin), err))
	}
	out = append(binary.LittleEndian.AppendUint32(out, uint32(len(origin))), origin...)
	sum := sha256.Sum256(out)
	return append(out, sum[:]...)
}

// Digest names the numbers of the table, whatever its origin says: the first
// twelve hexadecimal digits of their SHA-256.
func (t *Table) Digest() string {
	if t.digest != "" {
		return t.digest
	}
	return digestOf(t.encodeNumbers())
}

func digestOf(numbers []byte) string {
	sum := sha256.Sum256(numbers)
	return hex.EncodeToString(sum[:6])
}

// ReadTable is the reverse of Encode. It refuses what is cut, changed or not
// finite.
func ReadTable(data []byte) (*Table, error) {
	if !bytes.HasPrefix(data, []byte(tableMagic)) {
		return nil, fmt.Errorf("read descriptor table: it does not start with %q", tableMagic)
	}
	t := &Table{Projection: Projection{W: make([]int8, BlockSize*HalfSize)}}
	rest := data[len(tableMagic):]
	for _, part := range t.numbers() {
		size := binary.Size(part)
		if len(rest) < size {
			return nil, fmt.Errorf("read descriptor table: it ends after %d bytes", len(data))
		}
		if _, err := binary.Decode(rest[:size], binary.LittleEndian, part); err != nil {
			return nil, fmt.Errorf("read descriptor table: %w", err)
		}
		rest = rest[size:]
	}
	t.digest = digestOf(data[len(tableMagic) : len(data)-len(rest)])
	if len(rest) < 4+sha256.Size {
		return nil, fmt.Errorf("read descriptor table: it ends after %d bytes", len(data))
	}
	length := binary.LittleEndian.Uint32(rest)
	if rest = rest[4:]; length > longestOrigin || int(length) != len(rest)-sha256.Size {
		return nil, fmt.Errorf("read descriptor table: %d bytes after its numbers, not %d and a checksum", len(rest), length)
	}
	origin, sum := rest[:length], rest[length:]
	if sha256.Sum256(data[:len(data)-sha256.Size]) != [sha256.Size]byte(sum) {
		return nil, errors.New("read descriptor table: its checksum is another; make it again")
	}
	if err := json.Unmarshal(origin, &t.Origin); err != nil {
		return nil, fmt.Errorf("read origin of descriptor table: %w", err)
	}
	if !t.finite() {
		return nil, errors.New("read descriptor table: a number in it is not finite")
	}
	return t, nil
}

func (t *Table) finite() bool {
	good := true
	check := func(values ...float32) {
		for _, v := range values {
			good = good && math.Abs(float64(v)) <= math.MaxFloat32
		}
	}
	for _, row := range t.Shapes {
		check(row[:]...)
	}
	check(t.ColorMean[:]...)
	for _, row := range t.ColorAxes {
		check(row[:]...)
	}
	for _, row := range t.Colors {
		check(row[:]...)
	}
	check(t.Scale[:]...)
	check(t.Bias[:]...)
	return good
}

// ViewReference is the view of a thumbnail in floating point, of length 1: what
// View is held against.
func (t *Table) ViewReference(thumbnail *Thumbnail) [HalfSize]float32 {
	return t.project(Blocks(thumbnail, &t.Codebooks))
}
