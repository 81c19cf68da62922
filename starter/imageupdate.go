package main

import "imagebatch/workflows/contract"

type imageUpdate struct {
	pictureName    `embed:""`
	attributeFlags `embed:""`
}

// Run changes what the flags name and leaves the rest.
func (c *imageUpdate) Run(a *app) error {
	fields, err := c.attributes()
	if err != nil {
		return invalid(err)
	}
	in := contract.UpdateImageInput{PictureRef: c.ref(), Attributes: fields}
	if err := in.Validate(); err != nil {
		return invalid(err)
	}
	if _, err := operate(a.ctx, a, contract.UpdateImage, operationLimit, in); err != nil {
		return err
	}
	if a.json {
		return a.printJSON(updateView{in.PictureRef, viewOfAttributes(fields.CustomContent, fields.IntAttrs, fields.StrAttrs)})
	}
	return a.printf("%s %s updated in %s\n", printable(c.Product), printable(c.PicName), c.Instance)
}
