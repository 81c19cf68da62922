package contract

import (
	"encoding/json"
)

// Validate checks what can be checked without asking anyone. It takes nothing
// for more than it says: a whole product only when nothing else could have been
// meant, and no filter without the word that it shall delete.
func (in DeleteImageInput) Validate() error {
	if err := in.EarlierChecks(); err != nil {
		return err
	}
	if in.instead != "" {
		return in.refuseInstead()
	}
	return nil
}

// EarlierChecks are those of Validate that runs have passed for as long as there
// is the operation.
func (in DeleteImageInput) EarlierChecks() error {
	if err := ValidateNameOfInstance(in.Instance); err != nil {
		return err
	}
	switch {
	case in.IsDeleteByFilter && in.Filter == "":
		return Errorf(CodeInvalidFilterClause, "IsDeleteByFilter is true and Filter is empty; give the filter that selects what to delete")
	case !in.IsDeleteByFilter && in.Filter != "":
		return Errorf(CodeInvalidFilterClause, "Filter is given and IsDeleteByFilter is not true; set it, or leave the filter out")
	case in.IsDeleteByFilter && (in.ProductID != "" || in.PicName != ""):
		return Errorf(CodeBadRequest, "a filter and a name are given; delete by the one or by the other")
	case in.instead == emptyName:
		return in.refuseInstead()
	case in.IsDeleteByFilter:
		return validateFilter(in.Filter)
	}
	if err := in.validateProduct(); err != nil || in.PicName == "" {
		return err
	}
	return in.validatePicture()
}

// What an input without a picture has in the place of one.
const (
	emptyName = "PicName is empty"
	nullName  = "PicName is null"
)

func (in DeleteImageInput) refuseInstead() error {
	return Errorf(CodeInvalidPicName, "%s; name the picture under PicName, or leave every field but instance and ProductId out to delete the whole product", in.instead)
}

// deleteFields are the fields of a DeleteImageInput.
var deleteFields = []string{"instance", "ProductId", "PicName", "IsDeleteByFilter", "Filter"}

// UnmarshalJSON reads the input. Of one that names no picture it notes what may
// have been meant to: a PicName that is empty or null, or a field that is not
// known or there twice. A variable that happened to be empty, or a misspelt key,
// must not delete a product.
func (in *DeleteImageInput) UnmarshalJSON(data []byte) error {
	type deleteImage DeleteImageInput
	if err := json.Unmarshal(data, (*deleteImage)(in)); err != nil {
		return err
	}
	in.instead = ""
	if in.PicName != "" {
		return nil
	}
	fields := fieldsOf(data)
	there, null := fields.given("PicName")
	switch odd := fields.odd(deleteFields); {
	case null:
		in.instead = nullName
	case there:
		in.instead = emptyName
	case odd != "":
		in.instead = odd + " and PicName is missing"
	}
	return nil
}
