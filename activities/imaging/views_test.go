package imaging_test

import (
	"bytes"
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagebatch/activities"
	"imagebatch/activities/imaging"
	"imagebatch/workflows/manifest"
)

// half is the length of a view in a vector.
const half = 256

// productAt is where drawProduct draws, in fractions of the sides.
var productAt = [4]float64{.25, .2, .7, .75} // left, top, right, bottom

// drawProduct draws a part of a scene on a bright studio background. The
// colors are muted and a weave and folds run over all of it, as in photos: what is
// of exactly one color has no more than rounding to tell it by.
func drawProduct(width, height int, seed uint32) *image.NRGBA {
	scene := smaller(drawScene(3*width, 3*height, seed))
	for y := range height {
		for x := range width {
			u, v := (float64(x)+.5)/float64(width), (float64(y)+.5)/float64(height)
			c, weave := scene.NRGBAAt(x, y), 24.0
			if u < productAt[0] || v < productAt[1] || u > productAt[2] || v > productAt[3] {
				grey := byte(232 - 12*v)
				c, weave = color.NRGBA{grey, grey, grey, 255}, 20
			}
			light := weave*math.Sin(70*u+9*math.Sin(6*v))*math.Sin(60*v+5*math.Sin(4*u)) + 8*math.Sin(19*u+11*v)
			mean := (float64(c.R) + float64(c.G) + float64(c.B)) / 3
			mute := func(v byte) byte { return byte(min(max(mean+(float64(v)-mean)*.4+light, 0), 255)) }
			scene.SetNRGBA(x, y, color.NRGBA{mute(c.R), mute(c.G), mute(c.B), 255})
		}
	}
	return scene
}

// smaller averages 3×3 pixels, which takes the steps off edges.
func smaller(in *image.NRGBA) *image.NRGBA {
	width, height := in.Rect.Dx()/3, in.Rect.Dy()/3
	out := image.NewNRGBA(image.Rect(0, 0, width, height))
	for n := range out.Pix {
		x, y, channel, sum := n/4%width, n/4/width, n%4, 0
		for k := range 9 {
			sum += int(in.Pix[in.PixOffset(3*x+k%3, 3*y+k/3)+channel])
		}
		out.Pix[n] = byte(sum / 9)
	}
	return out
}

func crop(from image.Image, part image.Rectangle) *image.NRGBA {
	out := image.NewNRGBA(image.Rect(0, 0, part.Dx(), part.Dy()))
	for y := range part.Dy() {
		for x := range part.Dx() {
			out.Set(x, y, from.At(part.Min.X+x, part.Min.Y+y))
		}
	}
	return out
}

func TestWithoutASubjectBothHalvesAreTheWhole(t *testing.T) {
	t.Parallel()
	imager := newImager(t)
	grey := image.NewGray(image.Rect(0, 0, 120, 90))
	for name, test := range map[string]struct {
		data []byte
		view activities.View
	}{
		"NotLookedFor": {encodePNG(t, drawProduct(200, 150, 1)), activities.View{}},
		"NotFound":     {encodePNG(t, grey), activities.View{Detect: true}},
	} {
		feature, err := featurize(t, imager, test.data, test.view)
		if err != nil {
			t.Fatal(err)
		}
		if len(feature.Vector) != 2*half || !bytes.Equal(feature.Vector[:half], feature.Vector[half:]) {
			t.Errorf("%s: the halves of a vector of %d bytes differ", name, len(feature.Vector))
		}
		if feature.Region != nil || feature.Regions != nil || feature.Variants != nil {
			t.Errorf("%s: regions %v, %v and %d variants", name, feature.Region, feature.Regions, len(feature.Variants))
		}
	}
}

