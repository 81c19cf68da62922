package contract

import "encoding/json"

// What can be checked of an operation on single pictures without asking anyone.
// Filters and regions are read by package filter and package manifest, which
// import this one; whoever runs the operation refuses those that are not valid
// with CodeInvalidFilterClause and CodeInvalidRegion.

// Validate checks that a picture of an instance is named.
func (ref PictureRef) Validate() error {
	if err := ref.validateProduct(); err != nil {
		return err
	}
	return ref.validatePicture()
}

func (ref PictureRef) validateProduct() error {
	if err := ValidateInstanceName(ref.Instance); err != nil {
		return err
	}
	if ref.ProductID == "" {
		return Errorf(CodeNoSpecifiedProductID, "ProductId is missing; give the id of the product, such as 1000")
	}
	if why := UnfitProductID(ref.ProductID, MaxName); why != "" {
		return Errorf(CodeInvalidProductID, "%s", why)
	}
	return nil
}

func (ref PictureRef) validatePicture() error {
	if ref.PicName == "" {
		return Errorf(CodeNoSpecifiedPicName, "PicName is missing; give the name of the picture, such as girlCloth/1.jpg")
	}
	if why := UnfitPicName(ref.PicName, MaxName); why != "" {
		return Errorf(CodeInvalidPicName, "%s", why)
	}
	return nil
}

// Validate checks that an object is named.
func (c PicContent) Validate() error {
	if c.Key == "" {
		return Errorf(CodeNoSpecifiedPicContent, "no picture is given; name an object of a bucket or a local file")
	}
	if c.Uploaded {
		return nil
	}
	return ValidateBucket(c.Bucket)
}

// Validate checks the lengths of texts. Integers are what they are.
func (a Attributes) Validate() error {
	if a.CustomContent != nil {
		if why := Excess("CustomContent", *a.CustomContent, MaxCustomContent); why != "" {
			return Errorf(CodeInvalidCustomContent, "%s", why)
		}
	}
	for n, text := range a.StrAttrs {
		if text == nil {
			continue
		}
		name := string(numbered("StrAttr", n+1))
		if why := Excess(name, *text, MaxStrAttr); why != "" {
			return Errorf(InvalidStrAttrCode(n+1), "%s", why)
		}
	}
	return nil
}

// ValidateCategory checks that there is such a category. Instances that keep
// none ignore it.
func ValidateCategory(id *int) error {
	if id == nil {
		return nil
	}
	if _, known := CategoryName(*id); !known {
		return Errorf(CodeInvalidCategory, "CategoryId is %d, which is no category; use 0 to 9, 20, 21, 22 or %d, or leave it out", *id, CategoryOthers)
	}
	return nil
}

// Validate checks what can be checked without asking anyone. Whether CategoryId
// and Region mean anything depends on the instance.
func (in AddImageInput) Validate() error {
	if err := in.PictureRef.Validate(); err != nil {
		return err
	}
	if err := in.PicContent.Validate(); err != nil {
		return err
	}
	return in.Attributes.Validate()
}

// Validate checks what can be checked without asking anyone.
func (in UpdateImageInput) Validate() error {
	if err := in.PictureRef.Validate(); err != nil {
		return err
	}
	if in.Attributes == (Attributes{}) {
		return Errorf(CodeBadRequest, "nothing is to be changed; give CustomContent or at least one attribute")
	}
	return in.Attributes.Validate()
}

// Validate checks what can be checked without asking anyone. It takes nothing
// for more than it says: no empty name for a whole product, and no filter
// without the word that it shall delete.
func (in DeleteImageInput) Validate() error {
	if err := ValidateInstanceName(in.Instance); err != nil {
		return err
	}
	switch {
	case in.IsDeleteByFilter && in.Filter == "":
		return Errorf(CodeInvalidFilterClause, "IsDeleteByFilter is true and Filter is empty; give the filter that selects what to delete")
	case !in.IsDeleteByFilter && in.Filter != "":
		return Errorf(CodeInvalidFilterClause, "Filter is given and IsDeleteByFilter is not true; set it, or leave the filter out")
	case in.IsDeleteByFilter && (in.ProductID != "" || in.PicName != ""):
		return Errorf(CodeBadRequest, "a filter and a name are given; delete by the one or by the other")
	case in.emptyName:
		return Errorf(CodeInvalidPicName, "PicName is empty; leave PicName out to delete the whole product, or name the picture")
	case in.IsDeleteByFilter:
		return validateFilter(in.Filter)
	}
	if err := in.validateProduct(); err != nil || in.PicName == "" {
		return err
	}
	return in.validatePicture()
}

// UnmarshalJSON reads the input. It notes a PicName that is there and names
// nothing: a variable that happened to be empty must not delete a product.
func (in *DeleteImageInput) UnmarshalJSON(data []byte) error {
	type plain DeleteImageInput
	if err := json.Unmarshal(data, (*plain)(in)); err != nil {
		return err
	}
	var given struct{ PicName *string }
	if err := json.Unmarshal(data, &given); err != nil {
		return err
	}
	in.emptyName = given.PicName != nil && *given.PicName == ""
	return nil
}

// Validate checks what can be checked without asking anyone.
func (in CompareInput) Validate() error {
	if err := ValidateInstanceName(in.Instance); err != nil {
		return err
	}
	if err := in.Primary.Validate(); err != nil {
		return err
	}
	return in.Secondary.Validate()
}

// Validate checks the form of the instance's name.
func (in DumpMetaInput) Validate() error { return ValidateInstanceName(in.Instance) }

// validateFilter bounds a filter before anybody reads it.
func validateFilter(filter string) error {
	if why := Excess("Filter", filter, MaxFilter); why != "" {
		return Errorf(CodeInvalidFilterClause, "%s", why)
	}
	return nil
}
