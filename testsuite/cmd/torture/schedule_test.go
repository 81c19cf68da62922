package main

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The same seed draws the same troubles.
func TestSeedRepeatsTheSchedule(t *testing.T) {
	t.Parallel()
	draw := func(seed uint64) (drawn []string) {
		torture := &torture{seed: seed}
		chaos, dealt := torture.random(1), newLane(torture, 0).fates
		for range 50 {
			kind, d, rules := objectTrouble(chaos)
			drawn = append(drawn, fmt.Sprint(kind, d, len(rules), dealt.next()))
		}
		return drawn
	}
	if diff := cmp.Diff(draw(7), draw(7)); diff != "" {
		t.Errorf("two draws of one seed differ:\n%s", diff)
	}
	if cmp.Equal(draw(7), draw(8)) {
		t.Error("two seeds draw the same")
	}
}

// Whatever the seed, a run of two tasks a lane has seen a task outlived and one
// that was left alone, and every round after that sees each ending.
func TestEveryEndingComesInEachRound(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		for n := range 3 {
			dealt := newLane(&torture{seed: seed, lines: 6000}, n).fates
			deal := func(tasks int) map[ending]int {
				seen := map[ending]int{}
				for range tasks {
					f := dealt.next()
					seen[f.ending]++
					if f.forgotten && f.ending != terminated {
						t.Errorf("seed %d: fate %+v is forgotten and not terminated", seed, f)
					}
				}
				return seen
			}
			if diff := cmp.Diff(map[ending]int{untouched: 1, outlived: 1}, deal(2)); diff != "" {
				t.Errorf("seed %d, lane %d opens with (-want +got):\n%s", seed, n, diff)
			}
			for range 4 {
				want := []ending{untouched, canceled, terminated, outlived}
				if diff := cmp.Diff(want, slices.Sorted(maps.Keys(deal(len(endings))))); diff != "" {
					t.Errorf("seed %d, lane %d: endings of a round (-want +got):\n%s", seed, n, diff)
				}
			}
		}
	}
}

func TestShuffledKeepsTheCards(t *testing.T) {
	t.Parallel()
	cards := []int{1, 2, 2, 3, 4, 5}
	mixed := shuffled((&torture{seed: 1}).random(1), cards)
	if diff := cmp.Diff([]int{1, 2, 2, 3, 4, 5}, cards); diff != "" {
		t.Errorf("the deck itself changed (-want +got):\n%s", diff)
	}
	if slices.Sort(mixed); !cmp.Equal(cards, mixed) {
		t.Errorf("cards %v, want those of %v", mixed, cards)
	}
}

// Planted faults and their absence take turns where pictures stay what they are;
// where they are replaced, no fault is planted beside.
func TestMix(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		lane, task int
		bad        bool
	}{{0, 0, true}, {0, 1, false}, {0, 2, true}, {1, 0, false}, {1, 1, false}} {
		if got := newLane(&torture{lines: 6000}, tc.lane).mix(tc.task).Bad; got != tc.bad {
			t.Errorf("lane %d, task %d: planted faults %t, want %t", tc.lane, tc.task, got, tc.bad)
		}
	}
}
