package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"imagebatch/workflows/contract"
)

// hostile are characters that a terminal obeys, or that make text look like other
// text.
var hostile = map[string]string{
	"Colour": "\x1b[31mred\x1b[0m", "Clipboard": "\x1b]52;c;ZXZpbA==\x07", "Title": "\x1b]0;owned\x07", "Clear": "\x1b[2J\x1b[H",
	"C0": "a\x00b\x08c\x0bd\x0ce\rf", "Delete": "a\x7fb", "C1": "\u009b31m\u0090q\u009c\u0085",
	"Override": "\u202egpj.exe", "Embedding": "\u202aa\u202b\u202d\u202c", "Isolates": "\u2066a\u2067b\u2068c\u2069", "Marks": "\u200ea\u200f\u061c",
	"ZeroWidth": "a\u200bb\u200cc\u200dd\u2060e\ufefff", "SoftHyphen": "a\u00adb", "Fillers": "\u115f\u1160\u3164\uffa0\u034f",
	"Separators": "a\u2028b\u2029c", "Tags": "a\U000e0041\U000e007f", "Private": "\ue000", "Unassigned": "\u0378",
}

// disarmed checks that nothing that a terminal obeys has been printed.
func disarmed(t *testing.T, what, printed string) {
	t.Helper()
	for at, r := range printed {
		if r == utf8.RuneError && !strings.HasPrefix(printed[at:], "\ufffd") {
			t.Errorf("%s: byte %#x at %d is no UTF-8: %q", what, printed[at], at, printed)
			return
		}
		if r != '\n' && r != '\t' && !harmless(r) {
			t.Errorf("%s: %U at byte %d: %q", what, r, at, printed)
			return
		}
	}
}

func TestHarmlessCharacters(t *testing.T) {
	t.Parallel()
	for name, text := range hostile {
		for _, r := range text {
			if harmless(r) && r > 0x7f {
				t.Errorf("%s: %U is taken for harmless", name, r)
			}
		}
	}
	for _, r := range "aZ09 ~é酒裙😀ไ\u0e49e\u0301·→×¥\u00a0\ufe0f" {
		if !harmless(r) {
			t.Errorf("%U is taken for harmful", r)
		}
	}
}

func TestGuardEscapesWhateverTheWritesAre(t *testing.T) {
	t.Parallel()
	const text = "é\x1b[31m酒\u202e😀\u009b\U000e0041\n\t\xff\xe9\x85"
	for name, test := range map[string]struct {
		escape escape
		want   string
	}{
		"Dotted":  {dotted, "é·[31m酒·😀··\n\t···"},
		"JSON":    {asJSON, `é\u001b[31m酒\u202e😀\u009b\udb40\udc41` + "\n\t" + `\ufffd\ufffd\ufffd`},
		"Spelled": {spelled, `é\u001b[31m酒\u202e😀\u009b\U000e0041` + "\n\t" + `\xff\xe9\x85`},
	} {
		for size := 1; size <= len(text); size++ {
			var out strings.Builder
			g := newGuard(&out, test.escape)
			for rest := []byte(text); len(rest) > 0; {
				n := min(size, len(rest))
				if written, err := g.Write(rest[:n]); written != n || err != nil {
					t.Fatalf("%d, %v; want %d", written, err, n)
				}
				rest = rest[n:]
			}
			if err := g.finish(); err != nil || out.String() != test.want {
				t.Fatalf("%s in writes of %d: %q, %v; want %q", name, size, out.String(), err, test.want)
			}
		}
	}
	if _, err := newGuard(closedPipe{}, dotted).Write([]byte("x")); !errors.Is(err, errClosed) {
		t.Errorf("a writer that is gone: %v", err)
	}
}

// poisoned makes a value all of whose texts are hostile.
func poisoned[V any](text string) (v V) {
	poison(reflect.ValueOf(&v).Elem(), text)
	return v
}

func poison(v reflect.Value, text string) {
	if !v.CanSet() {
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Struct:
		for i := range v.NumField() {
			poison(v.Field(i), text)
		}
	case reflect.Array:
		for i := range v.Len() {
			poison(v.Index(i), text)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		poison(v.Elem(), text)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			poison(v.Index(i), text)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		poison(key, text)
		poison(value, text)
		v.SetMapIndex(key, value)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(1)
	case reflect.Bool:
		v.SetBool(true)
	}
}

// hostileStore serves a stored report, findings and a dump.
func hostileStore(t *testing.T, text string) (link func(string) string, bodies map[string]string) {
	t.Helper()
	line, err := json.Marshal(map[string]any{"line": 3, "OperationType": text, "ProductId": text, "PicName": text, "Code": text, "Message": text, "raw": text,
		"level": text, "code": text, "message": text})
	if err != nil {
		t.Fatal(err)
	}
	// As another writer of JSON would put it: with every character as it is.
	plain := bytes.NewBufferString("")
	e := json.NewEncoder(plain)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		t.Fatal(err)
	}
	bodies = map[string]string{
		"/report.ndjson": string(line) + "\n" + `{"summary":{"note":` + strings.TrimSpace(plain.String()) + "}}\n",
		"/report.csv":    "line,Message\n3,\"" + text + "\"\n",
		"/findings":      string(line) + "\n",
		"/dump":          strings.ReplaceAll(string(line), "\u2028", "\u2028") + "\n",
	}
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, bodies[r.URL.Path]) }))
	t.Cleanup(store.Close)
	return func(path string) string { return store.URL + path }, bodies
}

