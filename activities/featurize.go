package activities

import (
	"context"
	"errors"
	"fmt"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

// featurizeStage validates and featurizes pictures until there are no more.
func (p *pipeline) featurizeStage(fetched <-chan addition) {
	for a := range fetched {
		if p.work.Err() == nil {
			p.isolating(a, Fetched, contract.CodePictureError, func() { p.featurizeLine(a) })
		}
		a.release()
	}
}

// featurizeLine takes a fetched picture through the two stages that need no I/O.
func (p *pipeline) featurizeLine(a addition) {
	free, err := p.borrowCores(a.line.Number)
	if err != nil {
		return // the attempt has failed, or stopped before a line that must wait
	}
	defer free()
	asked := subject{crop: a.entry.Crop, region: a.entry.Region}
	image, stage, err := analyse(p.work, p.Imager, p.task.ServiceType, a.data, asked.view(p.task.ServiceType), p.timed)
	free() // a full queue of outcomes must not keep other slices from the cores
	var refusal *contract.Error
	switch {
	case errors.As(err, &refusal):
		p.refuse(a, stage, refusal.Code, refusal.Message)
	case err != nil:
		p.fail(fmt.Errorf("featurize %q of product %q: %w", a.entry.PicName, a.entry.ProductID, err))
	default:
		guess, err := categorize(p.work, p.Index, p.task.Instance, p.task.ServiceType, a.entry.CategoryID, image.feature.Vector, p.Imager.FeatureVersion())
		if err != nil {
			p.fail(fmt.Errorf("guess the category of %q of product %q: %w", a.entry.PicName, a.entry.ProductID, err))
			return
		}
		indexed := outcomeOf(a.line)
		indexed.Stage = Indexed
		indexed.Put = putOf(p.task.ServiceType, p.Imager.FeatureVersion(), a.entry, image, guess.ID)
		p.outcomes <- outcome{Outcome: indexed}
	}
}

// subject is which part of a picture somebody asked to be indexed or searched by.
type subject struct {
	crop   *bool
	region *manifest.Region
}

// view is the subject in the imager's terms. A region wins over Crop; without
// both the subject is looked for; a fabric is always seen whole.
// Source: https://www.alibabacloud.com/help/en/image-search/user-guide/batch-operations
func (s subject) view(service contract.ServiceType) View {
	if service.WholePicture() {
		return View{}
	}
	return View{Region: s.region, Detect: s.region == nil && (s.crop == nil || *s.crop)}
}

// framing is the subject as the index remembers it.
func (s subject) framing(service contract.ServiceType) Framing {
	switch {
	case service.WholePicture():
		return Detected // nobody had a choice
	case s.region != nil:
		return RegionGiven
	case s.crop != nil && !*s.crop:
		return WholeGiven
	}
	return Detected
}

// analysed is a picture that passed all checks.
type analysed struct {
	header  Header
	feature Feature
}

// analyse validates a picture and computes its feature. The stage is the last
// one that accepted it. An error that is no contract.Error is no fault of the
// picture.
func analyse(ctx context.Context, imager Imager, service contract.ServiceType, data []byte, view View, timed func(Stage, func())) (image analysed, stage Stage, err error) {
	var picture OpenPicture
	timed(Validated, func() {
		if len(data) == 0 {
			err = errNoPicture
		} else {
			picture, err = imager.Open(ctx, data)
		}
		if err != nil {
			return
		}
		image.header = picture.Header()
		if refusal := validate(image.header, service); refusal != nil {
			err = refusal
		} else if refusal := validateRegion(view.Region, image.header); refusal != nil {
			err = refusal
		}
	})
	if picture != nil {
		defer picture.Close()
	}
	if err != nil {
		return image, Fetched, imagingError(err)
	}
	timed(Featurized, func() { image.feature, err = picture.Featurize(ctx, view) })
	if err != nil {
		return image, Validated, imagingError(err)
	}
	return image, Featurized, nil
}

// putOf is the effect of an ADD line on the index, with the category that was
// given or guessed. The index itself knows the version that it stores it under.
func putOf(service contract.ServiceType, features string, entry manifest.Entry, image analysed, category int) *PutPicture {
	given := service.KeepsCategories() && entry.CategoryID != nil && !entry.CategoryPredicted
	picture := contract.Picture{
		ProductID: entry.ProductID, PicName: entry.PicName,
		CategoryID: category, CustomContent: entry.CustomContent,
		IntAttrs: entry.IntAttrs, StrAttrs: entry.StrAttrs,
		Width: image.header.Width, Height: image.header.Height,
	}
	if image.feature.Region != nil {
		picture.Region = image.feature.Region.String()
	}
	return &PutPicture{
		Picture: picture, CategoryGiven: given, Framing: subject{entry.Crop, entry.Region}.framing(service),
		Vector: image.feature.Vector, FeatureVersion: features, Source: entry.Source,
	}
}
