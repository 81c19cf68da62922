package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"imagebatch/workflows/contract"
)

func TestUsageErrorsExitTwo(t *testing.T) {
	t.Parallel()
	for name, line := range map[string]string{
		"UnknownCommand":         "instances list",
		"UnknownFlag":            "instance list --all",
		"NoVerb":                 "batch",
		"MissingArgument":        "instance get",
		"UnknownOutput":          "instance list --output yaml",
		"InstanceName":           "instance get a.b",
		"ServiceType":            "instance create shop --service-type toys",
		"Capacity":               "instance create shop --capacity 0",
		"StartWithoutBucket":     "batch start shop --path /a",
		"StartBadBucket":         "batch start shop --bucket No --path /a",
		"StartPathUpwards":       "batch start shop --bucket photos --path /a/../b",
		"StartBadCallback":       "batch start shop --bucket photos --path /a --callback ftp://x",
		"StartNegativeSize":      "batch start shop --bucket photos --path /a --window -1",
		"TaskIsNoNumber":         "batch get twelve",
		"TaskIsZero":             "batch get 0",
		"WatchTaskIsZero":        "batch watch 0",
		"CancelTaskIsZero":       "batch cancel 0",
		"ReportTaskIsZero":       "batch report 0",
		"ReportFormat":           "batch report 12 --format xml",
		"ListState":              "batch list --state done",
		"ListLimit":              "batch list --limit 501",
		"ListPath":               "batch list --path a//b",
		"CheckNothing":           "batch check",
		"CheckTwoSources":        "batch check --file x --bucket photos",
		"CheckBucketWithoutPath": "batch check --bucket photos",
		"SearchNothing":          "image search shop",
		"SearchTwoPictures":      "image search shop --file a.jpg --bucket photos --key a.jpg",
		"SearchNum":              "image search shop --file a.jpg --num 101",
		"SearchRegion":           "image search shop --file a.jpg --region 40,20,60,80",
		"DeleteUnasked":          "instance delete shop",
		"EmptyMaxDeletes":        "batch start shop --bucket photos --path /a --max-deletes=",
		"EmptyMaxFailures":       "batch start shop --bucket photos --path /a --max-failures=",
		"EmptyPath":              "batch start shop --bucket photos --path=",
		"EmptyRole":              "batch start shop --bucket photos --path /a --role-arn=",
		"EmptyCallback":          "batch start shop --bucket photos --path /a --callback=",
		"EmptyFilter":            "image search shop --file a.jpg --filter=",
		"EmptyRegion":            "image add shop p a.jpg --file a.jpg --region=",
		"EmptyOut":               "batch report 12 --out=",
		"EmptyDump":              "instance dump shop --file=",
		"EmptyTaskQueue":         "--task-queue= instance list",
		"NegativeTimeout":        "instance list --timeout=-5s",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := try(t, &fakeServer{}, line)
			if got.status != exitUsage || got.stdout != "" {
				t.Errorf("exit status = %d, standard output %q; want 2 and none", got.status, got.stdout)
			}
			if !strings.HasPrefix(got.stderr, "usage: ") || strings.Count(got.stderr, "\n") != 1 || strings.Count(got.stderr, "see: starter") != 1 {
				t.Errorf("standard error = %q, want one usage line that says once where to look", got.stderr)
			}
		})
	}
}

func TestHelpNamesOnlyWhatExists(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"--help", ""} {
		got := try(t, nil, line)
		if got.status != exitDone || got.stderr != "" {
			t.Errorf("%q: exit status = %d, standard error %q", line, got.status, got.stderr)
		}
		for _, want := range []string{"batch start", "batch check", "image add", "image search", "instance rates", "instance delete", "version", "3 done", "TEMPORAL_ADDRESS"} {
			if !strings.Contains(strings.Join(strings.Fields(got.stdout), " "), want) {
				t.Errorf("%q: help lacks %q:\n%s", line, want, got.stdout)
			}
		}
		for _, absent := range []string{"dataset", "binding", "style"} {
			if strings.Contains(got.stdout, absent) {
				t.Errorf("%q: help shows %q, which does not exist", line, absent)
			}
		}
	}
}

