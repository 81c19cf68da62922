package contract

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
	if err := ValidateNameOfInstance(ref.Instance); err != nil {
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

// Validate checks what can be checked without asking anyone.
func (in CompareInput) Validate() error {
	if err := ValidateNameOfInstance(in.Instance); err != nil {
		return err
	}
	if err := in.Primary.Validate(); err != nil {
		return err
	}
	return in.Secondary.Validate()
}

// Validate checks the form of the instance's name.
func (in DumpMetaInput) Validate() error { return ValidateNameOfInstance(in.Instance) }

// validateFilter bounds a filter before anybody reads it.
func validateFilter(filter string) error {
	if why := Excess("Filter", filter, MaxFilter); why != "" {
		return Errorf(CodeInvalidFilterClause, "%s", why)
	}
	return nil
}
