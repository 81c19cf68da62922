package activities

import (
	"context"

	"imagebatch/workflows/contract"
)

// categorize is the category that a picture is stored with: the given one, be it
// that a person gave it or that a dump has it from an earlier guess, or,
// where none is and the service type keeps them, a guess by those of the
// instance's pictures that were given one. The guess depends on which pictures
// are there at the moment.
func categorize(ctx context.Context, index Index, instance string, service contract.ServiceType, given *int, vector []byte, features string) (CategoryGuess, error) {
	switch {
	case !service.KeepsCategories():
		return CategoryGuess{ID: contract.CategoryOthers}, nil
	case given != nil:
		return CategoryGuess{ID: *given}, nil
	}
	return index.Category(ctx, instance, vector, features)
}
