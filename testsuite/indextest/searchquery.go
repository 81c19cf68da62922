package indextest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
	"imagebatch/workflows/filter"
)

// shelved is a picture as the model of a search has it.
type shelved struct {
	picture contract.Picture
	vector  []byte
}

// model is what a search must find, the obvious way: every picture is looked at,
// everything is sorted, then cut.
func model(all []shelved, query activities.SearchQuery) activities.SearchHits {
	result := activities.SearchHits{Hits: []activities.SearchHit{}}
	for _, s := range all {
		if query.Filter != nil && !query.Filter.Match(s.picture.IntAttrs, s.picture.StrAttrs) ||
			query.Category != nil && s.picture.CategoryID != *query.Category {
			continue
		}
		result.Searched++
		hit := activities.SearchHit{Picture: s.picture}
		for n, q := range query.Vectors {
			whole, subject := s.vector[:len(s.vector)/2], s.vector[len(s.vector)/2:]
			first, second, with := q.Vector, q.Vector, s.vector
			switch q.Part {
			case activities.Both:
				first, second = q.Vector[:len(whole)], q.Vector[len(whole):]
			case activities.WholeHalf:
				with = whole
			case activities.SubjectHalf:
				with = subject
			}
			if score := max(0, cosine(q.Vector, with)-q.Penalty); n == 0 || score > hit.Score {
				hit.Score, hit.Query = score, n
				hit.Whole, hit.Subject = cosine(first, whole), cosine(second, subject)
			}
		}
		if len(query.Vectors) == 0 || hit.Score >= query.Threshold {
			result.Matched++
			result.Hits = append(result.Hits, hit)
		}
	}
	slices.SortFunc(result.Hits, func(a, b activities.SearchHit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Picture.ProductID, b.Picture.ProductID), cmp.Compare(a.Picture.PicName, b.Picture.PicName))
	})
	if query.DistinctProducts {
		seen := make(map[string]bool)
		result.Hits = slices.DeleteFunc(result.Hits, func(h activities.SearchHit) bool {
			again := seen[h.Picture.ProductID]
			seen[h.Picture.ProductID] = true
			return again
		})
	}
	first := min(query.Start, len(result.Hits))
	result.Hits = result.Hits[first:min(first+query.Num, len(result.Hits))]
	return result
}

