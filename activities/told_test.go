package activities_test

import (
	"context"
	"strings"
	"testing"

	"imagebatch/activities"
	"imagebatch/testsuite/fakes"
	"imagebatch/workflows/contract"
)

// Whatever asks an object store, a refusal is told in the store's words, with its
// code and one remedy: the one of the code, or of what was asked where the code
// has none. What time or new keys can heal ends nothing that has begun.
func TestRefusalsOfTheStore(t *testing.T) {
	t.Parallel()
	const archived, ours = "InvalidObjectState: not valid for the object's state (status 403, request 5C3D)", "oss:GetObject"
	for name, test := range map[string]struct {
		answer *fakes.Answer
		remedy string
		line   contract.Code // empty: the slice is tried again
		first  contract.Code // of the manifest, read for the first time
		again  contract.Code // by a slice
	}{
		"Archived":   {&fakes.Answer{Kind: activities.ErrRefused, Words: archived, Cure: "restore it first"}, "restore it first", contract.CodePictureError, contract.CodeBadRequest, contract.CodeBadRequest},
		"Policy":     {&fakes.Answer{Kind: activities.ErrDenied, Words: "AccessDenied: no right (status 403)"}, ours, contract.CodeNoPermission, contract.CodeConsoleNoPermission, contract.CodeConsoleNoPermission},
		"Referer":    {&fakes.Answer{Kind: activities.ErrDenied, Words: "AccessDenied: referer (status 403)", Cure: "allow no referer"}, "allow no referer", contract.CodeNoPermission, contract.CodeConsoleNoPermission, contract.CodeConsoleNoPermission},
		"WrongKey":   {&fakes.Answer{Kind: activities.ErrTurnedAway, Words: "InvalidAccessKeyId: disabled (status 403)", Cure: "check the key"}, "check the key", "", contract.CodeConsoleNoPermission, ""},
		"Expired":    {&fakes.Answer{Words: "SecurityTokenExpired: expired (status 403)", Cure: "give a new token"}, "give a new token", "", "", ""},
		"Skewed":     {&fakes.Answer{Words: "RequestTimeTooSkewed: too large (status 403)", Cure: "set the clock"}, "set the clock", "", "", ""},
		"Maintained": {&fakes.Answer{Kind: activities.ErrStranger, Words: "it is a page (status 200)", Cure: "check the proxy"}, "check the proxy", "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			told := func(what, says string) {
				t.Helper()
				if !strings.Contains(says, test.answer.Words) || !strings.Contains(says, "; ") || strings.Count(says, "; ") != 1 || !strings.Contains(says, test.remedy) {
					t.Errorf("%s: %q; want the store's words and one remedy, %q", what, says, test.remedy)
				}
				if test.remedy != ours && strings.Contains(says, "grant") {
					t.Errorf("%s: %q asks for a right that is not missing", what, says)
				}
			}
			ends := func(what string, err error, code contract.Code) {
				t.Helper()
				if code != "" {
					told(what, wantRefusal(t, err, code))
				} else {
					told(what, wantTransient(t, err))
				}
			}
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				refuse := func(refused ...string) {
					w.objects.Fault = func(_ context.Context, _, in, key string) error {
						if in != bucket {
							return nil
						}
						for _, name := range refused {
							if name == key {
								return test.answer
							}
						}
						return nil
					}
				}
				task := w.begin(w.pictures(2)...)
				refuse(meta)
				_, err := execute(t.Context(), w, w.plans().Plan, contract.PlanInput{Task: task})
				ends("plan", err, test.first)
				_, err = execute(t.Context(), w, w.reports().Check, contract.CheckInput{Bucket: bucket, Path: folder})
				ends("check", err, test.first)
				w.objects.Fault = nil
				list := w.plan(task, 10)
				refuse(meta)
				_, err = execute(t.Context(), w, w.slices().Slice, contract.SliceInput{Task: task, List: list})
				ends("slice", err, test.again)

				refuse(folder + "/0.jpg")
				in := contract.AddImageInput{PictureRef: ref("p", "a.jpg"), PicContent: contract.PicContent{Bucket: bucket, Key: folder + "/0.jpg"}}
				_, err = execute(t.Context(), w, w.images().Add, in)
				ends("operation", err, test.line)
				if test.line == "" { // a store turns away from all or from nothing
					meta, opened := meta, false
					w.objects.Fault = func(_ context.Context, _, in, key string) error {
						if in == bucket && (key != meta || opened) {
							return test.answer
						}
						opened = opened || key == meta
						return nil
					}
				}
				_, err = execute(t.Context(), w, w.slices().Slice, contract.SliceInput{Task: task, List: list})
				failures := w.failures(task)
				if test.line == "" {
					ends("lines", err, "")
					if len(failures) != 0 {
						t.Errorf("isolated %v", failures)
					}
					return
				}
				if err != nil || len(failures) != 1 || failures[1].Code != test.line {
					t.Fatalf("failures %v, %v; want the first line with %s", failures, err, test.line)
				}
				told("line", failures[1].Message)
			})
		})
	}
}
