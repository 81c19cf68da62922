package contract_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"imagebatch/workflows/contract"
)

func TestNormalizePath(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"": "/", "/": "/", "a": "/a", "/a": "/a", "a/b/": "/a/b", "/a/b": "/a/b",
		"/a/b/increment.meta": "/a/b", "increment.meta": "/", "/increment.meta": "/",
		"/old-increment.meta": "/old-increment.meta", "/夏 装/x": "/夏 装/x", "/a..b": "/a..b",
	} {
		got, err := contract.NormalizePath(given)
		if err != nil || got != want {
			t.Errorf("NormalizePath(%q) = %q, %v; want %q", given, got, err, want)
		}
	}
	for _, given := range []string{"/a/../b", "..", "/./a", "//a", "a//b", `a\b`, "a\nb", "a\x00", strings.Repeat("x", 1000)} {
		if got, err := contract.NormalizePath(given); !errors.Is(err, &contract.Error{Code: contract.CodeBadRequest}) {
			t.Errorf("NormalizePath(%.20q) = %q, %v; want a refusal", given, got, err)
		}
	}
}

func TestKeysOfAFolder(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{"/": "increment.meta", "/a/b": "a/b/increment.meta"} {
		if got := contract.ManifestKey(path); got != want {
			t.Errorf("ManifestKey(%q) = %q, want %q", path, got, want)
		}
	}
}

func TestBatchTaskInputValidate(t *testing.T) {
	t.Parallel()
	valid := contract.BatchTaskInput{Instance: "shop", Bucket: "catalogue", Path: "/a", Callback: "https://shop.example/hook"}
	if err := valid.Validate(); err != nil {
		t.Fatalf("a valid input is refused: %v", err)
	}
	for name, spoil := range map[string]func(*contract.BatchTaskInput){
		"NoInstance":       func(in *contract.BatchTaskInput) { in.Instance = "" },
		"DotInInstance":    func(in *contract.BatchTaskInput) { in.Instance = "a.b" },
		"LongInstance":     func(in *contract.BatchTaskInput) { in.Instance = strings.Repeat("a", 21) },
		"NoBucket":         func(in *contract.BatchTaskInput) { in.Bucket = "" },
		"UpperCaseBucket":  func(in *contract.BatchTaskInput) { in.Bucket = "Catalogue" },
		"HyphenAtTheEnd":   func(in *contract.BatchTaskInput) { in.Bucket = "catalogue-" },
		"PathLeaves":       func(in *contract.BatchTaskInput) { in.Path = "/../b" },
		"CallbackByFile":   func(in *contract.BatchTaskInput) { in.Callback = "file:///etc/passwd" },
		"CallbackTooLong":  func(in *contract.BatchTaskInput) { in.Callback += strings.Repeat("x", 2048) },
		"RoleTooLong":      func(in *contract.BatchTaskInput) { in.RoleARN = strings.Repeat("x", 2049) },
		"CallbackHostless": func(in *contract.BatchTaskInput) { in.Callback = "http://" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := valid
			spoil(&in)
			if err := in.Validate(); !errors.Is(err, &contract.Error{Code: contract.CodeBadRequest}) {
				t.Errorf("Validate() = %v, want a refusal", err)
			}
		})
	}
}

// A limit or a folder under a misspelt key is not taken for absent.
func TestBatchTaskInputKnowsItsFields(t *testing.T) {
	t.Parallel()
	full := contract.BatchTaskInput{
		Instance: "shop", Bucket: "photos", Path: "/a", Callback: "https://hooks.example.com/", RoleARN: "acs:ram::1:role/r",
		FromRoot: true, Dump: true, MaxFailures: "1%", MaxDeletes: "7", Sizes: contract.Sizes{Window: 2}, CallbackRetry: 1,
	}
	all, err := json.Marshal(full)
	if err != nil {
		t.Fatal(err)
	}
	for text, says := range map[string]string{
		string(all): "",
		`{"instance":"shop","bucket":"photos","PATH":"/a"}`:                          "", // as the decoder takes it
		`{"instance":"shop","bucket":"photos","path":"/a","max_failures":"1%"}`:      `"max_failures" is not known`,
		`{"instance":"shop","bucket":"photos","path":"/a","maxDelete":5}`:            `"maxDelete" is not known`,
		`{"instance":"shop","bucket":"photos","folder":"/a"}`:                        `"folder" is not known; the input of a task has the fields instance, bucket, path,`,
		`{"instance":"shop","bucket":"photos","":"/a"}`:                              `"" is not known`,
		`{"instance":"shop","bucket":"photos","maxDeletes":"0","MaxDeletes":"100%"}`: `"MaxDeletes" is there twice`,
		`{"instance":"shop","bucket":"photos","path":"/a","path":"/b"}`:              `"path" is there twice`,
		`{"instance":"shop","bucket":"photos","later":1,"carried":{"taskId":7}}`:     "", // of a newer worker, between two runs
		`{"instance":"shop","bucket":"photos","path":"/a","maxFailures":20}`:         "",
		`{"instance":"shop","bucket":"photos","path":"/a","maxFailures":-20}`:        `"-20" is neither a number nor a percentage`,
		`{"instance":"shop","bucket":"photos","path":"/a","maxDeletes":1e3}`:         `"1e3" is neither`,
		`{"instance":"shop","bucket":"photos","path":"/a","maxDeletes":null}`:        "",
	} {
		var in contract.BatchTaskInput
		if err := json.Unmarshal([]byte(text), &in); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		err := errors.Join(in.CheckFields([]byte(text)), in.Validate())
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", text, err, says)
		}
	}
}
