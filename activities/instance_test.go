package activities_test

import (
	"testing"
	"time"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
)

func TestInstances(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		instances := &activities.Instances{Index: w.index, Rates: w.ledger}
		in := contract.CreateInstanceInput{Name: "art", Region: "cn-shanghai", ServiceType: contract.ServiceCopyright, Capacity: 5}
		made := must(w, instances.Create, in)
		if again := must(w, instances.Create, in); again.ID != made.ID {
			t.Errorf("a repeated run made %s beside %s", again.ID, made.ID)
		}
		list := must(w, instances.List, contract.Nothing{})
		if len(list.Instances) != 2 || list.Instances[0].Name != "art" || list.Instances[1].Name != "shop" {
			t.Errorf("instances = %+v; want art and shop", list.Instances)
		}
		if got := must(w, instances.Find, contract.InstanceRef{Name: "art"}); got.ServiceType != contract.ServiceCopyright || got.Capacity != 5 {
			t.Errorf("instance = %+v; want what was asked for", got)
		}
		must(w, instances.Delete, contract.InstanceRef{Name: "art"})
		_, err := execute(t.Context(), w, instances.Find, contract.InstanceRef{Name: "art"})
		wantRefusal(t, err, contract.CodeInstanceNotFound)
		in.Capacity = 0
		_, err = execute(t.Context(), w, instances.Create, in)
		wantRefusal(t, err, contract.CodeBadRequest)
	})
}

func TestInstanceRates(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		w.runAll(w.begin(w.pictures(2)...), 0)
		instances := &activities.Instances{Index: w.index, Rates: w.ledger}
		usual := must(w, instances.Limit, contract.RatesInput{Instance: "shop"}).Rates
		// Each name of the contract has a rate, and no rate is without a name.
		named := map[string]bool{
			contract.RateAdd: true, contract.RateUpdate: true, contract.RateDelete: true, contract.RateSearch: true,
			contract.RateGet: true, contract.RateCompare: true, contract.RateDescribe: true, contract.RateDump: true,
		}
		for _, rate := range usual {
			if !named[rate.Operation] || rate.Adjusted || rate.PerSecond <= 0 {
				t.Errorf("usual rate %+v", rate)
			}
			delete(named, rate.Operation)
		}
		if len(named) > 0 {
			t.Errorf("without a rate: %v", named)
		}

		must(w, instances.Limit, contract.RatesInput{Instance: "shop", Set: []contract.Rate{{Operation: contract.RateSearch, PerSecond: 10}, {Operation: contract.RateAdd, PerSecond: 0.5}}})
		detail := must(w, instances.Describe, contract.InstanceRef{Name: "shop"})
		if detail.QPS != 10 || detail.TotalCount != 2 || detail.Name != "shop" || len(detail.Rates) != len(usual) {
			t.Errorf("detail %+v; want 10 searches a second, 2 pictures, every rate", detail)
		}
		_, err := execute(t.Context(), w, instances.Describe, contract.InstanceRef{Name: "shop"})
		wantRefusal(t, err, contract.CodeDeniedRequest)
		time.Sleep(time.Second) // virtual
		must(w, instances.Describe, contract.InstanceRef{Name: "shop"})

		back := must(w, instances.Limit, contract.RatesInput{Instance: "shop", Set: []contract.Rate{{Operation: contract.RateSearch}, {Operation: contract.RateAdd}}})
		for n, rate := range back.Rates {
			if rate != usual[n] {
				t.Errorf("rate %+v after it was set back; want %+v", rate, usual[n])
			}
		}
		for name, set := range map[string]contract.Rate{"Unknown": {Operation: "Fly", PerSecond: 1}, "Negative": {Operation: contract.RateAdd, PerSecond: -1}, "Huge": {Operation: contract.RateAdd, PerSecond: 1e9}} {
			_, err := execute(t.Context(), w, instances.Limit, contract.RatesInput{Instance: "shop", Set: []contract.Rate{set}})
			if wantRefusal(t, err, contract.CodeBadRequest) == "" {
				t.Errorf("%s is refused without a reason", name)
			}
		}
		_, err = execute(t.Context(), w, instances.Describe, contract.InstanceRef{Name: "nowhere"})
		wantRefusal(t, err, contract.CodeInstanceNotFound)
	})
}
