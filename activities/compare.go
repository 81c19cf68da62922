package activities

import (
	"context"

	"imagebatch/workflows/contract"
)

// Compare tells how alike two pictures are. Both are seen the way the instance
// sees pictures; identical bytes have exactly 1.
func (i *Images) Compare(ctx context.Context, in contract.CompareInput) (contract.CompareResult, error) {
	if err := in.Validate(); err != nil {
		return contract.CompareResult{}, err
	}
	instance, err := i.admitted(ctx, in.Instance, contract.RateCompare)
	if err != nil {
		return contract.CompareResult{}, err
	}
	var vectors [2][]byte
	for n, content := range [...]contract.PicContent{in.Primary, in.Secondary} {
		image, err := i.see(ctx, content, instance.ServiceType, subject{})
		if err != nil {
			return contract.CompareResult{}, err
		}
		vectors[n] = image.feature.Vector
	}
	return contract.CompareResult{Score: i.Similarity(vectors[0], vectors[1])}, nil
}
