package catalogue

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

// Mix says what a random batch is made of.
type Mix struct {
	Products int  // how many there are to add to and to delete; 0 for 12
	Pictures int  // how many files; 0 for 40
	Bad      bool // about one line in 16 must fail
	Blank    bool // about one line in 16 is blank
}

// Batch is a small batch task: what its folder holds, and which lines must fail.
type Batch struct {
	Manifest []byte
	Pictures map[string][]byte // by name
	Failures map[int64]contract.Code
	Lines    int64 // that are not blank
}

// Random makes a batch of adds, repeated adds of a key with other values, deletes
// of pictures and deletes of products, in any order over few products, so that
// most lines undo or redo what others did. The pictures are tiny and look
// different. The same arguments give the same batch, and the pictures do not
// depend on the seed: several batches can share a folder.
func Random(seed uint64, lines int, mix Mix) (Batch, error) {
	if mix.Products == 0 {
		mix.Products = 12
	}
	if mix.Pictures == 0 {
		mix.Pictures = 40
	}
	pictures, names, err := tiny(mix.Pictures)
	if err != nil {
		return Batch{}, fmt.Errorf("draw random batch: %w", err)
	}
	r := randomLines{rng: rand.New(rand.NewPCG(seed, 0xba7c4)), products: mix.Products, names: names}
	b := Batch{Pictures: pictures, Failures: map[int64]contract.Code{}}
	for number := int64(1); number <= int64(lines); number++ {
		switch chance := r.rng.IntN(16); {
		case mix.Blank && chance == 0:
			b.Manifest = append(b.Manifest, "  \n"...)
			continue
		case mix.Bad && chance == 1:
			text, code := r.bad()
			b.Manifest = append(append(b.Manifest, text...), '\n')
			b.Failures[number] = code
		default:
			b.Manifest = append(manifest.Append(b.Manifest, r.entry(number)), '\n')
		}
		b.Lines++
	}
	return b, nil
}

// Save writes the pictures and increment.meta into a folder.
func (b Batch) Save(dir string) error {
	for name, file := range b.Pictures {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("save batch: %w", err)
		}
		if err := os.WriteFile(path, file, 0o644); err != nil {
			return fmt.Errorf("save batch: %w", err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, contract.ManifestName), b.Manifest, 0o644); err != nil {
		return fmt.Errorf("save batch: %w", err)
	}
	return nil
}

// tiny draws pictures of 100 by 100 pixels, and lists their names in order.
func tiny(n int) (map[string][]byte, []string, error) {
	pictures := make(map[string][]byte, n)
	var names []string
	for i := range n {
		rng := rand.New(rand.NewPCG(uint64(i), 0x717))
		look := newView(rng, 0)
		look.width, look.height = 100, 100
		extension := []string{"png", "jpg", "gif"}[i%3]
		file, err := encode(paint(newMotif(rng, shapes[i%len(shapes)]), look), extension)
		if err != nil {
			return nil, nil, err
		}
		name := fmt.Sprintf("tiny/%02d.%s", i, extension)
		pictures[name] = file
		names = append(names, name)
	}
	return pictures, names, nil
}

type randomLines struct {
	rng      *rand.Rand
	products int
	names    []string
}

// entry is a line that must succeed.
func (r *randomLines) entry(number int64) manifest.Entry {
	e := manifest.Entry{Operation: manifest.Add, ProductID: r.product(), PicName: r.picture()}
	switch chance := r.rng.IntN(20); {
	case chance < 2:
		return manifest.Entry{Operation: manifest.Delete, ProductID: e.ProductID}
	case chance < 6:
		return manifest.Entry{Operation: manifest.Delete, ProductID: e.ProductID, PicName: e.PicName}
	}
	if r.rng.IntN(4) > 0 {
		e.CustomContent = new(fmt.Sprintf("line:%d", number))
	}
	e.CategoryID = new(shapes[r.rng.IntN(len(shapes))].category)
	for n := range 4 {
		if r.rng.IntN(2) == 0 {
			e.IntAttrs[n] = new(int32(r.rng.IntN(7) - 3))
		}
		if r.rng.IntN(3) == 0 {
			e.StrAttrs[n] = new(words[r.rng.IntN(len(words))])
		}
	}
	if r.rng.IntN(8) == 0 {
		e.Crop = new(r.rng.IntN(2) == 0)
	}
	if r.rng.IntN(8) == 0 {
		e.Region = &manifest.Region{X1: r.rng.IntN(20), X2: 80 + r.rng.IntN(21), Y1: r.rng.IntN(20), Y2: 80 + r.rng.IntN(21)}
	}
	return e
}

// bad is a line that must fail, about a product that other lines touch as well.
func (r *randomLines) bad() (string, contract.Code) {
	e := manifest.Entry{Operation: manifest.Add, ProductID: r.product(), PicName: r.picture()}
	switch r.rng.IntN(5) {
	case 0:
		e.PicName = "tiny/missing.jpg"
		return line(e), contract.CodeInvalidPicURL
	case 1:
		e.CategoryID = new(999)
		return line(e), contract.CodeInvalidCategory
	case 2:
		e.Region = &manifest.Region{X1: 0, X2: 101, Y1: 0, Y2: 100}
		return line(e), contract.CodeInvalidRegion
	case 3: // read leniently, it would delete the whole product
		return strings.Replace(line(manifest.Entry{Operation: manifest.Delete, ProductID: e.ProductID}), "}", `,"PicName":""}`, 1), contract.CodeInvalidPicName
	}
	return line(e) + line(e), contract.CodeInvalidMetaItem
}

func (r *randomLines) product() string { return fmt.Sprintf("R%02d", r.rng.IntN(r.products)) }

func (r *randomLines) picture() string { return r.names[r.rng.IntN(len(r.names))] }
