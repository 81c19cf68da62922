package index_test

import (
	"path/filepath"
	"testing"

	"imagebatch/activities/index"
	"imagebatch/activities/store"
	"imagebatch/workflows/contract"
)

// An instance that takes the name of a deleted one has rates of its own.
func TestDeletingAnInstanceRemovesItsRates(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "index.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	x := index.New(s)
	create := func(request string) {
		t.Helper()
		in := contract.CreateInstanceInput{Name: "shop", Region: "cn-shanghai", ServiceType: contract.ServiceProduct, Capacity: 10}
		if _, err := x.CreateInstance(t.Context(), in, request); err != nil {
			t.Fatal(err)
		}
	}
	create("first")
	if err := s.SetRate(t.Context(), "shop", "AddImage", 7); err != nil {
		t.Fatal(err)
	}
	if err := x.DeleteInstance(t.Context(), "delete", "shop"); err != nil {
		t.Fatal(err)
	}
	rows := 0
	if err := s.Read(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Row([]any{&rows}, "SELECT count(*) FROM rate")
		return err
	}); err != nil || rows != 0 {
		t.Errorf("%d rows are left of the deleted instance's rates, %v", rows, err)
	}
	create("second")
	rates, err := s.Rates(t.Context(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	for _, rate := range rates {
		if rate.Adjusted {
			t.Errorf("the new instance has inherited %+v", rate)
		}
	}
}
