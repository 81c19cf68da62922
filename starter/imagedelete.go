package main

import (
	"errors"
	"fmt"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/filter"
)

type imageDelete struct {
	Instance string  `arg:"" help:"Instance that holds it."`
	Product  *string `arg:"" optional:"" help:"ProductId of the picture."`
	PicName  *string `arg:"" name:"picname" optional:"" help:"PicName of the picture. Without it every picture of the product is removed."`
	Filter   *string `placeholder:"CONDITION" help:"Remove every picture with these attributes instead, such as 'int_attr < 100 AND str_attr = \"old\"'."`
	Yes      bool    `help:"Do not ask before more than one named picture is removed. Needed when standard input is no terminal."`
}

// Validate refuses flags that cannot mean anything. What is there and empty is
// no less there: a shell variable without a value must not delete a product.
func (c *imageDelete) Validate() error {
	switch {
	case c.Filter == nil && c.Product == nil:
		return errors.New("nothing is named; give PRODUCT and PICNAME, PRODUCT alone, or --filter")
	case c.Filter != nil && c.Product != nil:
		return errors.New("--filter does not go with a product")
	case c.PicName != nil && *c.PicName == "":
		return errors.New("PICNAME is empty; name the picture, or leave it out to remove every picture of the product")
	case c.Filter != nil && *c.Filter == "":
		return errors.New("--filter is empty; give the condition that selects what to remove")
	}
	return checkFilter(text(c.Filter))
}

// Run removes what is named, once the user has agreed if that may be much.
func (c *imageDelete) Run(a *app) error {
	in := contract.DeleteImageInput{
		PictureRef:       contract.PictureRef{Instance: c.Instance, ProductID: text(c.Product), PicName: text(c.PicName)},
		IsDeleteByFilter: c.Filter != nil, Filter: text(c.Filter),
	}
	if err := in.Validate(); err != nil {
		return invalid(err)
	}
	what := fmt.Sprintf("every picture of product %q", in.ProductID)
	if in.IsDeleteByFilter {
		what = "every picture with " + oneLine(in.Filter)
	}
	if in.PicName == "" {
		agreed, err := a.agrees(c.Yes, fmt.Sprintf("Delete %s from instance %q?", what, c.Instance))
		if err != nil || !agreed {
			return err
		}
	}
	removed, err := operate(a.ctx, a, contract.DeleteImage, longLimit, in)
	if err != nil {
		return err
	}
	if a.json {
		if removed.PicNames == nil {
			removed.PicNames = []string{}
		}
		return a.printJSON(removed)
	}
	return a.printf("%s removed from %s\n", plural(removed.Deleted, "picture"), c.Instance)
}

// agrees asks before what cannot be undone, unless the user has said yes. Who
// does not agree gets an exit status that says so.
func (a *app) agrees(yes bool, question string) (bool, error) {
	if yes {
		return true, nil
	}
	if !isTerminal(a.stdin) {
		return false, usagef("this cannot be undone and nobody can be asked; repeat with --yes")
	}
	agreed, err := a.ask(question + " [y/N] ")
	if err == nil && !agreed {
		a.notef("nothing deleted")
		err = exitStatus(exitError)
	}
	return agreed, err
}

func checkFilter(condition string) error {
	if condition == "" {
		return nil
	}
	if _, err := filter.Parse(condition); err != nil {
		return fmt.Errorf("--filter: %w", err)
	}
	return nil
}
