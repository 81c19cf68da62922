package pool_test

import (
	"errors"
	"strings"
	"testing"

	"imagebatch/activities/imaging/pool"
	"imagebatch/testsuite/fakes"
	"imagebatch/workflows/contract"
)

func TestMemoryIsInProportionToThePicture(t *testing.T) {
	t.Parallel()
	p := newPool(t, func(c *pool.Config) { c.Processes = 1 })
	for range 3 { // what one picture was entitled to says nothing about the next
		_, err := feature(t.Context(), p, fakes.Picture(200, 200, "pixels:hungry"))
		var refusal *contract.Error
		if !errors.As(err, &refusal) || refusal.Code != contract.CodeUnsupportedPicFormat || !strings.Contains(refusal.Message, "out of memory") {
			t.Errorf("small picture: error = %v; want %s, out of memory", err, contract.CodeUnsupportedPicFormat)
		}
		if _, err := feature(t.Context(), p, fakes.Picture(4000, 2000, "pixels:hungry")); err != nil {
			t.Errorf("large picture: %v", err)
		}
	}
}
