package manifest_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"imagebatch/workflows/manifest"
)

func TestCheckReportsEveryBadLine(t *testing.T) {
	t.Parallel()
	input := strings.Join([]string{
		"\xef\xbb\xbf" + sampleAdd,
		"",
		`{"OperationType":"delete","ProductId":"1000","PicName":"1.jpg"}`,
		with(`"CategoryId":999,"colour":1`),
		strings.Repeat("y", manifest.MaxLine+1),
		`{"OperationType":"DELETE","ProductId":"1000"}`,
	}, "\r\n")
	var got []string
	summary, err := manifest.Check(strings.NewReader(input), manifest.Rules{}, func(f manifest.Finding) error {
		checkMessage(t, f.Message)
		got = append(got, fmt.Sprint(f.Line, " ", f.Level, " ", f.Code, " ", f.Operation, " ", f.ProductID, " ", f.PicName))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"3 warning OperationCase DELETE 1000 1.jpg",
		"4 error InvalidCategory ADD 1 a.jpg",
		"4 warning UnknownField ADD 1 a.jpg",
		"5 error InvalidMetaItem   ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	if want := (manifest.Summary{Lines: 5, Adds: 1, Deletes: 2, Bad: 2, Warnings: 2}); summary != want {
		t.Errorf("summary = %+v; want %+v", summary, want)
	}
}

func TestCheckEndsWithTheFirstError(t *testing.T) {
	t.Parallel()
	trouble := errors.New("no space left")
	_, err := manifest.Check(strings.NewReader("x\ny\n"), manifest.Rules{}, func(f manifest.Finding) error {
		if f.Line > 1 {
			t.Errorf("line %d was reported after an error", f.Line)
		}
		return trouble
	})
	if !errors.Is(err, trouble) {
		t.Errorf("error = %v; want %v", err, trouble)
	}
	source := io.MultiReader(strings.NewReader(sampleAdd+"\n{"), iotest.ErrReader(trouble))
	summary, err := manifest.Check(source, manifest.Rules{}, func(f manifest.Finding) error {
		t.Errorf("half a line was reported: %+v", f)
		return nil
	})
	if !errors.Is(err, trouble) || !strings.Contains(err.Error(), "line 2") || summary.Lines != 1 {
		t.Errorf("error = %v after %d lines; want %v at line 2 after 1", err, summary.Lines, trouble)
	}
}
