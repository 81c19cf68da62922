package descriptor_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"imagebatch/activities/imaging/descriptor"
)

func TestTableRoundTrip(t *testing.T) {
	t.Parallel()
	table := descriptor.Embedded()
	encoded := table.Encode()
	read, err := descriptor.ReadTable(encoded)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(read.Encode(), encoded) {
		t.Error("a table that was read is encoded otherwise")
	}
	if read.Digest() != table.Digest() || read.Origin != table.Origin {
		t.Errorf("digest %s, origin %v; want %s, %v", read.Digest(), read.Origin, table.Digest(), table.Origin)
	}
	if length := len(table.Digest()); length != 12 {
		t.Errorf("digest has %d digits", length)
	}
}

func TestDigestIsOfTheNumbersAlone(t *testing.T) {
	t.Parallel()
	table := copyOf(t, descriptor.Embedded())
	table.Origin.Set = "another"
	if copyOf(t, table).Digest() != descriptor.Embedded().Digest() {
		t.Error("another origin makes another digest")
	}
	table.W[len(table.W)-1]++
	if copyOf(t, table).Digest() == descriptor.Embedded().Digest() {
		t.Error("another number leaves the digest as it is")
	}
}

func copyOf(t *testing.T, table *descriptor.Table) *descriptor.Table {
	t.Helper()
	out, err := descriptor.ReadTable(table.Encode())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestBadTables(t *testing.T) {
	t.Parallel()
	good := descriptor.Embedded().Encode()
	endless := copyOf(t, descriptor.Embedded())
	endless.Bias[3] = float32(math.NaN())
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"Empty":          {nil, "does not start"},
		"OtherVersion":   {slices.Concat([]byte("imgtbl02"), good[8:]), "does not start"},
		"CutInNumbers":   {good[:5000], "ends after 5000 bytes"},
		"CutInWeights":   {good[:500_000], "ends after 500000 bytes"},
		"CutInOrigin":    {good[:len(good)-40], "after its numbers"},
		"CutBySumByte":   {good[:len(good)-1], "after its numbers"},
		"Longer":         {append(slices.Clone(good), 0), "after its numbers"},
		"NumberChanged":  {changed(good, 100), "checksum"},
		"OriginChanged":  {changed(good, len(good)-40), "checksum"},
		"ChecksumBroken": {changed(good, len(good)-1), "checksum"},
		"NotANumber":     {endless.Encode(), "not finite"},
	} {
		if _, err := descriptor.ReadTable(test.data); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, test.want)
		}
	}
}

func changed(data []byte, at int) []byte {
	out := slices.Clone(data)
	out[at] ^= 1
	return out
}

// TestQuantizeKeepsTheProjection compares views with those of the weights in
// floating point.
func TestQuantizeKeepsTheProjection(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(4, 4))
	w := make([]float64, descriptor.BlockSize*descriptor.HalfSize)
	for n := range w {
		w[n] = random.NormFloat64() * float64(1+n%descriptor.HalfSize)
		if n%descriptor.HalfSize == 7 {
			w[n] = 0 // a column of nothing
		}
	}
	b := make([]float64, descriptor.HalfSize)
	for n := range b {
		b[n] = random.NormFloat64()
	}
	b[7] = 0
	table := &descriptor.Table{Codebooks: descriptor.Embedded().Codebooks, Projection: descriptor.Quantize(w, b)}
	for range 10 {
		thumbnail := draw(random)
		x := descriptor.Blocks(thumbnail, &table.Codebooks)
		want := make([]float64, descriptor.HalfSize)
		for n := range w {
			want[n%descriptor.HalfSize] += w[n] * float64(x[n/descriptor.HalfSize])
		}
		got := table.ViewReference(thumbnail)
		var product, square float64
		for n := range want {
			want[n] -= b[n]
			product += want[n] * float64(got[n])
			square += want[n] * want[n]
		}
		if cosine := product / math.Sqrt(square); cosine < 0.999 {
			t.Errorf("cosine to the weights as they were is %v", cosine)
		}
		if got[7] != 0 {
			t.Errorf("a column of zeros gives %v", got[7])
		}
	}
}
