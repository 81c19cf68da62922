package store_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagebatch/activities/store"
	"imagebatch/workflows/contract"
)

// clock is a time that tests move. It is safe for concurrent use.
type clock struct{ nanoseconds atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.nanoseconds.Store(time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC).UnixNano())
	return c
}

func (c *clock) now() time.Time       { return time.Unix(0, c.nanoseconds.Load()) }
func (c *clock) move(d time.Duration) { c.nanoseconds.Add(int64(d)) }

// insertInstance makes an instance without package index.
func insertInstance(t *testing.T, s *store.Store, name string, capacity int64) {
	t.Helper()
	if err := s.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(`INSERT INTO instance (name, public_id, request_id, region, service_type, capacity, created)
			VALUES (?1, ?1, ?1, 'cn-shanghai', 0, ?2, 0)`, name, capacity)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// shops is a store with a large instance, "shop", and a small one, "kiosk".
func shops(t *testing.T) (*store.Store, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "index.db")
	s := open(t, path)
	insertInstance(t, s, "shop", 2_500_000)
	insertInstance(t, s, "kiosk", 100_000)
	return s, path
}

// admitted asks until it is refused, and returns how often it was not.
func admitted(t *testing.T, s *store.Store, instance, operation string, c *clock) (times int, wait time.Duration) {
	t.Helper()
	for {
		wait, err := s.Allow(t.Context(), instance, operation, c.now)
		switch {
		case err == nil && wait == 0:
			times++
		case errors.Is(err, &contract.Error{Code: contract.CodeDeniedRequest}):
			return times, wait
		default:
			t.Fatalf("request %d: wait %s, %v", times+1, wait, err)
		}
	}
}

func TestAllow(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		reason, instance, operation string

		set   float64
		burst int           // admitted at once
		wait  time.Duration // until the next
	}{
		"Update":     {instance: "shop", operation: "UpdateImage", burst: 20, wait: 50 * time.Millisecond},
		"Delete":     {instance: "kiosk", operation: "DeleteImage", burst: 20, wait: 50 * time.Millisecond},
		"AddToLarge": {instance: "shop", operation: "AddImage", burst: 5, wait: 200 * time.Millisecond},
		"AddToSmall": {instance: "kiosk", operation: "AddImage", burst: 1, wait: time.Second},
		"Search":     {instance: "kiosk", operation: "SearchImage", burst: 5, wait: 200 * time.Millisecond},
		"Get":        {instance: "shop", operation: "GetImage", burst: 5, wait: 200 * time.Millisecond},
		"Compare":    {instance: "shop", operation: "CompareImages", burst: 5, wait: 200 * time.Millisecond},
		"Detail":     {instance: "shop", operation: "DescribeInstance", burst: 1, wait: time.Second},
		"Dump":       {instance: "shop", operation: "DumpMeta", burst: 1, wait: time.Second},
		"Raised":     {instance: "shop", operation: "DumpMeta", set: 50, burst: 50, wait: 20 * time.Millisecond},
		"Lowered":    {instance: "shop", operation: "UpdateImage", set: 0.5, burst: 1, wait: 2 * time.Second},
		"Fraction":   {reason: "two and a half are two", instance: "shop", operation: "UpdateImage", set: 2.5, burst: 2, wait: 200 * time.Millisecond},
		"Slowest":    {instance: "shop", operation: "UpdateImage", set: 0.001, burst: 1, wait: 1000 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := shops(t)
			c := newClock()
			if test.set != 0 {
				if err := s.SetRate(t.Context(), test.instance, test.operation, test.set); err != nil {
					t.Fatal(err)
				}
			}
			burst, wait := admitted(t, s, test.instance, test.operation, c)
			if burst != test.burst || wait != test.wait {
				t.Fatalf("%d at once, the next in %s; want %d, %s. %s", burst, wait, test.burst, test.wait, test.reason)
			}
			c.move(wait - 1)
			if early, left := admitted(t, s, test.instance, test.operation, c); early != 0 || left != 1 {
				t.Errorf("%d admitted a nanosecond early, %s to go", early, left)
			}
			c.move(1)
			if due, _ := admitted(t, s, test.instance, test.operation, c); due != 1 {
				t.Errorf("%d admitted when one was due", due)
			}
			c.move(time.Hour)
			if rested, _ := admitted(t, s, test.instance, test.operation, c); rested != test.burst {
				t.Errorf("%d admitted after a rest, want no more than %d", rested, test.burst)
			}
		})
	}
}

