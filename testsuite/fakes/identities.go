package fakes

import (
	"context"
	"fmt"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
)

// Identities gives the same store to the worker's own identity and to each role
// of the map. Any other role is refused.
type Identities struct {
	Own   activities.Objects
	Roles map[string]activities.Objects
	// Fault, if set, is asked first.
	Fault func(ctx context.Context, role string) error
}

var _ activities.Identities = Identities{}

// As implements activities.Identities.
func (i Identities) As(ctx context.Context, role string) (activities.Objects, error) {
	if i.Fault != nil {
		if err := i.Fault(ctx, role); err != nil {
			return nil, fmt.Errorf("assume role: %w", err)
		}
	}
	if role == "" {
		return i.Own, nil
	}
	if objects, ok := i.Roles[role]; ok {
		return objects, nil
	}
	return nil, contract.Errorf(contract.CodeRoleNotAllowed, "the role %q is not on the list", role)
}
