package contract

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
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
// known. A variable that happened to be empty, or a misspelt key, must not delete
// a product.
func (in *DeleteImageInput) UnmarshalJSON(data []byte) error {
	type plain DeleteImageInput
	if err := json.Unmarshal(data, (*plain)(in)); err != nil {
		return err
	}
	in.instead = ""
	if in.PicName != "" {
		return nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return err
	}
	var unknown []string
	//workflowcheck:ignore the names are sorted before one is chosen
	for name, value := range fields {
		known := func(field string) bool { return strings.EqualFold(name, field) } // as the decoder takes them
		switch {
		case !slices.ContainsFunc(deleteFields, known):
			unknown = append(unknown, name)
		case !known("PicName"):
		case string(value) == "null" && in.instead == "":
			in.instead = nullName
		case string(value) != "null":
			in.instead = emptyName
		}
	}
	if in.instead == "" && len(unknown) > 0 {
		slices.Sort(unknown)
		in.instead = fmt.Sprintf("the field %s is not known and PicName is missing", Quote(unknown[0]))
	}
	return nil
}