func TestRefusalSaysWhatTheLimitIs(t *testing.T) {
	t.Parallel()
	s, _ := shops(t)
	c := newClock()
	admitted(t, s, "shop", "SearchImage", c)
	_, err := s.Allow(t.Context(), "shop", "SearchImage", c.now)
	wantText(t, err, "DeniedRequest", "Your request was denied due to instance flow control.", `"shop"`, "5 a second", "SearchImage", "201ms")

	for name, test := range map[string]struct {
		instance, operation string
		code                contract.Code
	}{
		"NoInstance":  {"nowhere", "SearchImage", contract.CodeInstanceNotFound},
		"NoOperation": {"shop", "Fly", contract.CodeBadRequest},
	} {
		wait, err := s.Allow(t.Context(), test.instance, test.operation, c.now)
		if !errors.Is(err, &contract.Error{Code: test.code}) || wait != 0 {
			t.Errorf("%s: wait %s, %v; want %s", name, wait, err, test.code)
		}
	}
}

// Whatever comes when, no stretch of time sees more than its share and the burst.
func TestNoStretchOfTimeSeesMoreThanItsShare(t *testing.T) {
	t.Parallel()
	s, _ := shops(t)
	c, random := newClock(), rand.New(rand.NewPCG(7, 7))
	const rate, burst = 5, 5
	var times []time.Time
	for range 400 {
		c.move(time.Duration(random.ExpFloat64() * float64(time.Second) / (2 * rate)))
		if _, err := s.Allow(t.Context(), "shop", "SearchImage", c.now); err == nil {
			times = append(times, c.now())
		}
	}
	for i := range times {
		for j := i; j < len(times); j++ {
			if most := burst + rate*times[j].Sub(times[i]).Seconds(); float64(j-i+1) > most+1e-6 {
				t.Fatalf("%d requests were admitted within %s, at most %.1f may be", j-i+1, times[j].Sub(times[i]), most)
			}
		}
	}
	if whole := times[len(times)-1].Sub(times[0]).Seconds(); float64(len(times)) < 0.9*rate*whole {
		t.Errorf("%d requests were admitted in %.0f s of twice the rate, want nearly all that may be", len(times), whole)
	}
}

