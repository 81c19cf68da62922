package activities_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"imagebatch/activities"
	"imagebatch/testsuite/fakes"
	"imagebatch/workflows/contract"
)

func TestPlanCounts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		reason     string
		text       string
		lines, raw int64
		slices     int
	}{
		"Empty":        {"an empty manifest is a task with nothing to do", "", 0, 0, 0},
		"OneLine":      {"the last line needs no break", "{}", 1, 1, 1},
		"BreakAtEnd":   {"a break at the end starts no line", "{}\n{}\n", 2, 2, 1},
		"CRLF":         {"Windows' breaks count as one", "{}\r\n{}\r\n{}\r\n", 3, 3, 2},
		"OrderMark":    {"a byte order mark is no line", "\xef\xbb\xbf{}\n", 1, 1, 1},
		"OnlyMark":     {"nothing but a mark is blank", "\xef\xbb\xbf", 0, 1, 1},
		"Blank":        {"blank lines are cut but not counted", "\n{}\n \t\n\n{}\n", 2, 5, 3},
		"OnlyBlank":    {"a manifest of blank lines has slices and no total", "\n\n\n", 0, 3, 2},
		"LongLine":     {"a line over the limit is one line", strings.Repeat("x", 300_000) + "\n{}\n", 2, 2, 1},
		"NotEvenJSON":  {"what a line holds is for its slice to say", "x\n\"\n", 2, 2, 1},
		"LoneReturns":  {"a carriage return alone breaks no line", "{}\r{}\r", 1, 1, 1},
		"ManyProducts": {"seven lines of two are four slices", strings.Repeat("{}\n", 7), 7, 7, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				w.objects.Store(bucket, meta, test.text)
				task := w.open()
				got := w.plan(task, 2)
				digest := sha256.Sum256([]byte(test.text))
				info, err := w.objects.Head(t.Context(), bucket, meta)
				if err != nil {
					t.Fatal(err)
				}
				want := contract.WorkList{
					Bucket: bucket, Key: meta, ETag: info.ETag, Size: int64(len(test.text)),
					Lines: test.lines, RawLines: test.raw, SliceLines: 2, Slices: test.slices,
					Digest: hex.EncodeToString(digest[:]),
				}
				if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(contract.WorkList{}, "OffsetsKey")); diff != "" {
					t.Errorf("%s (-want +got):\n%s", test.reason, diff)
				}
				checkTiles(w, test.text, got)
			})
		})
	}
}

// checkTiles checks that the slices cover the manifest without gap or overlap,
// and that each begins with the line that the arithmetic says.
func checkTiles(w *world, text string, list contract.WorkList) {
	w.Helper()
	table, ok := w.objects.Text(results, list.OffsetsKey)
	if !ok || len(table) != 8*list.Slices {
		w.Fatalf("offset table has %d bytes; want 8 for each of %d slices", len(table), list.Slices)
	}
	at := func(slice int) int {
		if slice == list.Slices {
			return len(text)
		}
		return int(binary.BigEndian.Uint64([]byte(table[8*slice:])))
	}
	if list.Slices > 0 && at(0) != 0 {
		w.Fatalf("first slice begins at %d", at(0))
	}
	for slice := range list.Slices {
		part := []byte(text[at(slice):at(slice+1)])
		lines := bytes.Count(part, []byte("\n"))
		if !bytes.HasSuffix(part, []byte("\n")) {
			lines++
		}
		if lines != list.LinesOf(slice) {
			w.Fatalf("slice %d of %d has %d lines; want %d", slice, list.Slices, lines, list.LinesOf(slice))
		}
	}
}

func TestPlanDefaultSizes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ lines, sliceLines, slices int }{
		{1, 64, 1}, {64, 64, 1}, {65, 64, 2}, {4095, 64, 64}, {4096, 64, 64}, {4160, 65, 64},
		{10_000, 156, 65}, {63_999, 999, 65}, {64_000, 1000, 64}, {64_001, 1000, 65}, {70_000, 1000, 70},
	} {
		t.Run(fmt.Sprint(test.lines), func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				var text strings.Builder
				for n := range test.lines {
					fmt.Fprintf(&text, "%d%s", n, []string{"\n", "\r\n", " \n"}[n%3])
				}
				w.objects.Store(bucket, meta, text.String())
				list := w.plan(w.open(), 0)
				if list.SliceLines != test.sliceLines || list.Slices != test.slices || list.Lines != int64(test.lines) {
					t.Errorf("%d lines = %d slices of %d; want %d of %d", list.Lines, list.Slices, list.SliceLines, test.slices, test.sliceLines)
				}
				checkTiles(w, text.String(), list)
			})
		})
	}
}

