package indextest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

func (w *world) dump() (entries []manifest.Entry) {
	w.Helper()
	w.must(w.index.Dump(w.Context(), w.instance, func(entry manifest.Entry) error {
		entries = append(entries, entry)
		return nil
	}))
	return entries
}

// dumpedOf is the entry of a picture in a dump. Without a source it is one that
// a task of the suite has stored.
func dumpedOf(put activities.PutPicture, service contract.ServiceType, from ...manifest.Source) manifest.Entry {
	p := put.Picture
	entry := manifest.Entry{Operation: manifest.Add, ProductID: p.ProductID, PicName: p.PicName,
		CustomContent: p.CustomContent, IntAttrs: p.IntAttrs, StrAttrs: p.StrAttrs}
	if service.KeepsCategories() {
		entry.CategoryID, entry.CategoryPredicted = &p.CategoryID, !put.CategoryGiven
	}
	from = append(from, manifest.Source{Bucket: "photos", Key: "spring/" + p.PicName, OrKey: p.PicName})
	entry.Source = &from[0]
	switch put.Framing {
	case activities.RegionGiven:
		entry.Region = &manifest.Region{X1: 1, X2: 2, Y1: 3, Y2: 4}
	case activities.WholeGiven:
		entry.Crop = new(bool)
	}
	return entry
}

func testDump(t *testing.T, open Open) {
	t.Run("SaysWhatIsStored", func(t *testing.T) {
		t.Parallel()
		for _, service := range []contract.ServiceType{contract.ServiceProduct, contract.ServiceGeneric} {
			w := newWorld(t, open, 10)
			w.createFor("typed", service)
			wantSame(t, "the dump of an empty instance", w.dump(), []manifest.Entry(nil))
			whole, region, detected := adds(1, "q", "a", 0), adds(2, "p", "b", 0), adds(3, "p", "B", 0)
			whole.Put.Framing, whole.Put.Picture.Region = activities.WholeGiven, ""
			region.Put.Framing = activities.RegionGiven
			detected.Put.CategoryGiven = false
			bare := adds(4, "p", "c", 0)
			bare.Put.Picture = contract.Picture{ProductID: "p", PicName: "c", Width: 1, Height: 1}
			task, list := w.task(4, 0, 4)
			w.commit(task, list, 0, whole, detected, bare)
			w.must(w.index.AddImage(w.Context(), "run", w.instance, *region.Put, inBucket("run")))
			wantSame(t, "the dump", w.dump(), []manifest.Entry{
				dumpedOf(*detected.Put, service), dumpedOf(*region.Put, service, manifest.SourceOf(inBucket("run"))), dumpedOf(*bare.Put, service), dumpedOf(*whole.Put, service),
			})
			for _, framing := range []activities.Framing{activities.RegionGiven, activities.Detected} {
				detected.Put.Framing = framing
				w.must(w.index.AddImage(w.Context(), fmt.Sprint("again", framing), w.instance, *detected.Put, inBucket("again")))
				wantSame(t, "the dump of a picture stored again", w.dump()[0], dumpedOf(*detected.Put, service, manifest.SourceOf(inBucket("again"))))
			}
		}
	})
	t.Run("PagesWhilePicturesComeAndGo", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 100_000)
		const many = 2_500 // more than any backend reads at a time
		task, list := w.task(many, 0, many)
		var outcomes []activities.Outcome
		var want []manifest.Entry
		for line := int64(1); line <= many; line++ {
			outcome := adds(line, string(rune('a'+line%3)), drawnName(line), 0)
			outcomes, want = append(outcomes, outcome), append(want, dumpedOf(*outcome.Put, contract.ServiceProduct))
		}
		w.commit(task, list, 0, outcomes...)
		slices.SortFunc(want, func(a, b manifest.Entry) int {
			return strings.Compare(a.ProductID+"/"+a.PicName, b.ProductID+"/"+b.PicName)
		})
		visited := 0
		var got []manifest.Entry
		w.must(w.index.Dump(w.Context(), w.instance, func(entry manifest.Entry) error {
			if visited++; visited == 1500 {
				w.addImage("earlier", "a", "0", 0)
				w.deleteImage("earlier too", w.ref("a", drawnName(3)), "")
			}
			got = append(got, entry)
			return nil
		}))
		wantSame(t, "the dump", got, want)
		wantSame(t, "pictures of the next dump", len(w.dump()), many)
	})
	t.Run("Refusals", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 100_000)
		task, list := w.task(2_500, 0, 2_500)
		var outcomes []activities.Outcome
		for line := int64(1); line <= 2_500; line++ {
			outcomes = append(outcomes, adds(line, "p", drawnName(line), 0))
		}
		w.commit(task, list, 0, outcomes...)
		w.end(task, contract.StateSuccess)
		visit := func(manifest.Entry) error { return nil }
		wantCode(t, w.index.Dump(w.Context(), "nowhere", visit), contract.CodeInstanceNotFound)
		enough, visits := errors.New("enough"), 0
		if err := w.index.Dump(w.Context(), w.instance, func(manifest.Entry) error {
			if visits++; visits == 7 {
				return enough
			}
			return nil
		}); !errors.Is(err, enough) || visits != 7 {
			t.Errorf("a dump that the caller ends at the 7th visit makes %d, and ends with %v", visits, err)
		}
		replaced := false
		wantCode(t, w.index.Dump(w.Context(), w.instance, func(manifest.Entry) error {
			if replaced {
				return nil
			}
			replaced = true
			w.must(w.index.DeleteInstance(w.Context(), "removal", w.instance))
			_, err := w.index.CreateInstance(w.Context(), contract.CreateInstanceInput{Name: w.instance, Region: "cn-beijing", Capacity: 10}, "again")
			return err
		}), contract.CodeInstanceNotFound)
		w.must(w.index.DeleteInstance(w.Context(), "another removal", w.instance))
		wantCode(t, w.index.Dump(w.Context(), w.instance, visit), contract.CodeInstanceNotFound)
	})
	t.Run("StoredAgainIsTheSame", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		runs := 0
		rapid.Check(t, func(rt *rapid.T) {
			runs++
			v := *w
			v.prover = rt
			service := rapid.SampledFrom([]contract.ServiceType{contract.ServiceProduct, contract.ServiceTrademark}).Draw(rt, "service")
			v.createFor(fmt.Sprint("dumped-", runs), service)
			v.store(rapid.SliceOfN(anyPut, 0, 12).Draw(rt, "pictures"))
			first := v.dump()
			v.createFor(fmt.Sprint("stored-", runs), service)
			var puts []activities.PutPicture
			for _, entry := range first {
				puts = append(puts, v.readBack(entry, service))
			}
			v.store(puts)
			wantSame(rt, "the dump of what a dump has stored", v.dump(), first)
		})
	})
}

