package catalogue

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sync/errgroup"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

// DefaultProducts is how many products are drawn unless said otherwise: about
// 1,200 lines, enough for five chunks at the default sizes.
const DefaultProducts = 300

// minProducts leaves room for the products that have a part to play.
const minProducts = 5

// Options say what to draw.
type Options struct {
	Products int // 0 for DefaultProducts, at least 5
	Seed     uint64
}

// Key names a picture of an instance.
type Key struct{ ProductID, PicName string }

// Plan says what a batch task over the folder must come to.
type Plan struct {
	Lines    int64                   // of increment.meta
	Failures map[int64]contract.Code // the lines that must fail, by number
	Keys     []Key                   // that the index must hold at the end, in order
	Query    Query
}

// Query is a picture worth searching for.
type Query struct {
	Picture    Key    // it is in the index itself
	File       string // below the folder
	LookAlikes []Key  // other pictures of the product: expected right after it
}

// Draw writes pictures and increment.meta into a folder, which is made when it is
// not there. The same options give the same files. For a service type other than
// product, the line with a bad category does not fail.
func Draw(dir string, options Options) (Plan, error) {
	if options.Products == 0 {
		options.Products = DefaultProducts
	}
	if options.Products < minProducts {
		return Plan{}, fmt.Errorf("draw catalogue of %d products: give at least %d", options.Products, minProducts)
	}
	products, lines, plan := design(options)
	if err := drawAll(dir, products); err != nil {
		return Plan{}, fmt.Errorf("draw catalogue: %w", err)
	}
	if err := drawSpoiled(dir, products[0].drawings[0]); err != nil {
		return Plan{}, fmt.Errorf("draw catalogue: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, contract.ManifestName), lines, 0o644); err != nil {
		return Plan{}, fmt.Errorf("write manifest: %w", err)
	}
	return plan, nil
}

// design decides on everything before a pixel is drawn.
func design(options Options) ([]product, []byte, Plan) {
	products := make([]product, options.Products)
	for n := range products {
		products[n] = newProduct(options.Seed, n)
	}
	lines, plan := compose(options.Seed, products, badLines(products[0].drawings[0]))
	return products, lines, plan
}

// product is a product with its pictures.
type product struct {
	id       string
	drawings []drawing
}

// drawing is a picture to be drawn, and its line.
type drawing struct {
	motif     motif
	view      view
	extension string
	entry     manifest.Entry
}

// extensions are dealt out in turn, so that each occurs as often as it stands here.
var extensions = []string{
	"jpg", "png", "jpeg", "webp", "jpg", "ppm", "png", "gif", "jpg", "bmp", "jpeg", "tiff", "png", "jpg", "webp", "jpg", "gif",
}

// newProduct designs the n-th product with three to five pictures.
func newProduct(seed uint64, n int) product {
	rng := rand.New(rand.NewPCG(seed, uint64(n)))
	m := newMotif(rng, shapes[n%len(shapes)])
	p := product{id: fmt.Sprintf("P%05d", n)}
	name := m.colours[0].name() + " " + m.pattern.name + " " + m.shape.name
	price := int32(500 + rng.IntN(20_000))
	for i := range 3 + n%3 {
		d := drawing{motif: m, view: newView(rng, i), extension: extensions[(n*4+i)%len(extensions)]}
		d.entry = manifest.Entry{
			Operation:     manifest.Add,
			ProductID:     p.id,
			PicName:       fmt.Sprintf("%s/%s-%d.%s", m.shape.name, p.id, i+1, d.extension),
			CustomContent: new(fmt.Sprintf("name:%s,view:%d", name, i+1)),
			IntAttrs:      [4]*int32{new(price), new(int32(i))},
			StrAttrs:      [4]*string{new(m.colours[0].name()), new(m.pattern.name)},
		}
		if n%4 != 3 {
			d.entry.CategoryID = new(m.shape.category)
		}
		switch box := d.view.box(m); {
		case n%7 == 5 && i == 1:
			d.entry.Region = &manifest.Region{X1: box.Min.X, X2: box.Max.X, Y1: box.Min.Y, Y2: box.Max.Y}
		case n%7 == 6 && i == 1:
			d.entry.Crop = new(false)
		}
		p.drawings = append(p.drawings, d)
	}
	return p
}

// keys are those of all pictures of the product.
func (p product) keys() []Key {
	var keys []Key
	for _, d := range p.drawings {
		keys = append(keys, d.key())
	}
	return keys
}

func (d drawing) key() Key { return Key{d.entry.ProductID, d.entry.PicName} }

func (d drawing) file() ([]byte, error) { return encode(paint(d.motif, d.view), d.extension) }

// drawAll writes the pictures, as many at a time as there are cores.
func drawAll(dir string, products []product) error {
	for _, s := range shapes {
		if err := os.MkdirAll(filepath.Join(dir, s.name), 0o755); err != nil {
			return err
		}
	}
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, p := range products {
		group.Go(func() error {
			for _, d := range p.drawings {
				file, err := d.file()
				if err != nil {
					return err
				}
				if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(d.entry.PicName)), file, 0o644); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}
