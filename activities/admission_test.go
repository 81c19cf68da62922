package activities_test

import (
	"context"
	"errors"
	"testing"
	"time"

	sdktest "go.temporal.io/sdk/testsuite"

	"imagebatch/activities/store"
	"imagebatch/workflows/contract"
)

// meteredRates counts what is asked.
type meteredRates struct {
	*store.Store
	asked int
	fail  error
}

func (r *meteredRates) Allow(ctx context.Context, instance, operation string, now func() time.Time) (time.Duration, error) {
	r.asked++
	if r.fail != nil {
		return 0, r.fail
	}
	return r.Store.Allow(ctx, instance, operation, now)
}

// A request counts once: its second attempt is not denied because of the first.
func TestRequestCountsOnce(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		w.runAll(w.begin(w.pictures(1)...), 0)
		w.allow(contract.RateUpdate, 0.001)
		rates := &meteredRates{Store: w.ledger}
		images := w.images()
		images.Rates = rates
		in := contract.UpdateImageInput{PictureRef: ref("p0", "0.jpg"), Attributes: contract.Attributes{CustomContent: new("x")}}
		must(w, images.Update, in)

		suite := &sdktest.WorkflowTestSuite{}
		again := suite.NewTestActivityEnvironment()
		again.SetHeartbeatDetails(contract.RateUpdate) // what the first attempt left behind
		again.RegisterActivity(images.Update)
		if _, err := again.ExecuteActivity(images.Update, in); err != nil || rates.asked != 1 {
			t.Errorf("second attempt: %v, asked %d times; want one, for the first", err, rates.asked)
		}
		_, err := execute(t.Context(), w, images.Update, in) // another request
		wantRefusal(t, err, contract.CodeDeniedRequest)
	})
}

func TestTroubleWithRatesIsTriedAgain(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		images := w.images()
		images.Rates = &meteredRates{Store: w.ledger, fail: errors.New("database is locked")}
		_, err := execute(t.Context(), w, images.Exists, ref("p0", "0.jpg"))
		wantTransient(t, err)
	})
}
