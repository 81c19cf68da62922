package activities_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"sync"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3" // another program that has the file open

	"imagebatch/workflows/contract"
)

// lockFor keeps everybody from writing the database, and returns a function that
// waits until that is over.
func lockFor(t *testing.T, file string, lasting time.Duration) (wait func()) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+file+"?_busy_timeout=5000&_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	tx, err := db.BeginTx(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	group.Go(func() {
		<-time.After(lasting)
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return group.Wait
}

// A database that another program holds for seconds costs these seconds and
// nothing else. Time is real here: SQLite itself waits.
func TestSliceWaitsForALockedDatabase(t *testing.T) {
	t.Parallel()
	const lasting = 3 * time.Second
	for name, test := range map[string]struct {
		careful bool
		at      string // the picture that is decoded when the database gets locked
	}{
		"BeforeItBegan": {},
		"Halfway":       {at: "seed100"},
		"Careful":       {careful: true, at: "seed7"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "index.db")
			w := newWorld(t, contract.ServiceProduct, file)
			defer w.ledger.Close()
			pictures := 200
			if test.careful {
				pictures = 20
			}
			task := w.begin(w.pictures(pictures)...)
			list := w.plan(task, 1000)
			if test.careful {
				w.lose(task, 0, list, 0, 0)
			}
			wait := func() {}
			w.imager.Featurize = func(_ context.Context, seed string) error {
				if seed == test.at {
					wait = lockFor(t, file, lasting)
				}
				return nil
			}
			if test.at == "" {
				wait = lockFor(t, file, lasting)
			}
			start := time.Now()
			result := must(w, w.slices().Slice, contract.SliceInput{Task: task, List: list})
			wait()
			if !result.Whole || result.Tally.Succeeded != int64(pictures) {
				t.Errorf("result = %+v; want all %d", result, pictures)
			}
			if took := time.Since(start); took < lasting {
				t.Errorf("it took %s; the database was locked for %s", took, lasting)
			}
			w.checkReturned()
		})
	}
}

// What only reads is answered while another program holds the database. Time is
// real here too.
func TestQuestionsAreAnsweredWhileTheDatabaseIsLocked(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "index.db")
	w := newWorld(t, contract.ServiceProduct, file)
	defer w.ledger.Close()
	w.runAll(w.begin(w.pictures(3)...), 0)
	object := contract.PicContent{Bucket: bucket, Key: folder + "/1.jpg"}
	const lasting = 10 * time.Second
	began := time.Now()
	wait := lockFor(t, file, lasting)
	defer wait()
	if got := must(w, w.images().Search, contract.SearchInput{Instance: "shop", PicContent: object}); got.Hits[0].PicName != "1.jpg" {
		t.Errorf("search: %+v", got.Hits)
	}
	if got := must(w, w.images().Compare, contract.CompareInput{Instance: "shop", Primary: object, Secondary: object}); got.Score != 1 {
		t.Errorf("compare: %v", got.Score)
	}
	if got := must(w, w.images().Exists, ref("p1", "1.jpg")); !got.Exists {
		t.Error("the picture is said not to exist")
	}
	if took := time.Since(began); took >= lasting {
		t.Errorf("it took %s, and the database was locked for %s", took, lasting)
	}
	if _, err := w.ledger.Allow(t.Context(), "shop", contract.RateUpdate, time.Now); err != nil {
		t.Errorf("what writes waits for its turn: %v", err)
	}
}
