package activities

import (
	"context"
	"slices"

	"imagebatch/workflows/contract"
)

// Instances creates, lists and deletes instances, and says what may be asked of
// them.
type Instances struct {
	Index Index
	Rates Rates
}

// Create makes an instance. Safe to repeat within one workflow run, whose id the
// index remembers.
func (i *Instances) Create(ctx context.Context, in contract.CreateInstanceInput) (contract.Instance, error) {
	if err := in.Validate(); err != nil {
		return contract.Instance{}, err
	}
	return i.Index.CreateInstance(ctx, in, runOf(ctx))
}

// List is every instance, by name.
func (i *Instances) List(ctx context.Context, _ contract.Nothing) (contract.InstanceList, error) {
	all, err := i.Index.Instances(ctx)
	return contract.InstanceList{Instances: all}, err
}

// Find is one instance.
func (i *Instances) Find(ctx context.Context, ref contract.InstanceRef) (contract.Instance, error) {
	return i.Index.Instance(ctx, ref.Name)
}

// Describe is one instance with its rates.
func (i *Instances) Describe(ctx context.Context, ref contract.InstanceRef) (contract.InstanceDetail, error) {
	if err := admit(ctx, i.Rates, ref.Name, contract.RateDescribe); err != nil {
		return contract.InstanceDetail{}, err
	}
	instance, err := i.Index.Instance(ctx, ref.Name)
	if err != nil {
		return contract.InstanceDetail{}, err
	}
	rates, err := i.Rates.Rates(ctx, ref.Name)
	if err != nil {
		return contract.InstanceDetail{}, err
	}
	detail := contract.InstanceDetail{Instance: instance, TotalCount: instance.Pictures, Rates: rates}
	if at := slices.IndexFunc(rates, func(r contract.Rate) bool { return r.Operation == contract.RateSearch }); at >= 0 {
		detail.QPS = rates[at].PerSecond
	}
	return detail, nil
}

// Limit sets rates of an instance and returns all that are then in force. Safe
// to repeat; of several rates those before one that is refused are set.
func (i *Instances) Limit(ctx context.Context, in contract.RatesInput) (contract.RateList, error) {
	if err := in.Validate(); err != nil {
		return contract.RateList{}, err
	}
	for _, rate := range in.Set {
		if err := i.Rates.SetRate(ctx, in.Instance, rate.Operation, rate.PerSecond); err != nil {
			return contract.RateList{}, err
		}
	}
	rates, err := i.Rates.Rates(ctx, in.Instance)
	return contract.RateList{Rates: rates}, err
}

// Delete removes an instance with its pictures. Its tasks stay listed.
func (i *Instances) Delete(ctx context.Context, ref contract.InstanceRef) (_ contract.Nothing, err error) {
	defer beat(ctx)()
	ctx, end := yielding(ctx)
	defer end(&err)
	return contract.Nothing{}, i.Index.DeleteInstance(ctx, runOf(ctx), ref.Name)
}
