package contract_test

import (
	"strings"
	"testing"

	"imagebatch/workflows/contract"
)

// A name that begins with a hyphen cannot be given, but an instance that has one
// can be used, and deleted.
func TestInstanceNames(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ given, kept bool }{
		"shop":                  {true, true},
		"Shop_2-b":              {true, true},
		"_shop":                 {true, true},
		"7":                     {true, true},
		"shop-":                 {true, true},
		strings.Repeat("a", 20): {true, true},
		"-shop":                 {false, true},
		"--shop":                {false, true},
		"-":                     {false, true},
		"":                      {},
		"a.b":                   {},
		"a/b":                   {},
		"shöp":                  {},
		strings.Repeat("a", 21): {},
	} {
		create := contract.CreateInstanceInput{Name: name, Region: "cn-shanghai", Capacity: 1}
		for what, err := range map[string]error{"ValidateInstanceName": contract.ValidateInstanceName(name), "CreateInstance": create.Validate()} {
			if test.given && err != nil || !test.given && !contract.IsCode(err, contract.CodeBadRequest) {
				t.Errorf("%s(%q) = %v; accepted: %t", what, name, err, test.given)
			}
		}
		for what, in := range map[string]interface{ Validate() error }{
			"DeleteInstance": contract.InstanceRef{Name: name},
			"BatchTask":      contract.BatchTaskInput{Instance: name, Bucket: "photos", Path: "/a"},
			"DumpMeta":       contract.DumpMetaInput{Instance: name},
			"InstanceRates":  contract.RatesInput{Instance: name},
			"DeleteImage":    contract.DeleteImageInput{PictureRef: contract.PictureRef{Instance: name, ProductID: "p"}},
		} {
			if err := in.Validate(); test.kept && err != nil || !test.kept && err == nil {
				t.Errorf("%s of %q = %v; accepted: %t", what, name, err, test.kept)
			}
		}
	}
}