func TestPlanRefuses(t *testing.T) {
	t.Parallel()
	fault := func(verb string, err error) func(w *world) {
		return func(w *world) {
			w.objects.Fault = func(_ context.Context, asked, in, _ string) error {
				if asked == verb && in == bucket {
					return err
				}
				return nil
			}
		}
	}
	for name, test := range map[string]struct {
		reason string
		change func(w *world)
		code   contract.Code
		says   string
	}{
		"NoManifest":    {"the folder is wrong", func(w *world) { w.objects.Drop(bucket, meta) }, contract.CodeNoSuchManifest, "oss://photos/catalogue/increment.meta"},
		"NoBucket":      {"the bucket is wrong", fault("Open", activities.ErrNoSuchBucket), contract.CodeNoSuchBucket, `"photos"`},
		"NoBucketAtAll": {"asking for its region tells too", fault("Region", activities.ErrNoSuchBucket), contract.CodeNoSuchBucket, `"photos"`},
		"Denied":        {"the operator learns what to grant", fault("Open", activities.ErrDenied), contract.CodeConsoleNoPermission, "oss:GetObject on photos/catalogue/*"},
		"Refused":       {"the endpoint is of another region", fault("Open", activities.ErrRefused), contract.CodeBadRequest, "endpoint and region"},
		"OtherRegion":   {"the instance may not read across regions", func(w *world) { w.objects.Regions = map[string]string{bucket: "cn-beijing"} }, contract.CodeBucketRegion, "cn-beijing"},
		"Role":          {"a task may not choose any role", func(w *world) { w.spec.RoleARN = "acs:ram::1:role/other" }, contract.CodeRoleNotAllowed, "role/other"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				w.objects.Store(bucket, meta, "{}\n")
				test.change(w)
				task := w.open()
				_, err := execute(t.Context(), w, w.plans().Plan, contract.PlanInput{Task: task})
				if says := wantRefusal(t, err, test.code); !strings.Contains(says, test.says) {
					t.Errorf("message = %q; want it to name %s: %s", says, test.says, test.reason)
				}
			})
		})
	}
}

// Waiting does not bring an offset table back: the task ends, and is reported
// without the raw lines.
// The plan and a check say the same of what is no manifest, and the store is
// left as it was.
func TestFilesThatAreNoManifest(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ content, says string }{
		"Gzip":  {"\x1f\x8b\x08\x00\n\n\n\n", "is gzip data and no text; unpack it"},
		"UTF16": {"{\x00\"\x00O\x00\n\x00", "is text in UTF-16 LE; save it as UTF-8"},
		"Page":  {"<!doctype html>\n<html>\n</html>\n", "is a web page (HTML)"},
		"Array": {"[" + add("p", "a.jpg") + "]", "is a JSON array"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				w.objects.Store(bucket, meta, test.content)
				_, err := execute(t.Context(), w, w.plans().Plan, contract.PlanInput{Task: w.open()})
				if says := wantRefusal(t, err, contract.CodeInvalidManifest); !strings.HasPrefix(says, "oss://photos/catalogue/increment.meta "+test.says) {
					t.Errorf("plan: %q; want it named by %q", says, test.says)
				}
				_, err = execute(t.Context(), w, w.reports().Check, contract.CheckInput{Bucket: bucket, Path: folder})
				if says := wantRefusal(t, err, contract.CodeInvalidManifest); !strings.HasPrefix(says, "oss://photos/catalogue/increment.meta "+test.says) {
					t.Errorf("check: %q; want it named by %q", says, test.says)
				}
			})
		})
	}
}

func TestOffsetTableThatIsGone(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		task := w.begin(w.pictures(4)...)
		list := w.plan(task, 2)
		w.objects.Drop(results, list.OffsetsKey)
		_, err := execute(t.Context(), w, w.slices().Slice, contract.SliceInput{Task: task, List: list})
		says := wantRefusal(t, err, contract.CodePlanLost)
		for _, want := range []string{list.OffsetsKey, "start the batch again", "lifecycle rule for tasks/"} {
			if !strings.Contains(says, want) {
				t.Errorf("message = %q; want it to tell %q", says, want)
			}
		}
		w.close(task, contract.StateFail, says)
		w.report(task)
		_, err = execute(t.Context(), w, w.reports().Sign, contract.ReportInput{Task: task, Rest: true})
		wantRefusal(t, err, contract.CodeManifestChanged)
	})
}

