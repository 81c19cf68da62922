package index_test

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"imagebatch/activities"
	"imagebatch/activities/store"
)

// askedPlan is a plan of nearest in C's layout: a stored vector has so many
// components, and each query compares length of them, from one on.
func askedPlan(dimensions int32, keep int64, queries [][2]int32, components int) []byte {
	var blob bytes.Buffer
	write := func(values ...any) {
		for _, value := range values {
			_ = binary.Write(&blob, binary.NativeEndian, value) // cannot fail: a buffer, and values of fixed size
		}
	}
	write(dimensions, int32(len(queries)), keep, float64(0))
	for _, q := range queries {
		write(q[0], q[1], float64(1), float64(0))
	}
	write(make([]int16, components))
	return blob.Bytes()
}

func TestMalformedPlansAreRefused(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	ask := func(plan any, vectors ...any) (answer []byte, err error) {
		rows := strings.TrimSuffix(strings.Repeat("SELECT ? AS v UNION ALL ", max(1, len(vectors))), " UNION ALL ")
		if len(vectors) == 0 {
			rows, vectors = rows+" WHERE 0", []any{nil}
		}
		err = s.store.Read(t.Context(), func(t *store.Tx) error {
			_, err := t.Row([]any{&answer}, "SELECT nearest(?, 0, 1, 1, v) FROM ("+rows+")", append([]any{plan}, vectors...)...)
			return err
		})
		return answer, err
	}
	good := askedPlan(4, 1, [][2]int32{{0, 4}, {2, 2}}, 6)
	for name, plan := range map[string]any{
		"Null": nil, "Empty": []byte{}, "Text": "plan", "Cut": good[:len(good)-1], "Long": append(bytes.Clone(good), 0), "HeaderOnly": good[:24],
		"NoQuery":       askedPlan(4, 1, nil, 0),
		"NoDimensions":  askedPlan(0, 1, [][2]int32{{0, 0}}, 0),
		"NothingToKeep": askedPlan(4, 0, [][2]int32{{0, 4}}, 4),
		"TooLong":       askedPlan(5000, 1, [][2]int32{{0, 5000}}, 5000),
		"BeyondTheEnd":  askedPlan(4, 1, [][2]int32{{3, 4}}, 4),
		"Before":        askedPlan(4, 1, [][2]int32{{-2, 2}}, 2),
		"Third":         askedPlan(4, 1, [][2]int32{{0, 1}}, 1),
		"Negative":      askedPlan(4, 1, [][2]int32{{0, -4}}, 0),
		"OddHalf":       askedPlan(5, 1, [][2]int32{{2, 2}}, 2),
	} {
		if _, err := ask(plan, make([]byte, 4), make([]byte, 4)); err == nil || !strings.Contains(err.Error(), "nearest: ") {
			t.Errorf("%s: got %v, want a refusal", name, err)
		}
	}
	if answer, err := ask(good); err != nil || len(answer) != 0 {
		t.Errorf("without rows: %v, %v", answer, err)
	}
	answer, err := ask(good, make([]byte, 3), make([]byte, 4), nil, make([]byte, 5), "text")
	s.must(err)
	if searched := binary.NativeEndian.Uint64(answer); searched != 2 {
		t.Errorf("%d of five vectors were compared, want the two of four bytes", searched)
	}
}

func TestScoresOfExtremesAreExact(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	lowest, highest := bytes.Repeat([]byte{0x80}, 4096), bytes.Repeat([]byte{127}, 4096)
	near := bytes.Clone(lowest)
	near[4095] = 0x81
	var outcomes []activities.Outcome
	for line, vector := range [][]byte{lowest, near, highest, make([]byte, 4096)} {
		outcome := put(int64(line)+1, "p", string(rune('a'+line)), "")
		outcome.Put.Vector = vector
		outcomes = append(outcomes, outcome)
	}
	s.commit(s.begin("shop"), outcomes...)
	got, err := s.index.Search(t.Context(), "shop", activities.SearchQuery{Vectors: []activities.QueryVector{{Vector: lowest}}, FeatureVersion: "v"})
	s.must(err)
	if len(got.Hits) != 4 || got.Hits[0].Picture.PicName != "a" || got.Hits[0].Score != 1 ||
		got.Hits[1].Picture.PicName != "b" || got.Hits[1].Score >= 1 || got.Hits[2].Score != 0 || got.Hits[3].Score != 0 {
		t.Errorf("got %+v", got.Hits)
	}
}
