package main

import (
	"fmt"
	"strconv"
	"strings"

	"imagebatch/workflows/contract"
)

type imageCmd struct {
	Add     imageAdd     `cmd:"" help:"Store a picture, in the place of one of the same names."`
	Update  imageUpdate  `cmd:"" help:"Change what is said of a stored picture."`
	Delete  imageDelete  `cmd:"" help:"Remove a picture, a product, or what a filter selects."`
	Get     imageGet     `cmd:"" help:"Show a picture as the index holds it."`
	Search  imageSearch  `cmd:"" help:"Find the pictures most alike to one, or those that a filter selects."`
	Compare imageCompare `cmd:"" help:"Tell how alike two pictures are."`
}

// pictureName are the arguments that name a stored picture.
type pictureName struct {
	Instance string `arg:"" help:"Instance that holds it."`
	Product  string `arg:"" help:"ProductId of the picture."`
	PicName  string `arg:"" name:"picname" help:"PicName of the picture, as the manifest wrote it."`
}

func (n pictureName) ref() contract.PictureRef {
	return contract.PictureRef{Instance: n.Instance, ProductID: n.Product, PicName: n.PicName}
}

type imageGet struct {
	pictureName `embed:""`
}

// Run shows the picture.
func (c *imageGet) Run(a *app) error {
	if err := c.ref().Validate(); err != nil {
		return invalid(err)
	}
	p, err := operate(a.ctx, a, contract.GetImage, operationLimit, c.ref())
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(viewOfPicture(p))
	}
	return facts(a.stdout,
		"product", p.ProductID, "picture", p.PicName, "category", category(p.CategoryID),
		"custom content", text(p.CustomContent), "attributes", attributes(p),
		"size", fmt.Sprintf("%d × %d", p.Width, p.Height), "region", p.Region,
		"stored by", storedBy(p))
}

func storedBy(p contract.Picture) string {
	if p.Line == 0 {
		return fmt.Sprintf("image add, operation %d", p.Task)
	}
	return fmt.Sprintf("task %d, line %d", p.Task, p.Line)
}

func category(id int) string {
	if name, ok := contract.CategoryName(id); ok {
		return name
	}
	return strconv.Itoa(id)
}

// attributes lists the attributes that are set, under their manifest names.
func attributes(p contract.Picture) string {
	var parts []string
	for i, v := range p.IntAttrs {
		if v != nil {
			parts = append(parts, fmt.Sprintf("%s=%d", numbered("IntAttr", i), *v))
		}
	}
	for i, v := range p.StrAttrs {
		if v != nil {
			parts = append(parts, fmt.Sprintf("%s=%s", numbered("StrAttr", i), *v))
		}
	}
	return strings.Join(parts, " ")
}

func numbered(name string, index int) string {
	if index == 0 {
		return name
	}
	return name + strconv.Itoa(index+1)
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
