package contract_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"imagebatch/workflows/contract"
)

// wantCode checks that an error is a refusal with that code, or nil for none,
// and that a refusal says more than its code.
func wantCode(t *testing.T, err error, code contract.Code) {
	t.Helper()
	if code == "" {
		if err != nil {
			t.Errorf("error = %v; want none", err)
		}
		return
	}
	var refusal *contract.Error
	if !errors.As(err, &refusal) || refusal.Code != code || refusal.Message == "" {
		t.Errorf("error = %v; want a %s that says why", err, code)
	}
}

func long(n int) string { return strings.Repeat("ü", n) }

func ref(product, picture string) contract.PictureRef {
	return contract.PictureRef{Instance: "shop", ProductID: product, PicName: picture}
}

func TestPictureRefValidate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		in   contract.PictureRef
		code contract.Code
	}{
		"Good":           {ref("1000", "girlCloth/1.jpg"), ""},
		"Foreign":        {ref(long(512), long(500)+".jpg"), ""},
		"NoInstance":     {contract.PictureRef{ProductID: "p", PicName: "a.jpg"}, contract.CodeBadRequest},
		"NoProduct":      {ref("", "a.jpg"), contract.CodeNoSpecifiedProductID},
		"LongProduct":    {ref(long(513), "a.jpg"), contract.CodeInvalidProductID},
		"ControlProduct": {ref("a\x00b", "a.jpg"), contract.CodeInvalidProductID},
		"NoPicture":      {ref("p", ""), contract.CodeNoSpecifiedPicName},
		"LongPicture":    {ref("p", long(510)+".jpg"), contract.CodeInvalidPicName},
		"LongKey":        {ref("p", strings.Repeat("夏", 400)+".jpg"), contract.CodeInvalidPicName},
		"Slash":          {ref("p", "/a.jpg"), contract.CodeInvalidPicName},
		"Backslash":      {ref("p", `a\b.jpg`), contract.CodeInvalidPicName},
		"Parent":         {ref("p", "a/../b.jpg"), contract.CodeInvalidPicName},
		"Extension":      {ref("p", "a"), contract.CodeInvalidPicName},
		"OnlyExtension":  {ref("p", ".jpg"), contract.CodeInvalidPicName},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantCode(t, test.in.Validate(), test.code)
		})
	}
}

func attributes(change func(*contract.Attributes)) contract.Attributes {
	fields := contract.Attributes{CustomContent: new("k:v"), IntAttrs: [4]*int32{new(int32(0))}}
	change(&fields)
	return fields
}

func TestUpdateImageInputValidate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fields contract.Attributes
		code   contract.Code
	}{
		"Good":     {attributes(func(*contract.Attributes) {}), ""},
		"Nothing":  {contract.Attributes{}, contract.CodeBadRequest},
		"Emptied":  {contract.Attributes{CustomContent: new("")}, ""},
		"Content":  {attributes(func(f *contract.Attributes) { f.CustomContent = new(long(4096)) }), ""},
		"Content1": {attributes(func(f *contract.Attributes) { f.CustomContent = new(long(4097)) }), contract.CodeInvalidCustomContent},
		"StrAttr":  {attributes(func(f *contract.Attributes) { f.StrAttrs[0] = new(long(128)) }), ""},
		"StrAttr1": {attributes(func(f *contract.Attributes) { f.StrAttrs[0] = new(long(129)) }), "InvalidStrAttr"},
		"StrAttr2": {attributes(func(f *contract.Attributes) { f.StrAttrs[1] = new(long(129)) }), "InvalidStrAttr2"},
		"StrAttr3": {attributes(func(f *contract.Attributes) { f.StrAttrs[2] = new(long(129)) }), "InvalidStrAttr3"},
		"StrAttr4": {attributes(func(f *contract.Attributes) { f.StrAttrs[3] = new(long(129)) }), "InvalidStrAttr4"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantCode(t, contract.UpdateImageInput{PictureRef: ref("p", "a.jpg"), Attributes: test.fields}.Validate(), test.code)
		})
	}
	wantCode(t, contract.UpdateImageInput{PictureRef: ref("", "a.jpg"), Attributes: attributes(func(*contract.Attributes) {})}.Validate(), contract.CodeNoSpecifiedProductID)
}

