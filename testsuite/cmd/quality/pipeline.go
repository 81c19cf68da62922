package main

import (
	"context"
	"image"

	"imagebatch/activities"
	"imagebatch/activities/imaging"
)

// pipeline turns files into vectors as a worker does.
type pipeline struct{ imager *imaging.Imager }

func newPipeline() (*pipeline, error) {
	imager, err := imaging.New(imaging.Config{})
	return &pipeline{imager}, err
}

// described is what a picture is found by.
type described struct {
	vector  []byte
	subject image.Rectangle // the whole picture where none was found
}

func (p *pipeline) describe(ctx context.Context, content []byte) (described, error) {
	feature, header, err := p.featurize(ctx, content, activities.View{Detect: true})
	if err != nil {
		return described{}, err
	}
	out := described{vector: feature.Vector, subject: image.Rect(0, 0, header.Width, header.Height)}
	if r := feature.Region; r != nil {
		out.subject = image.Rect(r.X1, r.Y1, r.X2, r.Y2)
	}
	return out, nil
}

// expand is the picture as given, and turned and in part.
func (p *pipeline) expand(ctx context.Context, content []byte) ([]view, error) {
	feature, _, err := p.featurize(ctx, content, activities.View{Detect: true, Expand: true})
	if err != nil {
		return nil, err
	}
	views := []view{{vector: feature.Vector}}
	for _, variant := range feature.Variants {
		views = append(views, view{variant.Vector, activities.VariantPenalty})
	}
	return views, nil
}

func (p *pipeline) featurize(ctx context.Context, content []byte, as activities.View) (activities.Feature, activities.Header, error) {
	picture, err := p.imager.Open(ctx, content)
	if err != nil {
		return activities.Feature{}, activities.Header{}, err
	}
	defer picture.Close()
	feature, err := picture.Featurize(ctx, as)
	return feature, picture.Header(), err
}
