package pool_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"imagebatch/activities"
	"imagebatch/activities/imaging/pool"
	"imagebatch/testsuite/fakes"
	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

func TestPoolAnswersAsTheImagerInItsChildren(t *testing.T) {
	t.Parallel()
	p := newPool(t, nil)
	own := &fakes.Imager{}
	for name, test := range map[string]struct {
		data string
		view activities.View
	}{
		"Whole":       {data: fakes.Picture(640, 480, "a")},
		"Detected":    {data: fakes.Picture(640, 480, "a"), view: activities.View{Detect: true}},
		"Region":      {data: fakes.Picture(640, 480, "b"), view: activities.View{Region: &manifest.Region{X1: 1, X2: 300, Y1: 2, Y2: 200}}},
		"Rotated":     {data: "JPEG 10x20 o6 c"},
		"Large":       {data: fakes.Picture(300, 300, strings.Repeat("x", 4<<20))},
		"Unsupported": {data: "nonsense"},
		"Empty":       {data: ""},
		"Undecodable": {data: fakes.Picture(300, 300, "damaged")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			type result struct {
				Header                    activities.Header
				Feature                   activities.Feature
				Unsupported, CannotDecode bool
				Text                      string
			}
			run := func(imager activities.Imager) (r result) {
				picture, err := imager.Open(t.Context(), []byte(test.data))
				if err == nil {
					defer picture.Close()
					r.Header = picture.Header()
					r.Feature, err = picture.Featurize(t.Context(), test.view)
				}
				if err != nil {
					r.Text = err.Error()
				}
				r.Unsupported, r.CannotDecode = errors.Is(err, activities.ErrUnsupportedFormat), errors.Is(err, activities.ErrUndecodable)
				return r
			}
			if diff := cmp.Diff(run(own), run(p)); diff != "" {
				t.Errorf("(-in process +pool):\n%s", diff)
			}
		})
	}
}

func TestExactlyThePoisonedPicturesFail(t *testing.T) {
	t.Parallel()
	p := newPool(t, func(c *pool.Config) { c.Deadline = 6 * time.Second })
	const crash, slow = contract.CodeUnsupportedPicFormat, contract.CodeExtractFeatureTimeout
	poisons := map[int]struct {
		order string
		code  contract.Code
		says  string
	}{
		7:  {"pixels:abort", crash, "crashes the decoder (SIGABRT: abort)"},
		13: {"header:abort", crash, "crashes the decoder (SIGABRT: abort)"},
		21: {"pixels:hang", slow, "longer than 6s"},
		22: {"header:hang", slow, "longer than 6s"},
		31: {"pixels:memory", crash, "out of memory"},
		40: {"pixels:panic", crash, "crashes the decoder (panic: of the decoder)"},
		50: {"header:exit", crash, "crashes the decoder (exit status 0)"},
		51: {"pixels:kill", crash, "crashes the decoder (signal: killed)"},
	}
	var pictures sync.WaitGroup
	for n := range 60 {
		poison := poisons[n]
		pictures.Go(func() {
			_, err := feature(t.Context(), p, fakes.Picture(200, 200, fmt.Sprint("seed", n, poison.order)))
			var refusal *contract.Error
			switch {
			case poison.order == "" && err != nil:
				t.Errorf("picture %d: %v", n, err)
			case poison.order != "" && !(errors.As(err, &refusal) && refusal.Code == poison.code && strings.Contains(refusal.Message, poison.says)):
				t.Errorf("picture %d: error = %v; want %s with %q", n, err, poison.code, poison.says)
			}
		})
	}
	pictures.Wait()
	// The last two may have been poisoned ones: no child is left of them.
	if _, err := feature(t.Context(), p, fakes.Picture(200, 200, "the last one")); err != nil {
		t.Error(err)
	}
	p.Settle()
	if busy, idle := p.PIDs(); len(busy) != 0 || len(idle) == 0 || len(idle) > 2 {
		t.Errorf("children: busy %v, idle %v; want one or two, idle", busy, idle)
	}
}

