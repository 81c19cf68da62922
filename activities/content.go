package activities

import (
	"context"
	"errors"
	"fmt"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/filter"
	"imagebatch/workflows/manifest"
)

// requestedSubject is the subject that a request asks for, as far as that means
// anything to the service type.
func requestedSubject(service contract.ServiceType, crop *bool, region string) (subject, error) {
	if service.WholePicture() {
		return subject{}, nil
	}
	asked := subject{crop: crop}
	if region != "" {
		parsed, err := manifest.ParseRegion(region)
		if err != nil {
			return asked, contract.Errorf(contract.CodeInvalidRegion, "%v", err)
		}
		asked.region = &parsed
	}
	return asked, nil
}

// parseFilter reads a filter; there is none in an empty text.
func parseFilter(text string) (*filter.Expression, error) {
	if text == "" {
		return nil, nil
	}
	parsed, err := filter.Parse(text)
	if err != nil {
		return nil, contract.Errorf(contract.CodeInvalidFilterClause, "%v", err)
	}
	return parsed, nil
}

// see fetches a picture and computes its feature, as an import would.
func (i *Images) see(ctx context.Context, content contract.PicContent, service contract.ServiceType, asked subject) (analysed, error) {
	data, release, err := i.fetch(ctx, content)
	if err != nil {
		return analysed{}, err
	}
	defer release()
	return i.analyse(ctx, data, service, asked.view(service))
}

// analyse validates a picture and computes its feature, when there is a core for it.
func (i *Images) analyse(ctx context.Context, data []byte, service contract.ServiceType, view View) (analysed, error) {
	if err := i.Limits.Cores.Acquire(ctx, 1); err != nil {
		return analysed{}, err
	}
	defer i.Limits.Cores.Release(1)
	image, _, err := analyse(ctx, i.Imager, service, data, view, func(_ Stage, do func()) { do() })
	if err != nil && !final(err) {
		err = fmt.Errorf("featurize picture: %w", err)
	}
	return image, err
}

// fetch reads the bytes of a picture; release gives back their memory.
func (i *Images) fetch(ctx context.Context, content contract.PicContent) (data []byte, release func(), err error) {
	objects, bucket, err := locate(ctx, i.Identities, i.Results, content)
	if err != nil {
		return nil, nil, err
	}
	data, release, err = fetch(ctx, objects, i.Limits, bucket, content.Key)
	if err == nil {
		return data, release, nil
	}
	code, message, passing := fetchProblem(bucket, content.Key, i.Limits.Transfer, err)
	if errors.Is(err, ErrNoSuchObject) && !content.Uploaded {
		hint := newOtherNames(requestGuesses).hint(ctx, objects, bucket, content.Key)
		message = fmt.Sprintf("there is no oss://%s/%s%s; upload the picture or correct its name", bucket, content.Key, hint)
	}
	if passing && !errors.Is(err, ErrNoSuchBucket) && !errors.Is(err, errSlow) {
		return nil, nil, fmt.Errorf("fetch oss://%s/%s: %w", bucket, content.Key, err)
	}
	return nil, nil, contract.Errorf(code, "%s", message)
}
