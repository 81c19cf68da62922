package main

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestCheckupChecksOnceForAllWhoAsk(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		checks, sick := 0, errors.New("database: its disk has 0 bytes left")
		c := newCheckup(func(ctx context.Context) error {
			checks++
			<-time.After(500 * time.Millisecond)
			return sick
		})
		defer c.stop()
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				if err := c.ask(t.Context()); !errors.Is(err, sick) {
					t.Errorf("was told %v", err)
				}
			})
		}
		group.Wait()
		if checks != 1 {
			t.Errorf("%d checks for those who asked at a time; want one", checks)
		}
		<-time.After(checkLasts - 1)
		if c.ask(t.Context()); checks != 1 {
			t.Error("a fresh result was not good enough")
		}
		<-time.After(1)
		sick = nil
		if err := c.ask(t.Context()); err != nil || checks != 2 {
			t.Errorf("once it is over: %v after %d checks", err, checks)
		}
	})
}

// A disk that hangs keeps nobody waiting for it, and is not asked again and again.
func TestCheckupThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		checks, hangs := 0, make(chan struct{})
		c := newCheckup(func(context.Context) error {
			checks++
			<-hangs
			return nil
		})
		for range 3 {
			began := time.Now()
			if err := c.ask(t.Context()); err == nil || !strings.Contains(err.Error(), "look whether the disk of the database hangs") {
				t.Errorf("was told %v", err)
			}
			if took := time.Since(began); took != checkPatience {
				t.Errorf("was kept waiting for %s", took)
			}
		}
		close(hangs)
		c.stop()
		if err := c.ask(t.Context()); checks != 1 || !errors.Is(err, context.Canceled) {
			t.Errorf("%d checks were under way, and after the end it says %v", checks, err)
		}
	})
}
