package index

import (
	"context"

	"imagebatch/activities"
	"imagebatch/activities/store"
	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

// dumpPage is how many pictures a dump reads in one transaction, in milliseconds.
const dumpPage = 1000

// Dump visits every picture by product and name, as the ADD that would store it
// again. No transaction is open while visit runs; an error of visit ends the dump
// and is returned. CodeInstanceNotFound, also in between.
func (x *Index) Dump(ctx context.Context, instance string, visit func(manifest.Entry) error) error {
	var last key
	for {
		var page []manifest.Entry
		if err := x.store.Read(ctx, func(t *store.Tx) error {
			owner, err := t.Instance(instance)
			if err != nil {
				return err
			}
			if last.instance != 0 && last.instance != owner.Number {
				return contract.Errorf(contract.CodeInstanceNotFound, "the instance %q was deleted during its dump, and there is another of that name; dump that one if you mean it", instance)
			}
			last.instance = owner.Number
			page, err = dumpAfter(t, last, owner.ServiceType)
			return err
		}); err != nil {
			return err
		}
		for _, entry := range page {
			if err := visit(entry); err != nil {
				return err
			}
		}
		if len(page) < dumpPage {
			return nil
		}
		last.product, last.name = page[dumpPage-1].ProductID, page[dumpPage-1].PicName
	}
}

// dumpAfter reads the pictures that come after a key.
func dumpAfter(t *store.Tx, last key, service contract.ServiceType) (page []manifest.Entry, err error) {
	var pictures []contract.Picture
	err = t.Each(func(scan func(...any) error) error {
		var picture contract.Picture
		var framing activities.Framing
		var given bool
		if err := scan(append(pictureFields(&picture), &framing, &given)...); err != nil {
			return err
		}
		pictures = append(pictures, picture)
		page = append(page, entryOf(picture, framing, given, service))
		return nil
	}, "SELECT "+pictureColumns+", framing, category_given FROM picture WHERE instance = ? AND (product, name) > (?, ?) ORDER BY product, name LIMIT ?",
		last.instance, last.product, last.name, dumpPage)
	if err != nil {
		return nil, err
	}
	from := sources{tx: t}
	for i := range page {
		if page[i].Source, err = from.of(pictures[i]); err != nil {
			return nil, err
		}
	}
	return page, nil
}

// entryOf is the ADD that would store a picture again, but for its source. A
// predicted category is written down too, as such: it is what the picture is
// found by, and no other may be guessed by it.
func entryOf(picture contract.Picture, framing activities.Framing, categoryGiven bool, service contract.ServiceType) manifest.Entry {
	entry := manifest.Entry{
		Operation: manifest.Add, ProductID: picture.ProductID, PicName: picture.PicName,
		CustomContent: picture.CustomContent, IntAttrs: picture.IntAttrs, StrAttrs: picture.StrAttrs,
	}
	if service.KeepsCategories() {
		entry.CategoryID, entry.CategoryPredicted = &picture.CategoryID, !categoryGiven
	}
	switch framing {
	case activities.RegionGiven:
		if region, err := manifest.ParseRegion(picture.Region); err == nil { // one that is no region was none
			entry.Region = &region
		}
	case activities.WholeGiven:
		entry.Crop = new(bool)
	}
	return entry
}
