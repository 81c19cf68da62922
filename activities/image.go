package activities

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

// Images changes, looks up, compares and searches single pictures.
type Images struct {
	Index      Index
	Pictures   Pictures
	Rates      Rates
	Identities Identities
	Results    Results
	Imager     Imager
	Limits     Limits
	// Similarity is how alike two vectors are, 0 to 1, by the measure of the index.
	Similarity func(a, b []byte) float64
}

// Add stores a picture, through the same steps as a line of a batch. Safe to
// repeat within one workflow run, whose id the index remembers.
func (i *Images) Add(ctx context.Context, in contract.AddImageInput) (contract.AddImageResult, error) {
	if err := in.Validate(); err != nil {
		return contract.AddImageResult{}, err
	}
	instance, err := i.admitted(ctx, in.Instance, contract.RateAdd)
	if err != nil {
		return contract.AddImageResult{}, err
	}
	entry, err := entryOf(in, instance.ServiceType)
	if err != nil {
		return contract.AddImageResult{}, err
	}
	image, err := i.see(ctx, in.PicContent, instance.ServiceType, subject{entry.Crop, entry.Region})
	if err != nil {
		return contract.AddImageResult{}, err
	}
	guess, err := categorize(ctx, i.Index, in.Instance, instance.ServiceType, entry.CategoryID, image.feature.Vector, i.Imager.FeatureVersion())
	if err != nil {
		return contract.AddImageResult{}, err
	}
	put := putOf(instance.ServiceType, i.Imager.FeatureVersion(), entry, image, guess.ID)
	if err := i.Pictures.AddImage(ctx, runOf(ctx), in.Instance, *put, in.PicContent); err != nil {
		return contract.AddImageResult{}, err
	}
	return contract.AddImageResult{PicInfo: contract.PicInfo{
		CategoryID: guess.ID, Confidence: guess.Confidence, Region: put.Picture.Region,
	}}, nil
}

// entryOf is the ADD line that says the same. What means nothing to the service
// type is left out, whatever it holds.
func entryOf(in contract.AddImageInput, service contract.ServiceType) (manifest.Entry, error) {
	entry := manifest.Entry{
		Operation: manifest.Add, ProductID: in.ProductID, PicName: in.PicName,
		CustomContent: in.CustomContent, IntAttrs: in.IntAttrs, StrAttrs: in.StrAttrs,
	}
	if service.KeepsCategories() {
		if err := contract.ValidateCategory(in.CategoryID); err != nil {
			return entry, err
		}
		entry.CategoryID = in.CategoryID
	}
	asked, err := requestedSubject(service, in.Crop, in.Region)
	entry.Crop, entry.Region = asked.crop, asked.region
	return entry, err
}

// Update changes what is said of a stored picture. Safe to repeat like Add.
func (i *Images) Update(ctx context.Context, in contract.UpdateImageInput) (contract.Nothing, error) {
	if err := in.Validate(); err != nil {
		return contract.Nothing{}, err
	}
	if err := admit(ctx, i.Rates, in.Instance, contract.RateUpdate); err != nil {
		return contract.Nothing{}, err
	}
	return contract.Nothing{}, i.Pictures.UpdateImage(ctx, runOf(ctx), in.PictureRef, in.Attributes)
}

// Delete removes a picture, a product, or what a filter selects. Safe to repeat
// like Add.
func (i *Images) Delete(ctx context.Context, in contract.DeleteImageInput) (_ contract.DeleteImageResult, err error) {
	if err := in.Validate(); err != nil {
		return contract.DeleteImageResult{}, err
	}
	selected, err := parseFilter(in.Filter)
	if err != nil {
		return contract.DeleteImageResult{}, err
	}
	if err := admit(ctx, i.Rates, in.Instance, contract.RateDelete); err != nil {
		return contract.DeleteImageResult{}, err
	}
	defer beat(ctx, contract.RateDelete)()
	ctx, end := yielding(ctx)
	defer end(&err)
	return i.Pictures.DeleteImage(ctx, runOf(ctx), in.PictureRef, selected)
}

// Describe is one stored picture.
func (i *Images) Describe(ctx context.Context, ref contract.PictureRef) (contract.Picture, error) {
	if err := ref.Validate(); err != nil {
		return contract.Picture{}, err
	}
	if err := admit(ctx, i.Rates, ref.Instance, contract.RateGet); err != nil {
		return contract.Picture{}, err
	}
	return i.Index.Picture(ctx, ref)
}

// Exists is one stored picture, or that there is none.
func (i *Images) Exists(ctx context.Context, ref contract.PictureRef) (contract.CheckImageExistsResult, error) {
	picture, err := i.Describe(ctx, ref)
	if contract.IsCode(err, contract.CodePicNotExist) {
		return contract.CheckImageExistsResult{}, nil
	}
	if err != nil {
		return contract.CheckImageExistsResult{}, err
	}
	return contract.CheckImageExistsResult{Exists: true, Picture: &picture}, nil
}

// uploads is where pictures that are no objects yet lie in the results bucket.
const uploads = "uploads/"

// NewUpload makes a place for a picture that is no object yet. CodeBadRequest where
// its link would be withheld: there is no other way to it.
func (i *Images) NewUpload(ctx context.Context, in contract.UploadInput) (contract.Upload, error) {
	key := uploads + runOf(ctx)
	link, expires, err := i.Results.Objects.SignPut(ctx, i.Results.Bucket, key, 10*time.Minute)
	if err != nil {
		return contract.Upload{}, fmt.Errorf("sign upload: %w", err)
	}
	upload := contract.Upload{Key: key, URL: link, Expires: expires}
	noLink, err := conceal(&upload, in.LinksFor)
	if err == nil && noLink != "" {
		err = contract.Errorf(contract.CodeBadRequest, "%s", noLink)
	}
	return upload, err
}

// admitted is the instance, once the request to it is.
func (i *Images) admitted(ctx context.Context, name, operation string) (contract.Instance, error) {
	if err := admit(ctx, i.Rates, name, operation); err != nil {
		return contract.Instance{}, err
	}
	return i.Index.Instance(ctx, name)
}

// runOf is the workflow run that an activity belongs to.
func runOf(ctx context.Context) string { return activity.GetInfo(ctx).WorkflowExecution.RunID }
