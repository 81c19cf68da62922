package manifest_test

import (
	"strings"
	"testing"

	"imagebatch/workflows/manifest"
)

func TestAddressRemedy(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		name, bucket, folder string
		says                 []string // none: it is no address
	}{
		"Name":         {"a.jpg", "photos", "/shop", nil},
		"Colon":        {"10:30.jpg", "photos", "/shop", nil},
		"InFolder":     {"oss://photos/shop/x/a.jpg", "photos", "/shop", []string{"oss://", `write "x/a.jpg"`}},
		"InRoot":       {"oss://photos/a.jpg", "photos", "/", []string{"oss://", `write "a.jpg"`}},
		"OtherFolder":  {"oss://photos/other/a.jpg", "photos", "/shop", []string{`write "other/a.jpg"`, "--from-root"}},
		"LikeFolder":   {"oss://photos/shopping/a.jpg", "photos", "/shop", []string{`write "shopping/a.jpg"`, "--from-root"}},
		"OtherBucket":  {"oss://archive/shop/a.jpg", "photos", "/shop", []string{`its own bucket, "photos"`, "copy"}},
		"Capitals":     {"OSS://photos/shop/a.jpg", "photos", "/shop", []string{"oss://", `write "a.jpg"`}},
		"OneSlash":     {"oss:/photos/shop/a.jpg", "photos", "/shop", []string{`write "a.jpg"`}},
		"NoBucket":     {"oss://photos/shop/a.jpg", "", "", []string{"oss://", "object's name below the manifest's folder"}},
		"Web":          {"https://cdn.example/a.jpg", "photos", "/shop", []string{"web address", "upload it"}},
		"WebCapitals":  {"HTTP://cdn.example/a.jpg", "photos", "/shop", []string{"web address", "upload it"}},
		"WebOfBucket":  {"https://photos.oss-cn-shanghai.aliyuncs.com/shop/%E5%9B%BE.jpg?x=1", "photos", "/shop", []string{"web address", `write "图.jpg"`}},
		"WebElsewhere": {"https://photos.oss-cn-shanghai.aliyuncs.com/b/a.jpg", "photos", "/shop", []string{`write "b/a.jpg"`, "--from-root"}},
		"S3":           {"s3://photos/a.jpg", "photos", "/shop", []string{"s3://", "upload"}},
		"File":         {"file:///home/a.jpg", "photos", "/shop", []string{"file://", "upload"}},
	} {
		got := manifest.AddressRemedy(tc.name, tc.bucket, tc.folder)
		if (got == "") != (tc.says == nil) {
			t.Errorf("%s: %q", name, got)
		}
		for _, says := range tc.says {
			if !strings.Contains(got, says) {
				t.Errorf("%s: %q does not say %q", name, got, says)
			}
		}
		if strings.Count(got, "; ") > 1 {
			t.Errorf("%s: %q has more than one remedy", name, got)
		}
	}
}

func TestAddressesAreWarnedOf(t *testing.T) {
	t.Parallel()
	for line, warned := range map[string]bool{
		`{"OperationType":"ADD","ProductId":"1","PicName":"oss://photos/a.jpg"}`:    true,
		`{"OperationType":"ADD","ProductId":"1","PicName":"https://x.test/a.jpg"}`:  true,
		`{"OperationType":"DELETE","ProductId":"1","PicName":"oss://photos/a.jpg"}`: false, // it may have been stored under that name
		`{"OperationType":"ADD","ProductId":"1","PicName":"a.jpg"}`:                 false,
	} {
		_, warnings, problem := manifest.Parse([]byte(line), manifest.Rules{})
		if problem != nil || (len(warnings) == 1 && warnings[0].Code == manifest.WarnAddress) != warned {
			t.Errorf("%s: %v, %v; want a warning: %v", line, warnings, problem, warned)
		}
	}
}
