package activities

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

// Images looks up and searches single pictures.
type Images struct {
	Index      Index
	Identities Identities
	Results    Results
	Imager     Imager
	Limits     Limits
}

// Describe is one stored picture.
func (i *Images) Describe(ctx context.Context, ref contract.PictureRef) (contract.Picture, error) {
	return i.Index.Picture(ctx, ref)
}

// uploads is where query pictures lie in the results bucket.
const uploads = "uploads/"

// NewUpload makes a place for a query picture that is no object yet.
func (i *Images) NewUpload(ctx context.Context, _ contract.Nothing) (contract.Upload, error) {
	key := uploads + activity.GetInfo(ctx).WorkflowExecution.RunID
	link, expires, err := i.Results.Objects.SignPut(ctx, i.Results.Bucket, key, 10*time.Minute)
	if err != nil {
		return contract.Upload{}, fmt.Errorf("sign upload: %w", err)
	}
	return contract.Upload{Key: key, URL: link, Expires: expires}, nil
}

// Search finds the pictures most alike to an object. It goes through the same
// validation and the same descriptor as an import.
func (i *Images) Search(ctx context.Context, in contract.SearchInput) (contract.SearchResult, error) {
	if err := in.Validate(); err != nil {
		return contract.SearchResult{}, err
	}
	instance, err := i.Index.Instance(ctx, in.Instance)
	if err != nil {
		return contract.SearchResult{}, err
	}
	var asked subject
	if in.Region != "" {
		region, err := manifest.ParseRegion(in.Region)
		if err != nil {
			return contract.SearchResult{}, contract.Errorf(contract.CodeInvalidRegion, "%v", err)
		}
		asked.region = &region
	}
	image, err := i.analyse(ctx, in, instance.ServiceType, asked)
	if err != nil {
		return contract.SearchResult{}, err
	}
	num := in.Num
	if num == 0 {
		num = 10
	}
	return i.Index.Search(ctx, in.Instance, SearchVector{
		Vector: image.feature.Vector, FeatureVersion: i.Imager.FeatureVersion(), Num: num,
	})
}

// analyse fetches the query picture and computes its feature.
func (i *Images) analyse(ctx context.Context, in contract.SearchInput, service contract.ServiceType, asked subject) (analysed, error) {
	data, release, err := i.fetch(ctx, in)
	if err != nil {
		return analysed{}, err
	}
	defer release()
	if err := i.Limits.Cores.Acquire(ctx, 1); err != nil {
		return analysed{}, err
	}
	defer i.Limits.Cores.Release(1)
	image, _, err := analyse(ctx, i.Imager, service, data, asked, func(_ Stage, do func()) { do() })
	if err != nil && !final(err) {
		err = fmt.Errorf("featurize query picture: %w", err)
	}
	return image, err
}

func (i *Images) fetch(ctx context.Context, in contract.SearchInput) ([]byte, func(), error) {
	objects, bucket := i.Results.Objects, i.Results.Bucket
	if in.Uploaded {
		// The results bucket holds more than uploads.
		if name, ok := strings.CutPrefix(in.Key, uploads); !ok || name == "" || strings.Contains(name, "/") {
			return nil, nil, contract.Errorf(contract.CodeInvalidPicURL, "%q is no uploaded picture; ask for a place to upload to first", in.Key)
		}
	} else {
		var err error
		if objects, err = i.Identities.As(ctx, in.RoleARN); err != nil {
			return nil, nil, err
		}
		bucket = in.Bucket
	}
	data, release, err := fetch(ctx, objects, i.Limits, bucket, in.Key)
	if err == nil {
		return data, release, nil
	}
	code, message, passing := fetchProblem(bucket, in.Key, i.Limits.Transfer, err)
	if passing && !errors.Is(err, ErrNoSuchBucket) && !errors.Is(err, errSlow) {
		return nil, nil, fmt.Errorf("fetch oss://%s/%s: %w", bucket, in.Key, err)
	}
	return nil, nil, contract.Errorf(code, "%s", message)
}
