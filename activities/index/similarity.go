package index

// Similarity is how alike two vectors of one version are, 0 to 1, as searches
// score it: exactly 1 for equal ones.
func Similarity(a, b []byte) float64 { return cosine(a, b) }
