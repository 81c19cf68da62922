// Package subject finds what a picture shows: a product in front of a background
// that is seen at the picture's border. It works on the 64×64 thumbnail in
// L*a*b* that package descriptor computes anyway, and answers in fractions of the
// picture's sides. It must not import libvips, bimg or anything that reads files.
//
// Colors that are unlike the border's are likely the product's (saliency.go); what
// stands out becomes a mask of a few connected parts (mask.go, parts.go), and the
// box around them is the subject (subject.go). The idea is that of background
// priors: Wei et al., "Geodesic saliency using background priors", 2012.
package subject
