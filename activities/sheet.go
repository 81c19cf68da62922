package activities

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"time"

	"golang.org/x/sync/errgroup"

	"go.temporal.io/sdk/activity"

	"imagebatch/activities/contactsheet"
	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

// Bounds of a sheet. It is a courtesy beside an answer: it waits for no picture
// longer than that, all of them together.
const (
	sheetTime     = 20 * time.Second
	sheetFetchers = 8 // pictures fetched at a time
)

// sheet draws the query, if it has a picture, and the hits, and returns a link
// to the drawing. A picture that cannot be had is a place that says so.
func (i *Images) sheet(ctx context.Context, query *manifest.Source, hits []contract.Hit) (link string, expires time.Time, err error) {
	if err := i.Limits.Sheets.Acquire(ctx, 1); err != nil {
		return "", time.Time{}, err
	}
	defer i.Limits.Sheets.Release(1)
	var cells []contactsheet.Cell
	if query != nil {
		cells = append(cells, contactsheet.Cell{Lines: []string{"query", query.Key}, Marked: true})
	}
	first := len(cells)
	for n, hit := range hits {
		head := fmt.Sprintf("%d", n+1)
		if hit.Match != nil {
			head = fmt.Sprintf("%d   %.4f", n+1, hit.Score)
			if hit.Match.Penalty > 0 {
				head += "   " + hit.Match.View
			}
		}
		cells = append(cells, contactsheet.Cell{Lines: []string{head, hit.ProductID, hit.PicName}})
	}
	i.fillSheet(ctx, cells, func(ctx context.Context, n int) (manifest.Source, error) {
		if n < first {
			return *query, nil
		}
		return i.Pictures.Source(ctx, hits[n-first].Picture)
	})
	drawing, err := contactsheet.JPEG(cells)
	if err != nil {
		return "", time.Time{}, err
	}
	key := "sheets/" + runOf(ctx) + ".jpg"
	if err := i.Results.put(ctx, key, "image/jpeg", bytes.NewReader(drawing)); err != nil {
		return "", time.Time{}, err
	}
	if link, expires, err = i.Results.sign(ctx, key); err != nil {
		return "", time.Time{}, fmt.Errorf("sign contact sheet: %w", err)
	}
	return link, expires, nil
}

// fillSheet puts the pictures into their cells, a few at a time.
func (i *Images) fillSheet(ctx context.Context, cells []contactsheet.Cell, source func(ctx context.Context, n int) (manifest.Source, error)) {
	limited, cancel := context.WithTimeout(ctx, sheetTime)
	defer cancel()
	log := activity.GetLogger(ctx)
	var group errgroup.Group
	group.SetLimit(sheetFetchers)
	for n := range cells {
		group.Go(func() error {
			var preview image.Image
			err := caught(log, func() error {
				from, err := source(limited, n)
				if err != nil {
					return err
				}
				for _, place := range from.Places() {
					if preview, err = i.preview(limited, place); !contract.IsCode(err, contract.CodeInvalidPicURL) {
						break
					}
				}
				return err
			})
			if err != nil {
				cells[n].Missing = missing(limited, err)
				return nil
			}
			cells[n].Picture = preview
			return nil
		})
	}
	_ = group.Wait() // nobody fails: what is missing says so in its place
}

// preview fetches a picture and decodes it small.
func (i *Images) preview(ctx context.Context, content contract.PicContent) (image.Image, error) {
	data, release, err := i.fetch(ctx, content)
	if err != nil {
		return nil, err
	}
	defer release()
	if len(data) == 0 {
		return nil, errNoPicture
	}
	if err := i.Limits.Cores.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer i.Limits.Cores.Release(1)
	picture, err := i.Imager.Open(ctx, data)
	if err != nil {
		return nil, imagingError(err)
	}
	defer picture.Close()
	return picture.Preview(ctx, contactsheet.Side)
}

// missing is why a place of a sheet has no picture. The object may be another by
// now than the one that was stored.
func missing(ctx context.Context, err error) string {
	var refusal *contract.Error
	switch {
	case ctx.Err() != nil:
		return "did not arrive in time"
	case errors.As(err, &refusal):
		switch refusal.Code {
		case contract.CodeInvalidPicURL, contract.CodePicNotExist:
			return "the picture is no longer there"
		case contract.CodeNoPermission, contract.CodeRoleNotAllowed:
			return "may not be read"
		case contract.CodeTimeoutForTransferImage:
			return "did not arrive in time"
		}
		return "cannot be shown: " + string(refusal.Code)
	}
	return "cannot be shown at the moment"
}