func TestOffsetTableThatMayNotBeRead(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		task := w.begin(w.pictures(2)...)
		list := w.plan(task, 2)
		w.objects.Fault = func(_ context.Context, verb, bucket, _ string) error {
			if verb == "Open" && bucket == results {
				return activities.ErrDenied
			}
			return nil
		}
		_, err := execute(t.Context(), w, w.slices().Slice, contract.SliceInput{Task: task, List: list})
		if says := wantRefusal(t, err, contract.CodeConsoleNoPermission); !strings.Contains(says, "grant oss:PutObject and oss:GetObject on "+results) {
			t.Errorf("message = %q; want the right that is missing", says)
		}
	})
}

func TestPlanOfAClosedOrUnknownTask(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		older := w.begin("{}")
		w.open() // closes it
		_, err := execute(t.Context(), w, w.plans().Plan, contract.PlanInput{Task: older})
		wantRefusal(t, err, contract.CodeFenceClosed)
		_, err = execute(t.Context(), w, w.plans().Plan, contract.PlanInput{Task: 999})
		wantRefusal(t, err, contract.CodeTaskNotFound)
	})
}

func TestPlanGoesOnWithoutARegion(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		w.objects.Fault = func(_ context.Context, verb, _, _ string) error {
			if verb == "Region" {
				return activities.ErrDenied
			}
			return nil
		}
		if list := w.plan(w.begin("{}"), 0); list.Lines != 1 {
			t.Errorf("lines = %d; want 1: asking for the region takes a right of its own", list.Lines)
		}
	})
}

func TestPlanStoreTroubleIsTriedAgain(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(o *fakes.Objects){
		"Open": func(o *fakes.Objects) { o.Fault = failing("Open", errors.New("connection refused")) },
		"Put":  func(o *fakes.Objects) { o.Fault = failing("Put", errors.New("connection refused")) },
		"Body": func(o *fakes.Objects) { o.Body = brokenBody },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				task := w.begin("{}")
				change(w.objects)
				_, err := execute(t.Context(), w, w.plans().Plan, contract.PlanInput{Task: task})
				wantTransient(t, err)
				w.objects.Fault, w.objects.Body = nil, nil
				if list := w.plan(task, 0); list.Lines != 1 {
					t.Errorf("lines = %d afterwards; want 1", list.Lines)
				}
			})
		})
	}
}

func TestPlanShortReadIsTriedAgain(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		task := w.begin("{}", "{}")
		w.objects.Body = shortBody
		_, err := execute(t.Context(), w, w.plans().Plan, contract.PlanInput{Task: task})
		if says := wantTransient(t, err); !strings.Contains(says, "3 bytes did not arrive") {
			t.Errorf("message = %q; want how much arrived", says)
		}
	})
}

func TestPlanRepeatedKeepsTheFirst(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		task := w.begin("{}", "{}", "{}")
		first := w.plan(task, 2)
		w.objects.Store(bucket, meta, "{}\n")
		if diff := cmp.Diff(first, w.plan(task, 1)); diff != "" {
			t.Errorf("a changed manifest changed the plan (-first +second):\n%s", diff)
		}
	})
}

func TestPlanOfTwoAttemptsThatReadDifferentVersions(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		task := w.begin("{}", "{}", "{}")
		var kept contract.WorkList
		w.objects.Fault = func(_ context.Context, verb, in, _ string) error {
			if verb == "Put" && in == results {
				w.objects.Fault = nil // only the outer attempt is overtaken
				w.objects.Store(bucket, meta, "{}\n{}\n{}\n{}\n{}\n")
				kept = w.plan(task, 2)
			}
			return nil
		}
		if diff := cmp.Diff(w.plan(task, 2), kept); diff != "" {
			t.Errorf("the attempts disagree (-outer +inner):\n%s", diff)
		}
		if kept.Lines != 5 {
			t.Errorf("lines = %d; want the 5 of the attempt that was first", kept.Lines)
		}
		checkTiles(w, "{}\n{}\n{}\n{}\n{}\n", kept)
	})
}

func TestPlanCancel(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		task := w.begin("{}")
		w.objects.Body = stalledBody
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			_, err := execute(ctx, w, w.plans().Plan, contract.PlanInput{Task: task})
			ended <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-ended; err == nil {
			t.Error("a canceled plan succeeded")
		}
		if plan, err := w.ledger.Task(t.Context(), task); err != nil || plan.Planned {
			t.Errorf("planned = %t, %v; want nothing recorded", plan.Planned, err)
		}
	})
}
