package descriptor_test

import (
	"math/rand/v2"

	"imagebatch/activities/imaging/descriptor"
)

// draw is a thumbnail with a few boxes and discs on one color, and a little noise.
func draw(random *rand.Rand) *descriptor.Thumbnail {
	t := flat(byte(random.IntN(256)), byte(random.IntN(256)), byte(random.IntN(256)))
	for range 3 + random.IntN(10) {
		color := [3]byte{byte(random.IntN(256)), byte(random.IntN(256)), byte(random.IntN(256))}
		left, top, width, height := random.IntN(60), random.IntN(60), 2+random.IntN(40), 2+random.IntN(40)
		disc := random.IntN(2) == 0
		for y := top; y < min(descriptor.Side, top+height); y++ {
			for x := left; x < min(descriptor.Side, left+width); x++ {
				u, v := 2*float64(x-left)/float64(width)-1, 2*float64(y-top)/float64(height)-1
				if !disc || u*u+v*v <= 1 {
					copy(t[3*(descriptor.Side*y+x):], color[:])
				}
			}
		}
	}
	for n := range t {
		t[n] = byte(min(max(int(t[n])+random.IntN(9)-4, 0), 255))
	}
	return t
}

func flat(red, green, blue byte) *descriptor.Thumbnail {
	t := new(descriptor.Thumbnail)
	for n := 0; n < len(t); n += 3 {
		t[n], t[n+1], t[n+2] = red, green, blue
	}
	return t
}

func noise(random *rand.Rand) *descriptor.Thumbnail {
	t := new(descriptor.Thumbnail)
	for n := range t {
		t[n] = byte(random.IntN(256))
	}
	return t
}

// stripes alternate between black and white, which gives the largest gradients.
func stripes(width int) *descriptor.Thumbnail {
	t := new(descriptor.Thumbnail)
	for n := range t {
		if n/3%descriptor.Side/width%2 == 0 {
			t[n] = 255
		}
	}
	return t
}
