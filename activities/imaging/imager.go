package imaging

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"imagebatch/activities"
	"imagebatch/activities/imaging/descriptor"
	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

// Config bounds the memory that decoding takes. A zero field has its default.
type Config struct {
	// MaxPixels of one picture; a larger one is undecodable, whatever its header
	// says. By default 4096 × 4096, the largest that any service type takes.
	MaxPixels int64
	// MaxPixelsInFlight bounds the pictures decoded at once, by the sizes in
	// their headers; three bytes a pixel in the worst case, and as much again
	// inside libvips. By default four of the largest.
	MaxPixelsInFlight int64
}

func (c Config) withDefaults() Config {
	if c.MaxPixels == 0 {
		c.MaxPixels = 4096 * 4096
	}
	if c.MaxPixelsInFlight == 0 {
		c.MaxPixelsInFlight = 4 * c.MaxPixels
	}
	return c
}

// Validate reports every problem at once.
func (c Config) Validate() error {
	c = c.withDefaults()
	var problems []error
	if c.MaxPixels < 1 {
		problems = append(problems, fmt.Errorf("MaxPixels is %d: set the pixels that one picture may have", c.MaxPixels))
	}
	if c.MaxPixelsInFlight < c.MaxPixels {
		problems = append(problems, fmt.Errorf("MaxPixelsInFlight is %d: set at least MaxPixels, %d", c.MaxPixelsInFlight, c.MaxPixels))
	}
	return errors.Join(problems...)
}

// Imager decodes pictures in this process. It keeps nothing between them.
type Imager struct {
	config Config
	gate   *gate
	spare  sync.Pool // of *scratch
}

var _ activities.Imager = (*Imager)(nil)

// New makes an imager and applies the process-wide settings of libvips, which
// every imager of the process shares.
func New(config Config) (*Imager, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("configure imaging: %w", err)
	}
	config = config.withDefaults()
	configure()
	return &Imager{
		config: config,
		gate:   newGate(config.MaxPixelsInFlight),
		spare:  sync.Pool{New: func() any { return &scratch{viewer: newViewer()} }},
	}, nil
}

// Version names the descriptor: the way of computing it and the table that it is
// computed by. Vectors of different versions must not be compared; a change of
// any number on the way from pixels to a vector is another version.
var Version = "hgtc1-" + descriptor.Embedded().Digest()

// FeatureVersion is [Version].
func (*Imager) FeatureVersion() string { return Version }

// Open reads the header of a picture. A header is cheap however large a picture
// it announces; whether that is acceptable is the caller's to say.
func (m *Imager) Open(ctx context.Context, data []byte) (activities.OpenPicture, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	file, err := open(data)
	if err != nil {
		return nil, err
	}
	return &picture{imager: m, data: data, file: file, header: file.header}, nil
}

type picture struct {
	imager *Imager
	data   []byte
	file   opened
	header activities.Header
}

// Header is what the picture's header says.
func (p *picture) Header() activities.Header { return p.header }

// Close lets go of the picture's bytes.
func (p *picture) Close() { p.data, p.file = nil, opened{} }

// Featurize decodes the picture once and describes the whole of it and its
// subject. Identical bytes and views have identical features, and variants leave
// the rest as it is.
func (p *picture) Featurize(ctx context.Context, view activities.View) (activities.Feature, error) {
	area, err := p.area(view.Region)
	if err != nil {
		return activities.Feature{}, err
	}
	var feature activities.Feature
	err = p.decoded(ctx, shrinkFor(p.header.Format, area), func(in pixels, v *viewer) {
		feature = v.feature(in, p.header.Width, p.header.Height, view)
	})
	return feature, err
}

// decoded decodes the picture at a fraction of its size, when there is room for
// its pixels, and lets use look at them. They are overwritten afterwards.
func (p *picture) decoded(ctx context.Context, shrink int, use func(in pixels, v *viewer)) error {
	if p.data == nil {
		return errors.New("decode picture: it is closed")
	}
	m := p.imager
	count := int64(p.header.Width) * int64(p.header.Height)
	if count > m.config.MaxPixels {
		return contract.Errorf(contract.CodeUnsupportedPicPixels,
			"the picture has %d × %d pixels, more than the %d that this worker decodes: resize it",
			p.header.Width, p.header.Height, m.config.MaxPixels)
	}
	leave, err := m.gate.enter(ctx, count)
	if err != nil {
		return err
	}
	defer leave()

	work := m.spare.Get().(*scratch)
	defer m.spare.Put(work)
	in, err := decode(p.data, p.file, shrink, &work.pixels)
	if err != nil {
		return err
	}
	use(in, work.viewer)
	return nil
}

// area is the smallest part of the picture that is known to be described, in its
// pixels.
func (p *picture) area(region *manifest.Region) (rectangle, error) {
	width, height := p.header.Width, p.header.Height
	if region == nil {
		return rectangle{0, 0, width, height}, nil
	}
	r := *region
	if r.X1 < 0 || r.Y1 < 0 || r.X1 >= r.X2 || r.Y1 >= r.Y2 || r.X2 > width || r.Y2 > height {
		return rectangle{}, fmt.Errorf("featurize picture: region %d,%d,%d,%d does not lie in its %d×%d pixels",
			r.X1, r.X2, r.Y1, r.Y2, width, height)
	}
	return rectangle{r.X1, r.Y1, r.X2, r.Y2}, nil
}

// scratch is the memory that one picture needs while it is decoded. It is
// reused, so that pictures cost the collector next to nothing.
type scratch struct {
	pixels []byte
	viewer *viewer
}

// LoadOnly decodes a picture at the size that Featurize would and drops it: the
// part of the work that is libvips' own. It is for measurements alone, which hold
// the rest against it; see testsuite/cmd/bench. BMP and PPM do not involve libvips
// and are unsupported here.
func LoadOnly(data []byte) error {
	configure()
	file, err := open(data)
	if err != nil {
		return err
	}
	header := file.header
	if _, known := vipsFormats[header.Format]; !known {
		return fmt.Errorf("load %s by libvips: %w", header.Format, activities.ErrUnsupportedFormat)
	}
	return vipsLoad(header.Format, data, shrinkFor(header.Format, rectangle{0, 0, header.Width, header.Height}))
}
