package main

import (
	"fmt"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

type imageAdd struct {
	pictureName    `embed:""`
	pictureSource  `embed:""`
	attributeFlags `embed:""`
	Category       *categoryFlag `placeholder:"ID" help:"Category by number or name. Without one it is predicted."`
	Crop           *bool         `negatable:"" help:"Look for the subject of the picture; --no-crop takes the whole picture. Default: look for it."`
	Region         string        `placeholder:"X1,X2,Y1,Y2" help:"The subject of the picture, in pixels: both x first, then both y."`
}

// Validate refuses flags that cannot mean anything.
func (c *imageAdd) Validate() error {
	if err := c.check(); err != nil {
		return err
	}
	return checkRegion(c.Region)
}

// Run stores the picture.
func (c *imageAdd) Run(a *app) error {
	fields, err := c.attributes()
	if err != nil {
		return invalid(err)
	}
	in := contract.AddImageInput{
		PictureRef: c.ref(), PicContent: c.content(), Attributes: fields,
		CategoryID: c.Category.pointer(), Crop: c.Crop, Region: c.Region,
	}
	if err := in.Validate(); err != nil {
		return invalid(err)
	}
	if in.PicContent, err = a.place(c.pictureSource); err != nil {
		return err
	}
	added, err := operate(a.ctx, a, contract.AddImage, operationLimit, in)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(added)
	}
	return a.printf("%s %s stored in %s: %s\n", printable(c.Product), printable(c.PicName), c.Instance, seen(added.PicInfo))
}

// seen is what was seen in a picture.
func seen(info contract.PicInfo) string {
	words := "category " + category(info.CategoryID)
	if info.Confidence > 0 {
		words += fmt.Sprintf(" (predicted, %.0f %%)", 100*info.Confidence)
	}
	if info.Region == "" {
		return words + ", whole picture"
	}
	return words + ", subject " + info.Region
}

func checkRegion(region string) error {
	if region == "" {
		return nil
	}
	if _, err := manifest.ParseRegion(region); err != nil {
		return fmt.Errorf("--region: %w", err)
	}
	return nil
}