func TestAddImageInputValidate(t *testing.T) {
	t.Parallel()
	object := contract.PicContent{Bucket: "photos", Key: "a.jpg"}
	for name, test := range map[string]struct {
		in   contract.AddImageInput
		code contract.Code
	}{
		"Object":    {contract.AddImageInput{PictureRef: ref("p", "a.jpg"), PicContent: object}, ""},
		"Uploaded":  {contract.AddImageInput{PictureRef: ref("p", "a.jpg"), PicContent: contract.PicContent{Key: "uploads/1", Uploaded: true}}, ""},
		"NoContent": {contract.AddImageInput{PictureRef: ref("p", "a.jpg")}, contract.CodeNoSpecifiedPicContent},
		"NoBucket":  {contract.AddImageInput{PictureRef: ref("p", "a.jpg"), PicContent: contract.PicContent{Key: "a.jpg"}}, contract.CodeBadRequest},
		"NoName":    {contract.AddImageInput{PictureRef: ref("p", ""), PicContent: object}, contract.CodeNoSpecifiedPicName},
		"Content":   {contract.AddImageInput{PictureRef: ref("p", "a.jpg"), PicContent: object, Attributes: contract.Attributes{CustomContent: new(long(4097))}}, contract.CodeInvalidCustomContent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantCode(t, test.in.Validate(), test.code)
		})
	}
}

// What deletes much is taken for no more than it says, whoever wrote it.
func TestDeleteImageInputValidate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		json string
		code contract.Code
	}{
		"Named":         {`{"instance":"shop","ProductId":"p","PicName":"a.jpg"}`, ""},
		"Product":       {`{"instance":"shop","ProductId":"p"}`, ""},
		"NullName":      {`{"instance":"shop","ProductId":"p","PicName":null}`, contract.CodeInvalidPicName},
		"OtherCase":     {`{"instance":"shop","productId":"p","picname":"a.jpg"}`, ""},
		"OtherCaseNull": {`{"instance":"shop","ProductId":"p","picname":null}`, contract.CodeInvalidPicName},
		"EmptyAtLast":   {`{"instance":"shop","ProductId":"p","PicName":"a.jpg","picName":""}`, contract.CodeInvalidPicName},
		"NullAtLast":    {`{"instance":"shop","ProductId":"p","PicName":"a.jpg","PicName":null}`, ""}, // which leaves the name
		"Plural":        {`{"instance":"shop","ProductId":"p","PicNames":"a.jpg"}`, contract.CodeInvalidPicName},
		"Picture":       {`{"instance":"shop","ProductId":"p","Picture":"a.jpg"}`, contract.CodeInvalidPicName},
		"Misspelt":      {`{"instance":"shop","ProductId":"p","PicNmae":"a.jpg"}`, contract.CodeInvalidPicName},
		"Snake":         {`{"instance":"shop","ProductId":"p","pic_name":"a.jpg"}`, contract.CodeInvalidPicName},
		"UnknownNull":   {`{"instance":"shop","ProductId":"p","pic":null}`, contract.CodeInvalidPicName},
		"FieldOfAdd":    {`{"instance":"shop","ProductId":"p","CategoryId":1}`, contract.CodeInvalidPicName},
		"BesidePicture": {`{"instance":"shop","ProductId":"p","PicName":"a.jpg","pic":"b.jpg"}`, ""},
		"BesideFilter":  {`{"instance":"shop","IsDeleteByFilter":true,"Filter":"int_attr=1","pic":"b.jpg"}`, contract.CodeInvalidPicName},
		"TwoProducts":   {`{"instance":"shop","ProductId":"a.jpg","ProductId":"p"}`, contract.CodeInvalidPicName},
		"TwoSpellings":  {`{"instance":"shop","ProductID":"a.jpg","ProductId":"p"}`, contract.CodeInvalidPicName},
		"TwoInstances":  {`{"instance":"other","Instance":"shop","ProductId":"p"}`, contract.CodeInvalidPicName},
		"TwoEmptyNames": {`{"instance":"shop","ProductId":"p","PicName":"","picname":null}`, contract.CodeInvalidPicName},
		"NotByFilter":   {`{"instance":"shop","ProductId":"p","IsDeleteByFilter":false,"Filter":""}`, ""},
		"EmptyName":     {`{"instance":"shop","ProductId":"p","PicName":""}`, contract.CodeInvalidPicName},
		"Nothing":       {`{"instance":"shop"}`, contract.CodeNoSpecifiedProductID},
		"BadName":       {`{"instance":"shop","ProductId":"p","PicName":"/a.jpg"}`, contract.CodeInvalidPicName},
		"Filter":        {`{"instance":"shop","IsDeleteByFilter":true,"Filter":"int_attr=1"}`, ""},
		"NoFilter":      {`{"instance":"shop","IsDeleteByFilter":true}`, contract.CodeInvalidFilterClause},
		"FilterUnasked": {`{"instance":"shop","ProductId":"p","Filter":"int_attr=1"}`, contract.CodeInvalidFilterClause},
		"FilterAndName": {`{"instance":"shop","ProductId":"p","IsDeleteByFilter":true,"Filter":"int_attr=1"}`, contract.CodeBadRequest},
		"LongFilter":    {`{"instance":"shop","IsDeleteByFilter":true,"Filter":"` + long(4097) + `"}`, contract.CodeInvalidFilterClause},
		"NoInstance":    {`{"ProductId":"p"}`, contract.CodeBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var in contract.DeleteImageInput
			if err := json.Unmarshal([]byte(test.json), &in); err != nil {
				t.Fatal(err)
			}
			wantCode(t, in.Validate(), test.code)
			if test.code != "" {
				return
			}
			text, err := json.Marshal(in) // what a workflow sends on to its activity
			var again contract.DeleteImageInput
			if err := errors.Join(err, json.Unmarshal(text, &again), again.Validate()); err != nil || again != in {
				t.Errorf("sent on as %s it is %+v, %v", text, again, err)
			}
		})
	}
	for field, remedy := range map[string]string{`"PicName":null`: "PicName is null", `"PicName":""`: "PicName is empty", `"b":1,"a":2`: `"a" is not known`} {
		var in contract.DeleteImageInput
		if err := json.Unmarshal([]byte(`{"instance":"shop","ProductId":"p",`+field+`}`), &in); err != nil {
			t.Fatal(err)
		}
		if says := in.Validate().Error(); !strings.Contains(says, remedy) || !strings.Contains(says, "name the picture under PicName, or leave every field but") {
			t.Errorf("with %s it says %q", field, says)
		}
	}
	if err := json.Unmarshal([]byte(`{"PicName":7}`), new(contract.DeleteImageInput)); err == nil {
		t.Error("a number for a name was read")
	}
}

