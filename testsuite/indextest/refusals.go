package indextest

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
)

func drawnName(line int64) string { return fmt.Sprintf("%05d.jpg", line) }

// testRefusals is about puts that the index turns down: faults of their lines.
func testRefusals(t *testing.T, open Open) {
	t.Run("Capacity", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 2)
		task, list := w.task(8, 0, 8)
		record := w.commit(task, list, 0, adds(1, "p", "a", 0), adds(2, "p", "b", 0), adds(3, "p", "c", 0), adds(4, "p", "a", 0))
		wantSame(t, "tally", record.Tally, contract.Tally{
			Counts: contract.Counts{Succeeded: 3, Failed: 1}, Stages: contract.Stages{Fetched: 4, Validated: 4, Featurized: 4, Indexed: 3},
			Codes: map[contract.Code]int64{contract.CodeInstanceOverQuota: 1},
		})
		w.wantVersion("p", "a", task, 4) // an overwrite takes no room
		w.wantAbsent("p", "c")
		for failure, err := range w.ledger.Failures(w.Context(), task) {
			w.must(err)
			if !strings.Contains(failure.Message, "2 pictures") {
				t.Errorf("the message does not name the limit: %q", failure.Message)
			}
			failure.Message = ""
			wantSame(t, "the failure", failure, activities.Failure{Line: 3, Offset: 200, Length: 99, Operation: "ADD", Product: "p", Picture: "c",
				Code: contract.CodeInstanceOverQuota, Attempts: 1})
		}
		w.commit(task, list, 0, deletes(5, "p", "b"), adds(6, "p", "d", 0)) // a deletion makes room
		w.wantVersion("p", "d", task, 6)
		w.wantPictures(2)
	})
	t.Run("CapacityRace", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 40)
		task, list := w.task(96, 0, 8)
		var group sync.WaitGroup
		errs := make([]error, list.Slices)
		for slice := range list.Slices {
			group.Go(func() {
				for n := range int64(8) {
					line := list.FirstLine(slice) + n
					if _, err := w.index.Commit(t.Context(), batchOf(task, list, slice, adds(line, "p", drawnName(line), 0))); err != nil {
						errs[slice] = err
					}
				}
			})
		}
		group.Wait()
		for _, err := range errs {
			w.must(err)
		}
		wantSame(t, "counts", w.end(task, contract.StateSuccess).Tally.Counts, contract.Counts{Succeeded: 40, Failed: 56})
		w.wantPictures(40)
	})
	t.Run("FeatureVersion", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		task, list := w.task(8, 0, 8)
		w.commit(task, list, 0, adds(1, "p", "a", 0))
		instance, err := w.index.Instance(w.Context(), w.instance)
		w.must(err)
		wantSame(t, "the instance's features", instance.Features, Features)
		foreign, short := adds(2, "p", "b", 0), adds(3, "p", "c", 0)
		foreign.Put.FeatureVersion = "test-2"
		short.Put.Vector = short.Put.Vector[:5]
		record := w.commit(task, list, 0, foreign, short)
		wantSame(t, "codes", record.Tally.Codes, map[contract.Code]int64{contract.CodeFeatureVersion: 2})
		w.wantPictures(1)
		_, err = w.index.Search(w.Context(), w.instance, activities.SearchQuery{Vectors: []activities.QueryVector{{Vector: vectorOf(0, 1)}}, FeatureVersion: "test-2", Num: 1})
		wantCode(t, err, contract.CodeFeatureVersion)
	})
}

func testInstances(t *testing.T, open Open) {
	w := newWorld(t, open, 10)
	in := contract.CreateInstanceInput{Name: "b_two", Region: "cn-beijing", ServiceType: contract.ServiceFabric, Capacity: 7}
	made, err := w.index.CreateInstance(w.Context(), in, "request-1")
	w.must(err)
	again, err := w.index.CreateInstance(w.Context(), in, "request-1")
	w.must(err)
	wantSame(t, "the instance created again", again, made)
	if !strings.HasPrefix(made.ID, "imagesearch-cn-beijing-") || made.CreatedAt.IsZero() {
		t.Errorf("the instance is %+v", made)
	}
	wantSame(t, "the instance", contract.Instance{Name: made.Name, Region: made.Region, ServiceType: made.ServiceType, Capacity: made.Capacity},
		contract.Instance{Name: in.Name, Region: in.Region, ServiceType: in.ServiceType, Capacity: in.Capacity})
	_, err = w.index.CreateInstance(w.Context(), in, "request-2")
	wantCode(t, err, contract.CodeInstanceAlreadyExists)
	in.Capacity = 0
	_, err = w.index.CreateInstance(w.Context(), in, "request-3")
	wantCode(t, err, contract.CodeBadRequest)

	all, err := w.index.Instances(w.Context())
	w.must(err)
	wantSame(t, "names", []string{all[0].Name, all[1].Name}, []string{"b_two", "shop"})
	_, err = w.index.Instance(w.Context(), "nowhere")
	wantCode(t, err, contract.CodeInstanceNotFound)

	task, list := w.task(1200, 0, 1200)
	var outcomes []activities.Outcome
	for line := int64(1); line <= 1200; line++ {
		outcomes = append(outcomes, adds(line, "p", drawnName(line), 0))
	}
	w.commit(task, list, 0, outcomes...)
	busy := w.index.DeleteInstance(w.Context(), "removal", "shop")
	wantCode(t, busy, contract.CodeInstanceStatusError)
	for _, helps := range []string{"starter batch cancel", "starter batch get"} { // the second closes a task that was terminated
		if command := fmt.Sprintf("%s %d", helps, task); !strings.Contains(busy.Error(), command) {
			t.Errorf("%v does not name %q", busy, command)
		}
	}
	w.end(task, contract.StateStop)
	w.must(w.index.DeleteInstance(w.Context(), "removal", "shop"))
	w.must(w.index.DeleteInstance(w.Context(), "removal", "shop"))
	wantCode(t, w.index.DeleteInstance(w.Context(), "another removal", "nowhere"), contract.CodeInstanceNotFound)
	_, err = w.index.Instance(w.Context(), "shop")
	wantCode(t, err, contract.CodeInstanceNotFound)
	wantSame(t, "the task's instance", w.read(task).Instance, "shop")

	in.Name, in.Capacity = "shop", 3
	reborn, err := w.index.CreateInstance(w.Context(), in, "request-4")
	w.must(err)
	if reborn.ID == w.read(task).InstanceID || reborn.Pictures != 0 {
		t.Errorf("the new instance %+v has something of the old one", reborn)
	}
	w.wantAbsent("p", drawnName(1))

	w.must(w.index.DeleteInstance(w.Context(), "removal", "shop"))
	after, err := w.index.Instance(w.Context(), "shop")
	w.must(err)
	wantSame(t, "the new instance after a repeat of the old one's removal", after, reborn)
	w.must(w.index.DeleteInstance(w.Context(), "third removal", "shop"))
	_, err = w.index.Instance(w.Context(), "shop")
	wantCode(t, err, contract.CodeInstanceNotFound)
}
