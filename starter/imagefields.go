package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"imagebatch/workflows/contract"
)

// attributeFlags say what is known of a picture beside its content.
type attributeFlags struct {
	CustomContent *string `placeholder:"TEXT" help:"Text that searches return with the picture, up to 4,096 characters."`
	IntAttr       *string `placeholder:"N" help:"Integer to filter by, 32 bits. Write --int-attr=-1 for one below zero."`
	IntAttr2      *string `name:"int-attr2" placeholder:"N" help:"A second one."`
	IntAttr3      *string `name:"int-attr3" placeholder:"N" help:"A third one."`
	IntAttr4      *string `name:"int-attr4" placeholder:"N" help:"A fourth one."`
	StrAttr       *string `placeholder:"TEXT" help:"Text to filter by, up to 128 characters."`
	StrAttr2      *string `name:"str-attr2" placeholder:"TEXT" help:"A second one."`
	StrAttr3      *string `name:"str-attr3" placeholder:"TEXT" help:"A third one."`
	StrAttr4      *string `name:"str-attr4" placeholder:"TEXT" help:"A fourth one."`
}

// attributes are the flags as operations take them.
func (f attributeFlags) attributes() (contract.Attributes, error) {
	fields := contract.Attributes{
		CustomContent: f.CustomContent,
		StrAttrs:      [4]*string{f.StrAttr, f.StrAttr2, f.StrAttr3, f.StrAttr4},
	}
	for n, text := range [4]*string{f.IntAttr, f.IntAttr2, f.IntAttr3, f.IntAttr4} {
		if text == nil {
			continue
		}
		value, err := strconv.ParseInt(strings.TrimSpace(*text), 10, 32)
		if err != nil {
			return fields, contract.Errorf(contract.InvalidIntAttrCode(n+1), "%q is not a whole number from -2147483648 to 2147483647", *text)
		}
		fields.IntAttrs[n] = new(int32(value))
	}
	return fields, fields.Validate()
}

// categoryFlag is a category by number or by the vendor's name.
type categoryFlag int

// Decode reads the flag.
func (c *categoryFlag) Decode(ctx *kong.DecodeContext) error {
	var text string
	if err := ctx.Scan.PopValueInto("category", &text); err != nil {
		return err
	}
	for _, known := range contract.ServiceProduct.Categories() {
		if strings.EqualFold(text, known.Name) || text == strconv.Itoa(known.ID) {
			*c = categoryFlag(known.ID)
			return nil
		}
	}
	var names []string
	for _, known := range contract.ServiceProduct.Categories() {
		names = append(names, fmt.Sprintf("%d %s", known.ID, known.Name))
	}
	return fmt.Errorf("there is no category %q; use one of %s", text, strings.Join(names, ", "))
}

// pointer is the category as operations take it.
func (c *categoryFlag) pointer() *int {
	if c == nil {
		return nil
	}
	return new(int(*c))
}

// storedName is a flag of two words that names a stored picture.
type storedName struct{ product, picture string }

// Decode reads both words.
func (n *storedName) Decode(ctx *kong.DecodeContext) error {
	if err := ctx.Scan.PopValueInto("PRODUCT", &n.product); err != nil {
		return err
	}
	// No flag has a dot in it, and -- would end this one.
	if next := ctx.Scan.Peek(); next.Type == kong.UntypedToken && strings.HasPrefix(next.String(), "-") && strings.Contains(next.String(), ".") && !strings.Contains(next.String(), "=") {
		n.picture = ctx.Scan.Pop().String()
		return nil
	}
	if err := ctx.Scan.PopValueInto("PICNAME", &n.picture); err != nil {
		return fmt.Errorf("it takes two words, PRODUCT and PICNAME: %w", err)
	}
	return nil
}
