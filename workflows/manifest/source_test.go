package manifest_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

func sourced(source string) []byte {
	return []byte(`{"OperationType":"ADD","ProductId":"p","PicName":"a.jpg","Source":` + source + `}`)
}

func TestSourceIsFollowedOnlyWhereTheRulesSaySo(t *testing.T) {
	t.Parallel()
	const everything = `{"Bucket":"photos","Key":"a/b.jpg","OrKey":"b.jpg","RoleArn":"acs:ram::1:role/r"}`
	for name, test := range map[string]struct {
		source string
		want   *manifest.Source
	}{
		"Everything": {everything, &manifest.Source{Bucket: "photos", Key: "a/b.jpg", OrKey: "b.jpg", RoleARN: "acs:ram::1:role/r"}},
		"Uploaded":   {`{"Key":"uploads/1","Uploaded":true}`, &manifest.Source{Key: "uploads/1", Uploaded: true}},
		"Null":       {`null`, nil},
		"More":       {`{"Bucket":"photos","Key":"k","later":1}`, &manifest.Source{Bucket: "photos", Key: "k"}},
	} {
		entry, warnings, problem := manifest.Parse(sourced(test.source), manifest.Rules{Sources: true})
		if problem != nil || len(warnings) != 0 {
			t.Errorf("%s: problem %v, warnings %v", name, problem, warnings)
		}
		if diff := cmp.Diff(test.want, entry.Source); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	entry, warnings, problem := manifest.Parse(sourced(everything), manifest.Rules{})
	if problem != nil || entry.Source != nil || len(warnings) != 1 || warnings[0].Code != manifest.WarnSourceIgnored {
		t.Errorf("a stranger's source: %+v, warnings %v, problem %v", entry.Source, warnings, problem)
	}
	if entry, _, problem := manifest.Parse(sourced(`"the web"`), manifest.Rules{}); problem != nil || entry.Source != nil {
		t.Errorf("a field of somebody else's that is called Source: %+v, %v", entry.Source, problem)
	}
}

func TestSourceThatCannotBeFollowedIsRefused(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]string{
		"NoObject":       `"uploads/1"`,
		"WrongType":      `{"Bucket":"photos","Key":1}`,
		"NoKey":          `{"Bucket":"photos"}`,
		"NoBucket":       `{"Key":"a.jpg"}`,
		"NoBucketName":   `{"Bucket":"../x","Key":"a.jpg"}`,
		"LongKey":        `{"Bucket":"photos","Key":"` + strings.Repeat("k", 1024) + `"}`,
		"LongSecondKey":  `{"Bucket":"photos","Key":"k","OrKey":"` + strings.Repeat("k", 1024) + `"}`,
		"UploadedBucket": `{"Bucket":"photos","Key":"uploads/1","Uploaded":true}`,
		"UploadedRole":   `{"RoleArn":"r","Key":"uploads/1","Uploaded":true}`,
	} {
		_, _, problem := manifest.Parse(sourced(source), manifest.Rules{Sources: true})
		if problem == nil || problem.Code != contract.CodeInvalidMetaItem || !strings.Contains(problem.Message, "Source") {
			t.Errorf("%s: problem %v; want %s", name, problem, contract.CodeInvalidMetaItem)
		}
	}
}

func TestPredictedCategoryIsToldFromAGivenOne(t *testing.T) {
	t.Parallel()
	for fields, want := range map[string]bool{
		`"CategoryId":3`: false,
		`"CategoryId":3,"CategoryPredicted":true`:          true,
		`"CategoryId":3,"CategoryPredicted":false`:         false,
		`"CategoryId":3,"CategoryPredicted":null`:          false,
		`"CategoryPredicted":true`:                         false,
		`"CategoryPredicted":true,"CategoryId":"88888888"`: true,
	} {
		line := `{"OperationType":"ADD","ProductId":"p","PicName":"a.jpg",` + fields + `}`
		entry, warnings, problem := manifest.Parse([]byte(line), manifest.Rules{})
		if problem != nil || len(warnings) != 0 || entry.CategoryPredicted != want {
			t.Errorf("%s: predicted %t, warnings %v, problem %v", fields, entry.CategoryPredicted, warnings, problem)
		}
	}
	line := `{"OperationType":"ADD","ProductId":"p","PicName":"a.jpg","CategoryId":3,"CategoryPredicted":1}`
	if _, _, problem := manifest.Parse([]byte(line), manifest.Rules{}); problem == nil || problem.Code != contract.CodeInvalidMetaItem {
		t.Errorf("a number: %v", problem)
	}
}
