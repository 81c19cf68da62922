package indextest

import (
	"fmt"
	"sync"
	"testing"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

// inBucket is where the pictures of the suite's single additions come from.
func inBucket(run string) contract.PicContent {
	return contract.PicContent{Bucket: "uploads", Key: run + ".jpg", RoleARN: "acs:ram::1:role/reader", Uploaded: true}
}

func (w *world) ref(product, name string) contract.PictureRef {
	return contract.PictureRef{Instance: w.instance, ProductID: product, PicName: name}
}

func (w *world) picture(product, name string) contract.Picture {
	w.Helper()
	picture, err := w.index.Picture(w.Context(), w.ref(product, name))
	w.must(err)
	return picture
}

// addImage stores the picture that a line of that seed would.
func (w *world) addImage(run, product, name string, seed byte) contract.Picture {
	w.Helper()
	w.must(w.index.AddImage(w.Context(), run, w.instance, *adds(0, product, name, seed).Put, inBucket(run)))
	return w.picture(product, name)
}

func testAddImage(t *testing.T, open Open) {
	t.Run("StoresThePicture", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		task := w.begin()
		got := w.addImage("run", "p", "a.jpg", 5)
		want := drawn("p", "a.jpg", 5, 0)
		want.Task = got.Task
		wantSame(t, "the picture", got, want)
		if got.Task <= task {
			t.Errorf("the addition has number %d, and a task that began before has %d", got.Task, task)
		}
		vector, version, err := w.index.Vector(w.Context(), w.ref("p", "a.jpg"))
		w.must(err)
		wantSame(t, "the vector", vector, vectorOf(5, 0))
		wantSame(t, "its version", version, Features)
		w.wantPictures(1)
		if next := w.begin(); next <= got.Task {
			t.Errorf("task %d began after addition %d", next, got.Task)
		}
	})
	t.Run("OrdersAgainstTasks", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		older, list := w.task(4, 0, 4)
		w.commit(older, list, 0, adds(1, "p", "a", 0))
		added := w.addImage("run", "p", "a", 1)
		w.commit(older, list, 0, adds(2, "p", "a", 2), deletes(3, "p", "a"))
		w.deleteProduct(older, list, 0, 4, "p")
		wantSame(t, "the picture after lines of the older task", w.picture("p", "a"), added)
		newer, list := w.task(2, 0, 2)
		w.commit(newer, list, 0, adds(1, "p", "a", 3))
		w.wantVersion("p", "a", newer, 1)
	})
	t.Run("RepeatChangesNothing", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		w.addImage("run", "p", "a", 1)
		later := w.addImage("later", "p", "a", 2)
		wantSame(t, "the picture after the repeat", w.addImage("run", "p", "a", 1), later)
		_, err := w.index.DeleteImage(w.Context(), "deletion", w.ref("p", "a"), nil)
		w.must(err)
		w.must(w.index.AddImage(w.Context(), "run", w.instance, *adds(0, "p", "a", 1).Put, inBucket("run")))
		w.wantAbsent("p", "a")
		w.must(w.index.DeleteInstance(w.Context(), "removal", w.instance))
		w.must(w.index.AddImage(w.Context(), "run", w.instance, *adds(0, "p", "a", 1).Put, inBucket("run")))
	})
	t.Run("AtOnce", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 100)
		var group sync.WaitGroup
		problems := make([]error, 60)
		for n := range problems {
			group.Go(func() { // three attempts at each of twenty
				put := *adds(0, "p", drawnName(int64(n%20)), 0).Put
				problems[n] = w.index.AddImage(t.Context(), fmt.Sprint("run", n%20), w.instance, put, inBucket("x"))
			})
		}
		group.Wait()
		numbers := make(map[int64]bool)
		for n, err := range problems {
			w.must(err)
			numbers[w.picture("p", drawnName(int64(n%20))).Task] = true
		}
		w.wantPictures(20)
		if len(numbers) != 20 {
			t.Errorf("twenty additions have %d numbers", len(numbers))
		}
	})
	t.Run("Refusals", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 2)
		add := func(put activities.Outcome) error {
			return w.index.AddImage(w.Context(), "refused", w.instance, *put.Put, inBucket("refused"))
		}
		w.addImage("one", "p", "a", 0)
		w.addImage("two", "p", "b", 0)
		wantCode(t, add(adds(0, "p", "c", 0)), contract.CodeInstanceOverQuota)
		w.addImage("three", "p", "b", 1) // an overwrite takes no room
		foreign, short := adds(0, "p", "a", 0), adds(0, "p", "a", 0)
		foreign.Put.FeatureVersion = "test-2"
		short.Put.Vector = short.Put.Vector[:5]
		wantCode(t, add(foreign), contract.CodeFeatureVersion)
		wantCode(t, add(short), contract.CodeFeatureVersion)
		w.wantAbsent("p", "c")
		w.wantPictures(2)
		_, err := w.index.DeleteImage(w.Context(), "deletion", w.ref("p", "a"), nil)
		w.must(err)
		w.must(add(adds(0, "p", "c", 0))) // a refusal is not remembered
		wantCode(t, w.index.AddImage(w.Context(), "lost", "nowhere", *adds(0, "p", "c", 0).Put, inBucket("lost")), contract.CodeInstanceNotFound)
		w.must(w.index.DeleteInstance(w.Context(), "removal", w.instance))
		wantCode(t, w.index.AddImage(w.Context(), "late", w.instance, *adds(0, "p", "c", 0).Put, inBucket("late")), contract.CodeInstanceNotFound)
	})
}