// TestDetectedSubject finds the product, says where it is in the pixels of the
// picture, and describes it as if it had been cut out a little wider.
func TestDetectedSubject(t *testing.T) {
	t.Parallel()
	imager := newImager(t)
	const width, height = 900, 700
	picture := drawProduct(width, height, 3)
	for name, data := range map[string][]byte{"PNG": encodePNG(t, picture), "JPEG": encodeJPEG(t, picture, 95)} {
		got, err := featurize(t, imager, data, activities.View{Detect: true})
		if err != nil {
			t.Fatal(err)
		}
		if got.Region == nil {
			t.Fatalf("%s: no subject", name)
		}
		r := *got.Region
		for n, pair := range [][2]float64{
			{float64(r.X1) / width, productAt[0]}, {float64(r.Y1) / height, productAt[1]},
			{float64(r.X2) / width, productAt[2]}, {float64(r.Y2) / height, productAt[3]},
		} {
			if math.Abs(pair[0]-pair[1]) > 0.03 {
				t.Errorf("%s: side %d of the subject is at %.3f, that of the product at %.3f", name, n, pair[0], pair[1])
			}
		}
		if diff := cmp.Diff([]manifest.Region{r}, got.Regions); diff != "" {
			t.Errorf("%s: the only part is not the subject: -want +got\n%s", name, diff)
		}
		const wider, higher = width * 4 / 100, height * 4 / 100
		cut := crop(picture, image.Rect(r.X1-wider, r.Y1-higher, r.X2+wider, r.Y2+higher))
		want := vector(t, imager, encodePNG(t, cut), activities.View{})
		if similarity := cosine(want[:half], got.Vector[half:]); similarity < 0.98 {
			t.Errorf("%s: the subject and its cut-out are at %.3f", name, similarity)
		}
		whole := vector(t, imager, data, activities.View{})
		if !bytes.Equal(whole[:half], got.Vector[:half]) {
			t.Errorf("%s: the whole depends on the subject", name)
		}
	}
}

// TestRegion describes a part as if it were a picture, also when the picture is
// decoded at a fraction of its size. It wins over what could be found.
func TestRegion(t *testing.T) {
	t.Parallel()
	imager := newImager(t)
	scene := drawProduct(900, 700, 9)
	region := manifest.Region{X1: 101, X2: 677, Y1: 53, Y2: 590}
	cut := crop(scene, image.Rect(region.X1, region.Y1, region.X2, region.Y2))
	part := vector(t, imager, encodePNG(t, cut), activities.View{})
	whole := vector(t, imager, encodePNG(t, scene), activities.View{})
	for name, data := range map[string][]byte{"PNG": encodePNG(t, scene), "JPEG": encodeJPEG(t, scene, 95)} {
		got, err := featurize(t, imager, data, activities.View{Region: &region, Detect: true})
		if err != nil {
			t.Fatal(err)
		}
		if similarity := cosine(part[:half], got.Vector[half:]); similarity < 0.98 {
			t.Errorf("%s: the part and its cut-out are at %.3f", name, similarity)
		}
		if similarity := cosine(whole[:half], got.Vector[:half]); similarity < 0.98 {
			t.Errorf("%s: the whole with a part and without are at %.3f", name, similarity)
		}
		if diff := cmp.Diff(&region, got.Region); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}

// TestTwoSubjects reports each by a region of its own.
func TestTwoSubjects(t *testing.T) {
	t.Parallel()
	canvas := image.NewNRGBA(image.Rect(0, 0, 400, 300))
	for n := range canvas.Pix {
		canvas.Pix[n] = 240
	}
	want := []image.Rectangle{image.Rect(40, 60, 200, 240), image.Rect(260, 90, 360, 210)}
	for _, box := range want {
		for y := box.Min.Y; y < box.Max.Y; y++ {
			for x := box.Min.X; x < box.Max.X; x++ {
				canvas.SetNRGBA(x, y, color.NRGBA{byte(60 + x/4), 20, 90, 255})
			}
		}
	}
	got, err := featurize(t, newImager(t), encodePNG(t, canvas), activities.View{Detect: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Regions) != 2 {
		t.Fatalf("regions %v, want two", got.Regions)
	}
	for n, r := range got.Regions {
		near := func(a, b int) bool { return max(a-b, b-a) <= 10 }
		if b := want[n]; !near(r.X1, b.Min.X) || !near(r.X2, b.Max.X) || !near(r.Y1, b.Min.Y) || !near(r.Y2, b.Max.Y) {
			t.Errorf("region %d is %v, want %v", n, r, b)
		}
	}
}

func TestVersionNamesTheTable(t *testing.T) {
	t.Parallel()
	if version := newImager(t).FeatureVersion(); version != imaging.Version || len(version) != len("hgtc1-")+12 {
		t.Errorf("feature version %q", version)
	}
}
