package main

import (
	"context"
	"fmt"
	"image"
	"slices"

	"imagebatch/activities"
	"imagebatch/testsuite/edits"
)

// searchDepth is how many hits are looked at for the original.
const searchDepth = 40

// copies measures how often the original of an edited photo is found. All photos
// are stored; that on which a photo was pasted is passed over, as finding it is
// right too.
func (q *quality) copies(ctx context.Context, stored []storedPhoto, figures *Figures) error {
	chosen := q.heldOut(stored, q.queries, "copies")
	protocol := edits.Protocol()
	counted := len(protocol)
	if q.stress {
		protocol = append(protocol, edits.Stress()...)
	}
	ranks := make([][]ranking, len(chosen))
	if err := edits.InParallel(ctx, len(chosen), func(n int) (err error) {
		ranks[n], err = q.rankEdits(ctx, stored, chosen[n], protocol)
		if done := n + 1; err == nil && done%50 == 0 {
			q.say("about %d of %d photos edited and searched for", done, len(chosen))
		}
		return err
	}); err != nil {
		return err
	}
	figures.Queries = len(chosen)
	for k, edit := range protocol {
		line := EditFigures{Edit: edit.Name, Stress: k >= counted, First: map[string]float64{}, FirstTen: map[string]float64{}}
		expanded := 0
		for n := range ranks {
			for m, method := range methods {
				switch rank := ranks[n][k].ranks[m]; {
				case rank == 1:
					line.First[method] += 100 / float64(len(ranks))
					fallthrough
				case rank <= 10:
					line.FirstTen[method] += 100 / float64(len(ranks))
				}
			}
			if ranks[n][k].expanded {
				expanded++
			}
		}
		line.Expanded = share(expanded, len(ranks))
		figures.Edits = append(figures.Edits, line)
	}
	figures.average(counted)
	return nil
}

// methods are what is compared, in the order of ranking.ranks.
var methods = append([]string{"plain", "expanded"}, baselineNames[:]...)

// ranking is the place of an original by each method.
type ranking struct {
	ranks    [5]int
	expanded bool // the plain search found nothing that is plainly the same
}

func (q *quality) rankEdits(ctx context.Context, stored []storedPhoto, at int, protocol []edits.Edit) ([]ranking, error) {
	photo := stored[at].Photo
	original, err := photo.Decode()
	if err != nil {
		return nil, err
	}
	random := edits.Seeded(0, "under", photo.File)
	under := at
	for under == at && len(stored) > 1 {
		under = random.IntN(len(stored))
	}
	other, err := stored[under].Decode()
	if err != nil {
		return nil, err
	}
	out := make([]ranking, len(protocol))
	for k, edit := range protocol {
		passed := -1
		if edit.Pasted {
			passed = under
		}
		if out[k], err = q.rank(ctx, stored, edit.Of(original, other, photo.File), at, passed); err != nil {
			return nil, fmt.Errorf("search for %q after %s: %w", photo.File, edit.Name, err)
		}
	}
	return out, nil
}

// rank finds the place of an original, passing over one photo.
func (q *quality) rank(ctx context.Context, stored []storedPhoto, edited *image.RGBA, original, passed int) (r ranking, err error) {
	content := edits.Encode(edited, 95)
	plain, err := q.pipeline.describe(ctx, content)
	if err != nil {
		return r, err
	}
	hits, err := q.engine.search(ctx, everything, []view{{vector: plain.vector}}, searchDepth)
	if err != nil {
		return r, err
	}
	skip := ""
	if passed >= 0 {
		skip = stored[passed].File
	}
	r.ranks[0] = place(hits, stored[original].File, skip)
	r.ranks[1] = r.ranks[0]
	if r.expanded = len(hits) == 0 || hits[0].score < activities.PlainlySame; r.expanded {
		views, err := q.pipeline.expand(ctx, content)
		if err != nil {
			return r, err
		}
		if hits, err = q.engine.search(ctx, everything, views, searchDepth); err != nil {
			return r, err
		}
		r.ranks[1] = place(hits, stored[original].File, skip)
	}
	copy(r.ranks[2:], placeSimply(stored, describeSimply(edited), original, passed))
	return r, nil
}

// place is the rank of a file among hits: one more than others that score no
// less.
func place(hits []hit, file, skip string) int {
	own := slices.IndexFunc(hits, func(h hit) bool { return h.file == file })
	if own < 0 {
		return searchDepth + 1
	}
	rank := 1
	for _, h := range hits {
		if h.file != file && h.file != skip && h.score >= hits[own].score {
			rank++
		}
	}
	return rank
}

// placeSimply is the same for each of the baselines.
func placeSimply(stored []storedPhoto, query baselines, original, passed int) []int {
	own := query.distances(&stored[original].baselines)
	ranks := []int{1, 1, 1}
	for n := range stored {
		if n == original || n == passed {
			continue
		}
		for m, distance := range query.distances(&stored[n].baselines) {
			if distance <= own[m] {
				ranks[m]++
			}
		}
	}
	return ranks
}
