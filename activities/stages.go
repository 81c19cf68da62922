package activities

import (
	"context"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

// The stages of one picture, exported for measurements alone: testsuite/cmd/bench
// runs them picture by picture, to hold the whole system against. They are the
// functions that a slice runs.

// FetchPicture reads a picture within the limits. Its memory is counted against
// them until release is called.
func FetchPicture(ctx context.Context, objects Objects, limits Limits, bucket, key string) (data []byte, release func(), err error) {
	return fetch(ctx, objects, limits, bucket, key)
}

// ValidatePicture checks a picture by its header. A refusal is a contract.Error.
func ValidatePicture(ctx context.Context, imager Imager, service contract.ServiceType, data []byte) (Header, error) {
	picture, err := imager.Open(ctx, data)
	if err != nil {
		return Header{}, imagingError(err)
	}
	defer picture.Close()
	if refusal := validate(picture.Header(), service); refusal != nil {
		return picture.Header(), refusal
	}
	return picture.Header(), nil
}

// AnalysePicture validates a picture and computes its feature.
func AnalysePicture(ctx context.Context, imager Imager, service contract.ServiceType, data []byte) (Header, Feature, error) {
	image, _, err := analyse(ctx, imager, service, data, subject{}.view(service), func(_ Stage, do func()) { do() })
	return image.header, image.feature, err
}

// PutOf is the effect of an ADD line whose picture has been analysed. No
// category is guessed.
func PutOf(service contract.ServiceType, imager Imager, entry manifest.Entry, header Header, feature Feature) *PutPicture {
	category := contract.CategoryOthers
	if service.KeepsCategories() && entry.CategoryID != nil {
		category = *entry.CategoryID
	}
	return putOf(service, imager.FeatureVersion(), entry, analysed{header, feature}, category)
}
