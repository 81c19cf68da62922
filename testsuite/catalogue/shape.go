package catalogue

import "math"

// shape is a silhouette: which points belong to a thing. The thing fits into
// the square from -1 to 1, with v downwards.
type shape struct {
	name     string
	category int // of the vendor's list
	covers   func(u, v float64) bool
}

var shapes = []shape{
	{"tee", 0, func(u, v float64) bool {
		side := math.Abs(u)
		body := side < 0.5 && v > -0.7 && v < 0.85
		sleeve := side >= 0.4 && side < 0.95 && v > -0.7+(side-0.4)*0.6 && v < -0.2+(side-0.4)*0.5
		return (body || sleeve) && math.Hypot(u, v+0.75) > 0.22
	}},
	{"dress", 1, func(u, v float64) bool {
		width := 0.3
		if v > -0.1 {
			width = 0.3 + (v+0.1)*0.55
		}
		return math.Abs(u) < width && v > -0.9 && v < 0.9 && math.Hypot(u, v+0.95) > 0.18
	}},
	{"trousers", 2, func(u, v float64) bool {
		side := math.Abs(u)
		return side < 0.48 && v > -0.9 && v < 0.9 && (v < -0.35 || side > 0.05+(v+0.35)*0.12)
	}},
	{"bag", 3, func(u, v float64) bool {
		ring := math.Hypot(u, v+0.15)
		return math.Abs(u) < 0.75+v*0.1 && v > -0.15 && v < 0.8 || v <= -0.15 && ring > 0.34 && ring < 0.5
	}},
	{"shoe", 4, func(u, v float64) bool {
		sole := u > -0.9 && u < 0.92 && v > 0.42 && v < 0.62
		heel := u > -0.85 && u < -0.1 && v > -0.45+(u+0.85)*0.5 && v <= 0.42
		toe := square((u-0.1)/0.78)+square((v-0.45)/0.48) < 1 && v <= 0.45
		return sole || heel || toe
	}},
	{"hat", 5, func(u, v float64) bool {
		dome := square(u/0.55)+square((v-0.3)/0.85) < 1 && v < 0.3
		return dome || square(u/0.95)+square((v-0.32)/0.2) < 1
	}},
	{"lipstick", 7, func(u, v float64) bool {
		side := math.Abs(u)
		return side < 0.3 && v > 0.1 && v < 0.9 || side < 0.23 && v > -0.3 && v <= 0.1 || side < 0.18 && v > -0.9-u && v <= -0.3
	}},
	{"bottle", 8, func(u, v float64) bool {
		width := 0.42
		switch {
		case v < -0.5:
			width = 0.14
		case v < -0.15:
			width = 0.14 + (v+0.5)*0.8
		}
		return math.Abs(u) < width && v > -0.95 && v < 0.92
	}},
	{"chair", 9, func(u, v float64) bool {
		side := math.Abs(u)
		return side < 0.55 && v > -0.9 && v < -0.2 || side < 0.68 && v >= -0.1 && v < 0.18 || side > 0.5 && side < 0.64 && v >= -0.2 && v < 0.92
	}},
	{"star", 20, func(u, v float64) bool {
		return math.Hypot(u, v) < 0.62+0.3*math.Cos(5*math.Atan2(u, -v))
	}},
	{"telephone", 22, func(u, v float64) bool {
		return math.Pow(math.Abs(u)/0.5, 6)+math.Pow(math.Abs(v)/0.92, 6) < 1
	}},
}

// pattern paints a surface: 0, 1 or 2 for the colour at a point. A pattern has a
// frequency and a slant.
type pattern struct {
	name string
	at   func(u, v, frequency float64) int
}

var patterns = []pattern{
	{"plain", func(_, _, _ float64) int { return 0 }},
	{"striped", func(_, v, f float64) int { return parity(v * f) }},
	{"checked", func(u, v, f float64) int { return parity(math.Floor(u*f) + math.Floor(v*f)) }},
	{"dotted", func(u, v, f float64) int {
		if math.Hypot(u*f-math.Round(u*f), v*f-math.Round(v*f)) < 0.33 {
			return 1
		}
		return 0
	}},
	{"ringed", func(u, v, f float64) int { return parity(math.Hypot(u, v) * f) }},
	{"zigzag", func(u, v, f float64) int { return parity(v*f + 2*math.Abs(u*f/2-math.Round(u*f/2))) }},
	{"plaid", func(u, v, f float64) int {
		across, down := u*f-math.Floor(u*f), v*f-math.Floor(v*f)
		switch {
		case across < 0.3 && down < 0.3:
			return 2
		case across < 0.3 || down < 0.3:
			return 1
		}
		return 0
	}},
	{"two-tone", func(u, v, f float64) int {
		if v+u*f*0.1 > 0.1 {
			return 1
		}
		return 0
	}},
	{"patchwork", func(u, v, f float64) int {
		n := uint32(int32(math.Floor(u*f)))*0x9e3779b1 ^ uint32(int32(math.Floor(v*f)))*0x85ebca6b
		n = (n ^ n>>15) * 0x2c1b3c6d
		return int(n>>28) % 3
	}},
}

func parity(x float64) int { return int(math.Floor(x)) & 1 }

func square(x float64) float64 { return x * x }
