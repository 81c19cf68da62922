package activities

import (
	"context"

	"go.temporal.io/sdk/activity"

	"imagebatch/workflows/contract"
)

// Instances creates, lists and deletes instances.
type Instances struct{ Index Index }

// Create makes an instance. Safe to repeat within one workflow run, whose id the
// index remembers.
func (i *Instances) Create(ctx context.Context, in contract.CreateInstanceInput) (contract.Instance, error) {
	if err := in.Validate(); err != nil {
		return contract.Instance{}, err
	}
	return i.Index.CreateInstance(ctx, in, activity.GetInfo(ctx).WorkflowExecution.RunID)
}

// List is every instance, by name.
func (i *Instances) List(ctx context.Context, _ contract.Nothing) (contract.InstanceList, error) {
	all, err := i.Index.Instances(ctx)
	return contract.InstanceList{Instances: all}, err
}

// Describe is one instance.
func (i *Instances) Describe(ctx context.Context, ref contract.InstanceRef) (contract.Instance, error) {
	return i.Index.Instance(ctx, ref.Name)
}

// Delete removes an instance with its pictures. Its tasks stay listed.
func (i *Instances) Delete(ctx context.Context, ref contract.InstanceRef) (contract.Nothing, error) {
	return contract.Nothing{}, i.Index.DeleteInstance(ctx, ref.Name)
}