// createFor makes an instance and turns to it.
func (w *world) createFor(name string, service contract.ServiceType) {
	w.Helper()
	w.instance = name
	_, err := w.index.CreateInstance(w.Context(), contract.CreateInstanceInput{
		Name: name, Region: "cn-shanghai", ServiceType: service, Capacity: 100,
	}, "create-"+name)
	w.must(err)
}

// store stores pictures by a task of its own.
func (w *world) store(puts []activities.PutPicture) {
	w.Helper()
	task, list := w.task(max(1, len(puts)), 0, 100)
	var outcomes []activities.Outcome
	for i := range puts {
		outcome := adds(int64(i+1), "", "", 0)
		outcome.Put = &puts[i]
		outcomes = append(outcomes, outcome)
	}
	w.commit(task, list, 0, outcomes...)
	w.end(task, contract.StateStop)
}

// readBack is the picture that an entry of a dump stores, once it has been
// written down and read as a manifest is.
func (w *world) readBack(entry manifest.Entry, service contract.ServiceType) activities.PutPicture {
	w.Helper()
	read, _, problem := manifest.Parse(manifest.Append(nil, entry), manifest.Rules{ServiceType: service, Sources: true})
	if problem != nil {
		w.Fatal(problem)
	}
	put := activities.PutPicture{Vector: vectorOf(1, 1), FeatureVersion: Features, Source: read.Source, Picture: contract.Picture{
		ProductID: read.ProductID, PicName: read.PicName, CategoryID: contract.CategoryOthers,
		CustomContent: read.CustomContent, IntAttrs: read.IntAttrs, StrAttrs: read.StrAttrs,
	}}
	if read.CategoryID != nil {
		put.Picture.CategoryID, put.CategoryGiven = *read.CategoryID, !read.CategoryPredicted
	}
	if read.Region != nil {
		put.Framing, put.Picture.Region = activities.RegionGiven, read.Region.String()
	} else if read.Crop != nil && !*read.Crop {
		put.Framing = activities.WholeGiven
	}
	return put
}

// anyPut is a picture that a manifest can ask for.
var anyPut = rapid.Custom(func(rt *rapid.T) activities.PutPicture {
	text := rapid.StringOfN(rapid.RuneFrom([]rune("ab \"\\/<é中")), 1, 6, -1)
	put := activities.PutPicture{Vector: vectorOf(2, 2), FeatureVersion: Features, Picture: contract.Picture{
		ProductID:  "p" + text.Draw(rt, "product"),
		PicName:    rapid.SampledFrom([]string{"a", "b", "c/é"}).Draw(rt, "name") + ".jpg",
		CategoryID: rapid.SampledFrom([]int{0, 3, contract.CategoryOthers}).Draw(rt, "category"),
	}}
	p := &put.Picture
	p.CustomContent = rapid.Ptr(text, true).Draw(rt, "content")
	for i := range 4 {
		p.IntAttrs[i] = rapid.Ptr(rapid.Int32(), true).Draw(rt, "integer")
		p.StrAttrs[i] = rapid.Ptr(text, true).Draw(rt, "text")
	}
	put.CategoryGiven = rapid.Bool().Draw(rt, "given")
	put.Source = rapid.SampledFrom([]*manifest.Source{
		nil, {Bucket: "elsewhere", Key: "k/é \"\\.jpg", RoleARN: "acs:ram::1:role/reader"}, {Bucket: "photos", Key: "a.jpg", OrKey: "b.jpg"}, {Key: "uploads/1", Uploaded: true},
	}).Draw(rt, "source")
	put.Framing = rapid.SampledFrom([]activities.Framing{activities.Detected, activities.RegionGiven, activities.WholeGiven}).Draw(rt, "framing")
	if put.Framing != activities.WholeGiven {
		p.Region = "10,20,30,40"
	}
	return put
})