func TestRefusedRequestsDoNotWrite(t *testing.T) {
	t.Parallel()
	s, path := shops(t)
	c := newClock()
	admitted(t, s, "shop", "UpdateImage", c)
	size := func() int64 {
		info, err := os.Stat(path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	before := size()
	if err := s.Write(t.Context(), func(*store.Tx) error { // they do not wait for a writer either
		if times, _ := admitted(t, s, "shop", "UpdateImage", c); times != 0 {
			t.Errorf("%d requests were admitted", times)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if after := size(); after != before {
		t.Errorf("the log has grown from %d to %d bytes", before, after)
	}
}

func TestClockThatIsSetBackIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	s, _ := shops(t)
	c := newClock()
	admitted(t, s, "shop", "UpdateImage", c)
	c.move(-time.Hour)
	if times, _ := admitted(t, s, "shop", "UpdateImage", c); times != 20 {
		t.Errorf("%d requests were admitted, want what is admitted after a rest", times)
	}
	c.move(-time.Millisecond)
	if times, _ := admitted(t, s, "shop", "UpdateImage", c); times != 0 {
		t.Errorf("%d requests were admitted because the clock was put right by a millisecond", times)
	}
}

func TestProcessesShareARate(t *testing.T) {
	t.Parallel()
	s, path := shops(t)
	handles := []*store.Store{s, open(t, path), open(t, path)}
	c := newClock()
	for round, want := range []int64{20, 10, 1, 0} {
		var times atomic.Int64
		var group sync.WaitGroup
		for n := range 45 {
			handle := handles[n%len(handles)]
			group.Go(func() {
				switch wait, err := handle.Allow(t.Context(), "shop", "UpdateImage", c.now); {
				case err == nil:
					times.Add(1)
				case !errors.Is(err, &contract.Error{Code: contract.CodeDeniedRequest}) || wait <= 0:
					t.Errorf("wait %s, %v", wait, err)
				}
			})
		}
		group.Wait()
		if times.Load() != want {
			t.Errorf("round %d: all together were admitted %d times, want %d", round, times.Load(), want)
		}
		c.move([]time.Duration{500 * time.Millisecond, 50 * time.Millisecond, 49 * time.Millisecond, 0}[round])
	}
	for instance, operation := range map[string]string{"kiosk": "UpdateImage", "shop": "DeleteImage"} {
		if times, _ := admitted(t, s, instance, operation, c); times != 20 {
			t.Errorf("%s of %s: %d admitted, want its own 20", operation, instance, times)
		}
	}
}

func TestRatesCanBeSet(t *testing.T) {
	t.Parallel()
	s, path := shops(t)
	other := open(t, path)
	c := newClock()
	admitted(t, s, "kiosk", "AddImage", c)
	if err := s.SetRate(t.Context(), "kiosk", "AddImage", 30); err != nil {
		t.Fatal(err)
	}
	if times, _ := admitted(t, other, "kiosk", "AddImage", c); times != 30 {
		t.Errorf("%d admitted in another process, want all of the raised rate at once", times)
	}
	want := []contract.Rate{
		{Operation: "AddImage", PerSecond: 30, Adjusted: true}, {Operation: "CompareImages", PerSecond: 5},
		{Operation: "DeleteImage", PerSecond: 20}, {Operation: "DescribeInstance", PerSecond: 1}, {Operation: "DumpMeta", PerSecond: 1},
		{Operation: "GetImage", PerSecond: 5}, {Operation: "SearchImage", PerSecond: 5}, {Operation: "UpdateImage", PerSecond: 20},
	}
	rates, err := other.Rates(t.Context(), "kiosk")
	if diff := cmp.Diff(want, rates); diff != "" || err != nil {
		t.Errorf("rates (-want +got), %v:\n%s", err, diff)
	}
	if err := other.SetRate(t.Context(), "kiosk", "AddImage", 0); err != nil {
		t.Fatal(err)
	}
	want[0] = contract.Rate{Operation: "AddImage", PerSecond: 1}
	rates, err = s.Rates(t.Context(), "kiosk")
	if diff := cmp.Diff(want, rates); diff != "" || err != nil {
		t.Errorf("rates after a return to the default (-want +got), %v:\n%s", err, diff)
	}

	for name, test := range map[string]struct {
		instance, operation string
		rate                float64
		code                contract.Code
	}{
		"Negative":    {"shop", "AddImage", -1, contract.CodeBadRequest},
		"TooSlow":     {"shop", "AddImage", 0.0001, contract.CodeBadRequest},
		"TooFast":     {"shop", "AddImage", 1e9, contract.CodeBadRequest},
		"NoNumber":    {"shop", "AddImage", math.NaN(), contract.CodeBadRequest},
		"Infinite":    {"shop", "AddImage", math.Inf(1), contract.CodeBadRequest},
		"NoOperation": {"shop", strings.Repeat("x", 5000), 1, contract.CodeBadRequest},
		"NoInstance":  {"nowhere", "AddImage", 1, contract.CodeInstanceNotFound},
	} {
		err := s.SetRate(t.Context(), test.instance, test.operation, test.rate)
		if !errors.Is(err, &contract.Error{Code: test.code}) || len(err.Error()) > 2000 {
			t.Errorf("%s: %v, want %s", name, err, test.code)
		}
	}
	if _, err := s.Rates(t.Context(), "nowhere"); !errors.Is(err, &contract.Error{Code: contract.CodeInstanceNotFound}) {
		t.Errorf("rates of no instance: %v", err)
	}
}