func TestPictureThatCrashesOnceIsTriedAgain(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "tokens")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	tokens, err := unix.Open(pipe, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(tokens)
	p := newPool(t, func(c *pool.Config) { c.Deadline, c.Command = 2*time.Second, append(c.Command, pipe) })
	for _, order := range []string{"header:abort", "pixels:abort", "pixels:hang", "header:kill", "pixels:memory"} {
		picture := fakes.Picture(200, 200, order+"@once")
		want, err := feature(t.Context(), &fakes.Imager{}, picture)
		if err != nil {
			t.Fatal(err)
		}
		token := []byte{1}
		if _, err := unix.Write(tokens, token); err != nil {
			t.Fatal(err)
		}
		got, err := feature(t.Context(), p, picture)
		if err != nil {
			t.Errorf("%s: %v", order, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", order, diff)
		}
		if _, err := unix.Read(tokens, token); !errors.Is(err, unix.EAGAIN) {
			t.Errorf("%s: no child has obeyed", order)
		}
	}
}

func TestIdleChildThatIsKilledCostsNothing(t *testing.T) {
	t.Parallel()
	p := newPool(t, func(c *pool.Config) { c.Processes = 1 })
	for n := range 5 {
		if _, err := feature(t.Context(), p, fakes.Picture(200, 200, "good")); err != nil {
			t.Fatalf("picture %d: %v", n, err)
		}
		if err := syscall.Kill(onlyIdle(t, p), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
}

func TestChildKilledWithAPictureInHandIsReplaced(t *testing.T) {
	t.Parallel()
	p := newPool(t, func(c *pool.Config) { c.Processes = 1 })
	picture, err := p.Open(t.Context(), []byte(fakes.Picture(200, 200, "good")))
	if err != nil {
		t.Fatal(err)
	}
	defer picture.Close()
	before, _ := p.PIDs()
	if err := syscall.Kill(before[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if _, err := picture.Featurize(t.Context(), activities.View{}); err != nil {
		t.Error(err)
	}
	if after, _ := p.PIDs(); len(after) != 1 || after[0] == before[0] {
		t.Errorf("busy children were %v and are %v; want another one", before, after)
	}
	p.Settle()
	if exists(before[0]) {
		t.Errorf("child %d is left as a zombie", before[0])
	}
}

func TestChildrenIgnoreRequestsToStop(t *testing.T) {
	t.Parallel()
	p := newPool(t, func(c *pool.Config) { c.Processes = 1 })
	for range 3 {
		if _, err := feature(t.Context(), p, fakes.Picture(200, 200, "good")); err != nil {
			t.Fatal(err)
		}
		pid := onlyIdle(t, p)
		for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
			if err := syscall.Kill(pid, signal); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := feature(t.Context(), p, fakes.Picture(200, 200, "good")); err != nil {
			t.Fatal(err)
		}
		if now := onlyIdle(t, p); now != pid {
			t.Errorf("child %d was replaced by %d", pid, now)
		}
	}
}

func TestChildrenAreReplacedAfterSoManyPictures(t *testing.T) {
	t.Parallel()
	p := newPool(t, func(c *pool.Config) { c.Processes, c.Recycle = 1, 3 })
	served := map[int]int{}
	for n := range 9 {
		picture, err := p.Open(t.Context(), []byte(fakes.Picture(200, 200, fmt.Sprint("n", n))))
		if err != nil {
			t.Fatal(err)
		}
		busy, _ := p.PIDs()
		served[busy[0]]++
		picture.Close()
	}
	if len(served) != 3 {
		t.Errorf("pictures by child: %v; want three children with three each", served)
	}
}

func TestWaitingForAChildEndsWithTheContext(t *testing.T) {
	t.Parallel()
	p := newPool(t, func(c *pool.Config) { c.Processes = 1 })
	held, err := p.Open(t.Context(), []byte(fakes.Picture(200, 200, "held")))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error)
	go func() {
		_, err := p.Open(ctx, []byte(fakes.Picture(200, 200, "waits")))
		failed <- err
	}()
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v; want that of the context", err)
	}
	held.Close()
	held.Close() // once more does no harm
	if _, err := feature(t.Context(), p, fakes.Picture(200, 200, "next")); err != nil {
		t.Error(err)
	}
}

func TestClosedPoolSaysNothingAboutPictures(t *testing.T) {
	t.Parallel()
	p := newPool(t, nil)
	held, err := p.Open(t.Context(), []byte(fakes.Picture(200, 200, "held")))
	if err != nil {
		t.Fatal(err)
	}
	busy, _ := p.PIDs()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if exists(busy[0]) {
		t.Errorf("child %d is left", busy[0])
	}
	_, featurize := held.Featurize(t.Context(), activities.View{})
	held.Close()
	_, open := p.Open(t.Context(), []byte(fakes.Picture(200, 200, "late")))
	for _, err := range []error{featurize, open} {
		var refusal *contract.Error
		if err == nil || errors.As(err, &refusal) || errors.Is(err, activities.ErrUndecodable) || errors.Is(err, activities.ErrUnsupportedFormat) {
			t.Errorf("error = %v; want one that may pass", err)
		}
	}
}
