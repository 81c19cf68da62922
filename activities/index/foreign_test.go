package index_test

import (
	"errors"
	"strings"
	"testing"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
)

// TestForeignFeaturesHaveOneWayOut: whoever stores and whoever searches with
// another version is told the same.
func TestForeignFeaturesHaveOneWayOut(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		version string
		length  int
		remedy  string
	}{
		"Version":       {"w", 3, `; dump it by "starter instance dump shop", import the dump into a new instance by the command that this prints, or run the worker of that version`},
		"VersionLength": {"w", 8, `; dump it by "starter instance dump shop", import the dump into a new instance by the command that this prints, or run the worker of that version`},
		"Length":        {"v", 8, "; run workers of one build"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			s.add("first", "shop", put(1, "p", "1.jpg", ""))
			foreign := put(1, "p", "2.jpg", "")
			foreign.Put.FeatureVersion, foreign.Put.Vector = test.version, make([]byte, test.length)
			stored := s.index.AddImage(t.Context(), "second", "shop", *foreign.Put, contract.PicContent{Bucket: "photos", Key: "2"})
			_, searched := s.index.Search(t.Context(), "shop", activities.SearchQuery{
				Vectors: []activities.QueryVector{{Vector: foreign.Put.Vector}}, FeatureVersion: test.version,
			})
			if !errors.Is(stored, &contract.Error{Code: contract.CodeFeatureVersion}) || !strings.HasSuffix(stored.Error(), test.remedy) {
				t.Errorf("stored: %v, want the remedy %q", stored, test.remedy)
			}
			if searched == nil || stored == nil || searched.Error() != stored.Error() {
				t.Errorf("searched: %v, want what is said of storing: %v", searched, stored)
			}
		})
	}
}
