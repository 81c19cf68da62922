package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

const (
	goodLine = `{"OperationType":"ADD","ProductId":"1","PicName":"a.jpg","CustomContent":"c"}` + "\n"
	deletion = `{"OperationType":"DELETE","ProductId":"1"}` + "\n"
	badLine  = `{"OperationType":"ADD","ProductId":"3"}` + "\n"
	oddLine  = `{"OperationType":"ADD","ProductId":"4","PicName":"b.jpg","Colour":"red"}` + "\n"
)

func manifestFile(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), contract.ManifestName)
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestCheckOfAFileNeedsNoServer(t *testing.T) {
	t.Parallel()
	name := manifestFile(t, goodLine+deletion)
	try(t, nil, "batch check --file "+name).want(t, exitDone, "2 lines: 1 to add, 1 to delete, 0 bad, 0 warnings\n", "")

	name = manifestFile(t, goodLine+"\n"+badLine+oddLine)
	got := try(t, nil, "batch check --file "+name)
	said := strings.Split(strings.TrimSpace(got.stdout), "\n")
	if got.status != exitPartial || len(said) != 3 {
		t.Fatalf("exit status = %d, standard output:\n%s", got.status, got.stdout)
	}
	for i, want := range []string{"line 3: error NoSpecifiedPicName (3): ", "line 4: warning UnknownField (4 b.jpg): ", "3 lines: 2 to add, 0 to delete, 1 bad, 1 warning"} {
		if !strings.HasPrefix(said[i], want) {
			t.Errorf("line %d is %q, want it to begin with %q", i, said[i], want)
		}
	}
}

func TestCheckAsJSON(t *testing.T) {
	t.Parallel()
	got := try(t, nil, "batch check -o json --file "+manifestFile(t, badLine+goodLine))
	var result checked
	if err := json.Unmarshal([]byte(got.stdout), &result); err != nil {
		t.Fatal(err)
	}
	if got.status != exitPartial || result.Lines != 2 || result.Bad != 1 || len(result.Findings) != 1 || result.Findings[0].Line != 1 {
		t.Errorf("exit status = %d, result = %+v", got.status, result)
	}
}

func TestCheckPassesTheRulesOn(t *testing.T) {
	t.Parallel()
	noContent := manifestFile(t, `{"OperationType":"ADD","ProductId":"1","PicName":"a.jpg"}`+"\n")
	if got := try(t, nil, "batch check --file "+noContent); got.status != exitDone {
		t.Errorf("exit status = %d, want 0: CustomContent is optional", got.status)
	}
	if got := try(t, nil, "batch check --strict --file "+noContent); got.status != exitPartial {
		t.Errorf("exit status = %d, want 3: strict wants CustomContent", got.status)
	}
	category := manifestFile(t, `{"OperationType":"ADD","ProductId":"1","PicName":"a.jpg","CategoryId":19}`+"\n")
	if got := try(t, nil, "batch check --file "+category); got.status != exitPartial {
		t.Errorf("exit status = %d, want 3: a product instance has no category 19", got.status)
	}
	if got := try(t, nil, "batch check --service-type generic --file "+category); got.status != exitDone {
		t.Errorf("exit status = %d, want 0: a generic instance ignores categories", got.status)
	}
}

func TestCheckOfAMissingFile(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "none")
	try(t, nil, "batch check --file "+name).want(t, exitError, "", "error: check manifest: open "+name+": no such file or directory\n")
}

func TestCheckOfABucket(t *testing.T) {
	t.Parallel()
	findings, err := json.Marshal(manifest.Finding{
		Line: 7, Level: manifest.LevelError, Code: contract.CodeInvalidPicName, Message: "PicName has no extension; write a.jpg", ProductID: "p", PicName: "a",
	})
	if err != nil {
		t.Fatal(err)
	}
	url := bucket(t, map[string]string{"/findings": string(findings) + "\n", "/none": ""})
	for name, test := range map[string]struct {
		answer contract.CheckResult
		status int
		stdout string
	}{
		"Clean": {contract.CheckResult{Lines: 2, Adds: 2, URL: url + "/none?Signature=s3cret", Expires: began}, exitDone, "2 lines: 2 to add, 0 to delete, 0 bad, 0 warnings\n"},
		"Bad": {contract.CheckResult{Lines: 2, Adds: 1, Bad: 1, URL: url + "/findings?Signature=s3cret", Expires: began}, exitPartial, rows(
			"line 7: error InvalidPicName (p a): PicName has no extension; write a.jpg", "2 lines: 1 to add, 0 to delete, 1 bad, 0 warnings")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sent any
			f := &fakeServer{operate: answering(t, "CheckManifest", &sent, test.answer, nil)}
			try(t, f, "batch check --bucket photos --path spring/ --role-arn r --service-type generic --strict").want(t, test.status, test.stdout, "")
			want := contract.CheckInput{Bucket: "photos", Path: "spring/", RoleARN: "r", ServiceType: contract.ServiceGeneric, Strict: true}
			if diff := cmp.Diff(want, sent); diff != "" {
				t.Errorf("input (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCheckNamesWhatIsNoManifest(t *testing.T) {
	t.Parallel()
	name := manifestFile(t, "\x1f\x8b\x08\x00\n\n\n")
	const want = "InvalidManifest: the manifest is gzip data and no text; unpack it (gunzip), and upload the manifest itself\n"
	try(t, nil, "batch check --file "+name).want(t, exitError, "", want)
	try(t, nil, "batch check -o json --file "+name).want(t, exitError, "", want)
}

// A DELETE without a picture that says more than its product is a bad line
// before anything is uploaded.
func TestCheckRefusesDeletesThatMeantAPicture(t *testing.T) {
	t.Parallel()
	name := manifestFile(t, `{"OperationType":"DELETE","ProductId":"m1","PicNames":"a.jpg"}`+"\n"+deletion)
	got := try(t, nil, "batch check --file "+name)
	if got.status != exitPartial || !strings.HasPrefix(got.stdout, `line 1: error InvalidPicName (m1): the field "PicNames" is not known and PicName is missing; `) ||
		lastLine(got.stdout) != "2 lines: 0 to add, 1 to delete, 1 bad, 1 warning\n" {
		t.Errorf("exit status %d, standard output:\n%s", got.status, got.stdout)
	}
}
