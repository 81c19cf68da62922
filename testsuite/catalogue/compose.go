package catalogue

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

// written is a line of the manifest to be, with the place it is to have: after
// the ADD of the picture of that number.
type written struct {
	after int
	text  string
	code  contract.Code // when it must fail
}

// compose puts the lines in order: the pictures of each product together, the
// bad lines anywhere between, and what undoes an ADD behind it.
func compose(seed uint64, products []product, bad []badLine) ([]byte, Plan) {
	rng := rand.New(rand.NewPCG(seed, 0xc0ffee))
	var lines []written
	var keys []Key
	for _, p := range products {
		for _, d := range p.drawings {
			lines = append(lines, written{after: len(lines), text: line(d.entry)})
		}
		keys = append(keys, p.keys()...)
	}
	adds := len(lines)
	for _, b := range bad {
		lines = append(lines, written{rng.IntN(adds), b.text, b.code})
	}

	deleted, thinned, renewed := products[1], products[2], products[3]
	removed := thinned.drawings[len(thinned.drawings)-1]
	again := renewed.drawings[0].entry
	again.CustomContent = new("name:renewed,view:1")
	for _, entry := range []manifest.Entry{
		{Operation: manifest.Delete, ProductID: deleted.id},
		{Operation: manifest.Delete, ProductID: removed.entry.ProductID, PicName: removed.entry.PicName},
		again,
	} {
		late := adds/2 + rng.IntN(adds/2)
		lines = append(lines, written{after: max(late, addsOf(products[:4])), text: line(entry)})
	}
	slices.SortStableFunc(lines, func(a, b written) int { return cmp.Compare(a.after, b.after) })

	plan := Plan{Lines: int64(len(lines)), Failures: map[int64]contract.Code{}, Query: query(products)}
	var text []byte
	for n, l := range lines {
		text = append(append(text, l.text...), '\n')
		if l.code != "" {
			plan.Failures[int64(n+1)] = l.code
		}
	}
	plan.Keys = slices.DeleteFunc(keys, func(k Key) bool { return k.ProductID == deleted.id || k == removed.key() })
	slices.SortFunc(plan.Keys, func(a, b Key) int {
		return cmp.Or(cmp.Compare(a.ProductID, b.ProductID), cmp.Compare(a.PicName, b.PicName))
	})
	return text, plan
}

// addsOf is the number of pictures of some products.
func addsOf(products []product) int {
	n := 0
	for _, p := range products {
		n += len(p.drawings)
	}
	return n
}

// query picks a patterned product, which is told from all others easily, that no
// later line touches.
func query(products []product) Query {
	p := products[4]
	for _, candidate := range products[4:] {
		m := candidate.drawings[0].motif
		if m.pattern.name != "plain" && m.pattern.name != "two-tone" && m.emblem > 0 && len(candidate.drawings) == 5 {
			p = candidate
			break
		}
	}
	keys := p.keys()
	return Query{Picture: keys[0], File: keys[0].PicName, LookAlikes: keys[1:]}
}