func TestErrorsTakeOneLine(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"Refusal":  {contract.Errorf(contract.CodeInstanceNotFound, "there is no instance %q", "shop"), "Console.InstanceNotFound: there is no instance \"shop\"\n"},
		"NoWorker": {noWorkerError{"imagebatch"}, "error: no worker polls imagebatch; start one with \"make dev\", or name the task queue of a running one with --task-queue or IMAGEBATCH_TASK_QUEUE\n"},
		"Lines":    {errors.New("one\ntwo\x1b[31m"), "error: one two·[31m\n"},
		"Stopped":  {context.Canceled, "error: interrupted; what was asked for may still happen\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fakeServer{operate: answering(t, "DescribeInstance", nil, nil, test.err)}
			try(t, f, "instance get shop").want(t, exitError, "", test.want)
		})
	}
}

func TestNameThatStartsWithAHyphen(t *testing.T) {
	t.Parallel()
	for line, name := range map[string]string{
		"image get shop k -a.jpg": "-a.jpg", "image get shop k --a.jpg": "--a.jpg", "image get shop -k1 a.jpg": "-k1", "image get shop k -o.jpg": "-o.jpg",
		"image compare shop -a.jpg b.jpg": "-a.jpg", "image delete shop -17 a.jpg": "-17", "image add shop k -a.jpg --bucket b --key k": "-a.jpg",
	} {
		got := try(t, &fakeServer{}, line)
		if want := fmt.Sprintf("; if %q is a name, put -- before it, behind all flags: -- %s; see: ", name, name); got.status != exitUsage || !strings.Contains(got.stderr, want) {
			t.Errorf("%s: exit status %d, %q; want %q", line, got.status, got.stderr, want)
		}
	}
	for _, line := range []string{"image get shop k a.jpg --ouput json", "image get shop k a.jpg -x", "batch list --stat", "image get shop k a.jpg --bucke=a.b", "image get shop -- -k"} {
		if got := try(t, &fakeServer{}, line); got.status != exitUsage || strings.Contains(got.stderr, "put -- before") {
			t.Errorf("%s: exit status %d, %q; want no word of names", line, got.status, got.stderr)
		}
	}
	var sent any
	f := &fakeServer{operate: answering(t, "GetImage", &sent, contract.Picture{}, nil)}
	try(t, f, "image get shop -o json -- -k -a.jpg")
	if sent != (contract.PictureRef{Instance: "shop", ProductID: "-k", PicName: "-a.jpg"}) {
		t.Errorf("input %+v", sent)
	}
	f.operate = answering(t, "SearchImage", &sent, contract.SearchResult{}, nil)
	try(t, f, "image search shop --name=-k -a.jpg --num 3")
	if got, ok := sent.(contract.SearchInput); !ok || got.ProductID != "-k" || got.PicName != "-a.jpg" || got.Num != 3 {
		t.Errorf("input %+v", sent)
	}
}

func TestConnectionFailureTakesOneLine(t *testing.T) {
	t.Parallel()
	try(t, nil, "instance list").want(t, exitError, "", "error: connect to Temporal at nowhere: the fake did not expect this call\n")
}

func TestSettingsReachTheServer(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		line string
		env  []string
		want address
	}{
		"Defaults":    {"instance list", nil, address{queue: "imagebatch"}},
		"Environment": {"instance list", []string{"IMAGEBATCH_TASK_QUEUE=blue"}, address{queue: "blue"}},
		"Flags": {
			"--address h:1 --namespace n --profile p --task-queue q instance list", []string{"IMAGEBATCH_TASK_QUEUE=blue"},
			address{hostPort: "h:1", namespace: "n", profile: "p", queue: "q"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got address
			status := run(t.Context(), process{
				args: strings.Fields(test.line), env: test.env, stdout: new(strings.Builder), stderr: new(strings.Builder),
				dial: func(_ context.Context, to address) (server, error) {
					got = to
					return &fakeServer{operate: answering(t, "ListInstances", nil, contract.InstanceList{}, nil)}, nil
				},
			})
			got.env = nil
			if status != exitDone || got.hostPort != test.want.hostPort || got.namespace != test.want.namespace || got.profile != test.want.profile || got.queue != test.want.queue {
				t.Errorf("exit status %d, address = %+v, want %+v", status, got, test.want)
			}
		})
	}
}

func TestVersionNeedsNoServer(t *testing.T) {
	t.Parallel()
	got := try(t, nil, "version")
	if got.status != exitDone || !strings.HasPrefix(got.stdout, "imagebatch ") || strings.Contains(got.stdout, "  ") {
		t.Errorf("exit status = %d, standard output %q", got.status, got.stdout)
	}
	if got := try(t, nil, "version -o json"); !strings.Contains(got.stdout, `"go": "go`) {
		t.Errorf("standard output = %q, want the Go version as JSON", got.stdout)
	}
}