func testUpdateImage(t *testing.T, open Open) {
	content, number, text := "updated", int32(-1), "blue"
	some := contract.Attributes{CustomContent: &content, IntAttrs: [4]*int32{3: &number}, StrAttrs: [4]*string{&text}}
	updated := func(picture contract.Picture) contract.Picture {
		picture.CustomContent, picture.IntAttrs[3], picture.StrAttrs[0] = &content, &number, &text
		return picture
	}
	t.Run("ChangesWhatIsGiven", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		before, other := w.addImage("run", "p", "a", 0), w.addImage("other", "p", "b", 0)
		w.must(w.index.UpdateImage(w.Context(), "nothing", w.ref("p", "a"), contract.Attributes{}))
		wantSame(t, "the picture after an update of nothing", w.picture("p", "a"), before)
		w.must(w.index.UpdateImage(w.Context(), "update", w.ref("p", "a"), some))
		wantSame(t, "the picture", w.picture("p", "a"), updated(before))
		wantSame(t, "the other picture", w.picture("p", "b"), other)
		w.addImage("again", "p", "a", 9)
		wantSame(t, "the picture added again", w.picture("p", "a").CustomContent, drawn("p", "a", 9, 0).CustomContent)
	})
	t.Run("SurvivesOlderLines", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		older, list := w.task(4, 0, 4)
		w.commit(older, list, 0, adds(1, "p", "a", 0))
		w.must(w.index.UpdateImage(w.Context(), "update", w.ref("p", "a"), some))
		want := drawn("p", "a", 7, 2)
		want.Task, want.Line = older, 2
		w.commit(older, list, 0, adds(2, "p", "a", 7))
		wantSame(t, "the picture, field by field", w.picture("p", "a"), updated(want))
		want = drawn("p", "a", 8, 4)
		want.Task, want.Line = older, 4
		w.commit(older, list, 0, deletes(3, "p", "a"), adds(4, "p", "a", 8))
		wantSame(t, "the picture, deleted and added by older lines", w.picture("p", "a"), updated(want))
	})
	t.Run("RepeatChangesNothing", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		w.addImage("run", "p", "a", 0)
		w.must(w.index.UpdateImage(w.Context(), "update", w.ref("p", "a"), some))
		later := "later"
		w.must(w.index.UpdateImage(w.Context(), "later", w.ref("p", "a"), contract.Attributes{CustomContent: &later}))
		w.must(w.index.UpdateImage(w.Context(), "update", w.ref("p", "a"), some))
		wantSame(t, "the field", w.picture("p", "a").CustomContent, &later)
		_, err := w.index.DeleteImage(w.Context(), "deletion", w.ref("p", "a"), nil)
		w.must(err)
		w.must(w.index.UpdateImage(w.Context(), "update", w.ref("p", "a"), some))
	})
	t.Run("Refusals", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		w.addImage("run", "p", "a", 0)
		wantCode(t, w.index.UpdateImage(w.Context(), "absent", w.ref("p", "A"), some), contract.CodePicNotExist)
		w.addImage("added since", "p", "A", 0)
		w.must(w.index.UpdateImage(w.Context(), "absent", w.ref("p", "A"), some)) // a refusal is not remembered
		nowhere := contract.PictureRef{Instance: "nowhere", ProductID: "p", PicName: "a"}
		wantCode(t, w.index.UpdateImage(w.Context(), "lost", nowhere, some), contract.CodeInstanceNotFound)
		w.must(w.index.DeleteInstance(w.Context(), "removal", w.instance))
		wantCode(t, w.index.UpdateImage(w.Context(), "late", w.ref("p", "a"), some), contract.CodeInstanceNotFound)
	})
}

// testSources is about what is known of a picture beside what is shown.
func testSources(t *testing.T, open Open) {
	w := newWorld(t, open, 10)
	task, list := w.task(2, 0, 2)
	w.commit(task, list, 0, adds(1, "p", "folder/a.jpg", 0))
	w.addImage("run", "p", "b.jpg", 0)
	source := func(picture contract.Picture) manifest.Source {
		t.Helper()
		content, err := w.index.Source(w.Context(), picture)
		w.must(err)
		return content
	}
	of := w.beginInput()
	wantSame(t, "the source of a line", source(w.picture("p", "folder/a.jpg")),
		manifest.Source{Bucket: of.Bucket, Key: "spring/folder/a.jpg", OrKey: "folder/a.jpg", RoleARN: of.RoleARN})
	old := w.picture("p", "b.jpg")
	wantSame(t, "the source of an addition", source(old), manifest.SourceOf(inBucket("run")))
	w.addImage("again", "p", "b.jpg", 0)
	wantSame(t, "the source of the next addition", source(w.picture("p", "b.jpg")), manifest.SourceOf(inBucket("again")))
	for name, unknown := range map[string]contract.Picture{
		"Replaced":        old,
		"NoSuchTask":      {ProductID: "p", PicName: "c", Task: 1 << 40, Line: 1},
		"NoSuchOperation": {ProductID: "p", PicName: "c", Task: 1 << 40},
	} {
		content, err := w.index.Source(w.Context(), unknown)
		wantCode(t, err, contract.CodePicNotExist)
		wantSame(t, name, content, manifest.Source{})
	}

	_, _, err := w.index.Vector(w.Context(), w.ref("p", "c"))
	wantCode(t, err, contract.CodePicNotExist)
	_, _, err = w.index.Vector(w.Context(), contract.PictureRef{Instance: "nowhere", ProductID: "p", PicName: "b.jpg"})
	wantCode(t, err, contract.CodeInstanceNotFound)
	vector, _, err := w.index.Vector(w.Context(), w.ref("p", "folder/a.jpg"))
	w.must(err)
	wantSame(t, "the vector of a line", vector, vectorOf(0, 1))
}