func TestCompareAndDumpInputsValidate(t *testing.T) {
	t.Parallel()
	object := contract.PicContent{Bucket: "photos", Key: "a.jpg"}
	wantCode(t, contract.CompareInput{Instance: "shop", Primary: object, Secondary: object}.Validate(), "")
	wantCode(t, contract.CompareInput{Instance: "shop", Primary: object}.Validate(), contract.CodeNoSpecifiedPicContent)
	wantCode(t, contract.CompareInput{Instance: "shop", Secondary: object}.Validate(), contract.CodeNoSpecifiedPicContent)
	wantCode(t, contract.CompareInput{Primary: object, Secondary: object}.Validate(), contract.CodeBadRequest)
	wantCode(t, contract.DumpMetaInput{Instance: "shop"}.Validate(), "")
	wantCode(t, contract.DumpMetaInput{}.Validate(), contract.CodeBadRequest)
	if id := (contract.DumpMetaInput{Instance: "shop"}).WorkflowID(); id != "dump-meta.shop" {
		t.Errorf("workflow id %q", id)
	}
}

func TestRatesInputValidate(t *testing.T) {
	t.Parallel()
	rate := func(n float64) contract.RatesInput {
		return contract.RatesInput{Instance: "shop", Set: []contract.Rate{{Operation: contract.RateAdd, PerSecond: n}}}
	}
	wantCode(t, contract.RatesInput{Instance: "shop"}.Validate(), "")
	wantCode(t, rate(0.5).Validate(), "")
	wantCode(t, rate(0).Validate(), "")
	wantCode(t, rate(-1).Validate(), contract.CodeBadRequest)
	wantCode(t, contract.RatesInput{}.Validate(), contract.CodeBadRequest)
}

func TestValidateCategory(t *testing.T) {
	t.Parallel()
	for _, known := range contract.ServiceProduct.Categories() {
		wantCode(t, contract.ValidateCategory(&known.ID), "")
	}
	wantCode(t, contract.ValidateCategory(nil), "")
	for _, unknown := range []int{-1, 10, 19, 23, 8888888} {
		wantCode(t, contract.ValidateCategory(&unknown), contract.CodeInvalidCategory)
	}
	if all := contract.ServiceGeneric.Categories(); len(all) != 1 || all[0].ID != contract.CategoryOthers {
		t.Errorf("categories of a generic instance are %v; want others alone", all)
	}
}