// texts hold what SQL might mistake for something else.
var texts = []string{"", "a", "B", `"`, `'`, `\`, "长", "?", "%_", `"; DROP TABLE picture; --`, "a\x00b"}

// drawnShelf is pictures with few different vectors, so that many are equal, and
// with attributes that are often absent. The product of a picture and the order
// of its line have nothing in common.
func drawnShelf(random *rapid.T, n int) []shelved {
	var all []shelved
	for i := range n {
		picture := contract.Picture{ProductID: fmt.Sprint("p", i*7%13), PicName: drawnName(int64(n - i)), CategoryID: i % 3}
		for k := range 4 {
			if rapid.Bool().Draw(random, "has int") {
				picture.IntAttrs[k] = new(rapid.Int32Range(-2, 2).Draw(random, "int"))
			}
			if rapid.Bool().Draw(random, "has text") {
				picture.StrAttrs[k] = new(rapid.SampledFrom(texts).Draw(random, "text"))
			}
		}
		all = append(all, shelved{picture, drawnVector(random, 6)})
	}
	return all
}

func drawnVector(random *rapid.T, n int) []byte {
	vector := make([]byte, n)
	for i := range vector {
		vector[i] = byte(rapid.SampledFrom([]int8{0, 0, 1, 2, -1, 127, -128}).Draw(random, "component"))
	}
	return vector
}

func drawnFilter(random *rapid.T, depth int) *filter.Expression {
	if depth > 0 && rapid.Bool().Draw(random, "joined") {
		e := &filter.Expression{Join: rapid.SampledFrom([]filter.Join{filter.And, filter.Or}).Draw(random, "join")}
		for range rapid.IntRange(2, 4).Draw(random, "parts") {
			e.Parts = append(e.Parts, drawnFilter(random, depth-1))
		}
		return e
	}
	c := filter.Condition{Field: filter.Field(rapid.IntRange(0, 7).Draw(random, "field"))}
	operators := []filter.Operator{filter.Equal, filter.NotEqual, filter.In, filter.NotIn}
	if !c.Field.Text() {
		operators = append(operators, filter.Greater, filter.GreaterOrEqual, filter.Less, filter.LessOrEqual)
	}
	c.Operator = rapid.SampledFrom(operators).Draw(random, "operator")
	values := 1
	if c.Operator == filter.In || c.Operator == filter.NotIn {
		values = rapid.IntRange(1, 3).Draw(random, "values")
	}
	for range values {
		if c.Field.Text() {
			c.Strs = append(c.Strs, rapid.SampledFrom(texts).Draw(random, "value"))
		} else {
			c.Ints = append(c.Ints, rapid.Int32Range(-2, 2).Draw(random, "value"))
		}
	}
	return &filter.Expression{Condition: c}
}

func drawnQuery(random *rapid.T) activities.SearchQuery {
	query := activities.SearchQuery{
		FeatureVersion: Features, Start: rapid.IntRange(0, 30).Draw(random, "start"), Num: rapid.IntRange(1, 60).Draw(random, "num"),
		DistinctProducts: rapid.Bool().Draw(random, "distinct"), Threshold: rapid.SampledFrom([]float64{0, 0, 0.3, 0.9, 1}).Draw(random, "threshold"),
	}
	if rapid.Bool().Draw(random, "filtered") {
		query.Filter = drawnFilter(random, 2)
	}
	if rapid.Bool().Draw(random, "of a category") {
		query.Category = new(rapid.IntRange(0, 3).Draw(random, "category"))
	}
	for range rapid.IntRange(0, 4).Draw(random, "vectors") {
		q := activities.QueryVector{Penalty: rapid.SampledFrom([]float64{0, 0, 0.05}).Draw(random, "penalty")}
		q.Part = rapid.SampledFrom([]activities.Part{activities.Both, activities.WholeHalf, activities.SubjectHalf}).Draw(random, "part")
		length := 6
		if q.Part != activities.Both {
			length = 3
		}
		q.Vector = drawnVector(random, length)
		query.Vectors = append(query.Vectors, q)
	}
	return query
}

// shelve stores pictures in a task of their own, and fills in what is stored of
// them beside.
func (w *world) shelve(all []shelved) {
	w.Helper()
	task, list := w.task(len(all), 0, len(all))
	var outcomes []activities.Outcome
	for i := range all {
		line := int64(i) + 1
		outcome := adds(line, all[i].picture.ProductID, all[i].picture.PicName, 0)
		outcome.Put.Picture, outcome.Put.Vector = all[i].picture, all[i].vector
		all[i].picture.Task, all[i].picture.Line = task, line
		outcomes = append(outcomes, outcome)
	}
	w.commit(task, list, 0, outcomes...)
}

func testSearchQueries(t *testing.T, open Open) {
	t.Run("AsTheModel", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 1000)
		instances := 0
		rapid.Check(t, func(rt *rapid.T) {
			v := *w
			instances++
			v.prover, v.instance = rt, fmt.Sprintf("drawn-%d", instances)
			v.create(v.instance, 1000)
			all := drawnShelf(rt, rapid.IntRange(0, 60).Draw(rt, "pictures"))
			if len(all) > 0 {
				v.shelve(all)
			}
			for range 6 {
				query := drawnQuery(rt)
				got, err := v.index.Search(rt.Context(), v.instance, query)
				v.must(err)
				wantSame(rt, "what is found", got, model(all, query))
			}
		})
	})
	t.Run("Large", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10_000)
		var all []shelved
		for i := range 9000 {
			number, colour := int32(i%100), texts[i%len(texts)]
			all = append(all, shelved{
				contract.Picture{ProductID: fmt.Sprint(i * 7919 % 2000), PicName: drawnName(int64(i * 31 % 9000)), CategoryID: i % 5,
					IntAttrs: [4]*int32{&number}, StrAttrs: [4]*string{nil, nil, nil, &colour}},
				[]byte{byte(i % 3), 1, 255, byte(i % 7 / 6)}, // a few vectors, which thousands share
			})
		}
		w.shelve(all)
		same := []activities.QueryVector{{Vector: []byte{1, 1, 255, 0}}}
		selective, err := filter.Parse(`int_attr in (7, 8) OR str_attr4 = "长" AND int_attr < 50`)
		w.must(err)
		for name, query := range map[string]activities.SearchQuery{
			"Ties":      {Vectors: same, Num: 100},
			"Deep":      {Vectors: same, Start: 400, Num: 100},
			"Distinct":  {Vectors: same, Start: 450, Num: 50, DistinctProducts: true},
			"Halves":    {Vectors: []activities.QueryVector{{Vector: []byte{2, 1}, Part: activities.WholeHalf}, {Vector: []byte{255, 1}, Part: activities.SubjectHalf, Penalty: 0.01}}, Num: 30},
			"Filter":    {Vectors: same, Filter: selective, Category: new(2), Num: 20},
			"Threshold": {Vectors: same, Threshold: 1, Num: 5},
			"All":       {Start: 490, Num: 10},
			"ByFilter":  {Filter: selective, Start: 100, Num: 50},
			"Products":  {Filter: selective, Start: 100, Num: 50, DistinctProducts: true},
		} {
			query.FeatureVersion = Features
			got, err := w.index.Search(w.Context(), w.instance, query)
			w.must(err)
			wantSame(t, name, got, model(all, query))
		}
	})
	t.Run("LongestFilters", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		w.shelve([]shelved{{contract.Picture{ProductID: "p", PicName: "a", IntAttrs: [4]*int32{new(int32)}}, []byte{1, 2, 3, 4}}})
		for name, expression := range map[string]string{
			"List":  "int_attr in (" + strings.Repeat("1,", 999) + "0)",
			"Lists": strings.TrimSuffix(strings.Repeat("int_attr in (1,2,3,4,5,6,7,8,9,0) AND ", 100), " AND "),
			"Chain": strings.Repeat("int_attr=1 OR ", 290) + "int_attr=0",
			"Deep":  strings.Repeat("(int_attr=0 AND (int_attr=1 OR ", 32) + "int_attr=0" + strings.Repeat("))", 32),
		} {
			e, err := filter.Parse(expression)
			w.must(err)
			for _, vectors := range [][]activities.QueryVector{nil, {{Vector: []byte{1, 2, 3, 4}}}} {
				got, err := w.index.Search(w.Context(), w.instance, activities.SearchQuery{Vectors: vectors, FeatureVersion: Features, Filter: e})
				w.must(err)
				if got.Matched != 1 {
					t.Errorf("%s: %d pictures match, want 1", name, got.Matched)
				}
			}
		}
	})
	t.Run("Refusals", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		w.shelve([]shelved{{contract.Picture{ProductID: "p", PicName: "a"}, []byte{1, 2, 3, 4}}})
		whole := activities.QueryVector{Vector: []byte{1, 2, 3, 4}}
		for name, c := range map[string]struct {
			query activities.SearchQuery
			want  contract.Code
		}{
			"StartBelow": {activities.SearchQuery{Vectors: []activities.QueryVector{whole}, Start: -1}, contract.CodeInvalidStartParameter},
			"StartFar":   {activities.SearchQuery{Start: 1 << 40}, contract.CodeInvalidStartParameter},
			"NumBelow":   {activities.SearchQuery{Vectors: []activities.QueryVector{whole}, Num: -1}, contract.CodeInvalidNumParameter},
			"NumFar":     {activities.SearchQuery{Start: 499, Num: 1 << 40}, contract.CodeInvalidNumParameter},
			"WholeHalf":  {activities.SearchQuery{Vectors: []activities.QueryVector{whole, {Vector: whole.Vector, Part: activities.WholeHalf}}}, contract.CodeFeatureVersion},
			"HalfWhole":  {activities.SearchQuery{Vectors: []activities.QueryVector{{Vector: whole.Vector[:2]}}}, contract.CodeFeatureVersion},
			"NoVector":   {activities.SearchQuery{Vectors: []activities.QueryVector{{}}}, contract.CodeFeatureVersion},
			"TooMany":    {activities.SearchQuery{Vectors: slices.Repeat([]activities.QueryVector{whole}, 1000)}, contract.CodeInternalError},
		} {
			c.query.FeatureVersion = Features
			if _, err := w.index.Search(w.Context(), w.instance, c.query); !contract.IsCode(err, c.want) {
				t.Errorf("%s: got %v, want code %s", name, err, c.want)
			}
		}
	})
}