// hostileServer answers every operation with hostile texts.
func hostileServer(text string, link func(string) string) *fakeServer {
	task := func(final bool) contract.Task {
		task := poisoned[contract.Task](text)
		task.ID, task.State = 12, contract.StateProcessing
		if final {
			task.State = contract.StateSuccess
		}
		return task
	}
	return &fakeServer{
		unrecorded: true,
		operate: func(_ context.Context, operation string, _ time.Duration, in any) (any, error) {
			switch operation {
			case contract.ListTasks.Name:
				return contract.TaskList{Tasks: []contract.Task{task(in.(contract.ListTasksInput).ID != 13)}}, nil
			case contract.SignReport.Name:
				return contract.SignedReport{Task: task(true), URL: link("/report.ndjson"), CSVURL: link("/report.csv"), RestURL: link("/dump")}, nil
			case contract.CheckManifest.Name:
				return contract.CheckResult{Lines: 1, Bad: 1, URL: link("/findings")}, nil
			case contract.DumpMeta.Name:
				return contract.DumpMetaResult{Pictures: 1, URL: link("/dump"), Bucket: text, Path: text}, nil
			case contract.ListInstances.Name:
				return poisoned[contract.InstanceList](text), nil
			case contract.DescribeInstance.Name:
				return poisoned[contract.InstanceDetail](text), nil
			case contract.InstanceRates.Name:
				return poisoned[contract.RateList](text), nil
			case contract.GetImage.Name:
				return poisoned[contract.Picture](text), nil
			case contract.SearchImage.Name:
				return poisoned[contract.SearchResult](text), nil
			case contract.AddImage.Name:
				return poisoned[contract.AddImageResult](text), nil
			case contract.DeleteImage.Name:
				return poisoned[contract.DeleteImageResult](text), nil
			}
			return nil, contract.Errorf(contract.CodeBadRequest, "no %s of %s", operation, text)
		},
		status:    func(string) (contract.Status, error) { return poisoned[contract.Status](text), nil },
		setback:   func(string) (setback, error) { return setback{Step: text, Failures: 3, Cause: text}, nil },
		execution: func(string) (execution, error) { return execution{}, errors.New(text) },
		find:      func(int64) (execution, error) { return execution{}, errors.New(text) },
	}
}

// Whatever is asked, in whatever format, and whether or not standard output is a
// terminal: nothing that strangers wrote reaches it unescaped.
func TestNothingHostileIsPrinted(t *testing.T) {
	t.Parallel()
	for name, text := range hostile {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			link, bodies := hostileStore(t, text)
			f := hostileServer(text, link)
			for _, line := range []string{
				"instance list", "instance get shop", "instance rates shop", "instance dump shop", "instance dump shop --file -", "instance delete shop --yes",
				"batch list", "batch get 12", "batch get 13", "batch callback 12", "batch watch 12", "batch cancel 12",
				"batch report 12", "batch report 12 --format ndjson", "batch report 12 --format csv", "batch check --bucket photos --path /x",
				"image get shop p a.jpg", "image add shop p a.jpg --bucket photos --key k.jpg", "image update shop p a.jpg --int-attr 1",
				"image search shop --bucket photos --key k.jpg --explain", "image delete shop p a.jpg", "image compare shop oss://photos/a.jpg oss://photos/b.jpg",
			} {
				for _, format := range []string{"table", "json"} {
					got := try(t, f, line+" --output "+format)
					disarmed(t, line+": standard output", got.stdout)
					disarmed(t, line+": standard error", got.stderr)
				}
			}
			for _, args := range [][]string{
				{text}, {"batch", "get", text}, {"batch", "report", text}, {"image", "get", "shop", text, text}, {"image", "delete", "shop", text, text},
				{"batch", "start", "shop", "--bucket", text, "--path", text}, {"image", "search", "shop", "--filter", text}, {"--output", text, "version"},
				{"image", "add", "shop", text, text, "--file", text}, {"instance", "create", text}, {"batch", "list", "--state", text}, {"batch", "check", "--file", text},
			} {
				got := tryArgs(t, t.Context(), f, args)
				disarmed(t, fmt.Sprintf("%q: standard output", args), got.stdout)
				disarmed(t, fmt.Sprintf("%q: standard error", args), got.stderr)
			}

			// JSON has lost nothing, and files are what was stored.
			var picture struct{ ProductId, StrAttr2 string }
			if err := json.Unmarshal([]byte(try(t, f, "image get shop p a.jpg -o json").stdout), &picture); err != nil || picture.ProductId != text {
				t.Errorf("JSON of a picture: %q, %v; want %q", picture.ProductId, err, text)
			}
			var stored, printed any
			if err := json.Unmarshal([]byte(bodies["/dump"]), &stored); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(try(t, f, "instance dump shop --file -").stdout), &printed); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(stored, printed); diff != "" {
				t.Errorf("a dump on standard output (-stored +printed):\n%s", diff)
			}
			for flags, body := range map[string]string{
				"batch report 12 --out": "/report.ndjson", "batch report 12 --format csv --out": "/report.csv", "instance dump shop --file": "/dump", "batch report 12 --rest": "/dump",
			} {
				file := filepath.Join(t.TempDir(), "saved")
				tryArgs(t, t.Context(), f, append(words(flags), file))
				if saved, err := os.ReadFile(file); err != nil || string(saved) != bodies[body] {
					t.Errorf("%s saved %q, %v; want %q", flags, saved, err, bodies[body])
				}
			}
		})
	}
}

// A terminal's own error texts come from Temporal.
func TestNothingHostileIsPrintedOfProgress(t *testing.T) {
	t.Parallel()
	for name, text := range hostile {
		var out bytes.Buffer
		screen := newScreen(newGuard(&out, dotted))
		status := poisoned[contract.Status](text)
		status.State = contract.State(text)
		screen.show(status)
		screen.trouble(errors.New(text))
		screen.note(setback{Step: text, Cause: text}.String())
		screen.close()
		disarmed(t, name, out.String())
	}
}
