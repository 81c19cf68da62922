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
	err = t.Each(func(scan func(...any) error) error {
		var picture contract.Picture
		var framing activities.Framing
		if err := scan(append(pictureFields(&picture), &framing)...); err != nil {
			return err
		}
		page = append(page, entryOf(picture, framing, service))
		return nil
	}, "SELECT "+pictureColumns+", framing FROM picture WHERE instance = ? AND (product, name) > (?, ?) ORDER BY product, name LIMIT ?",
		last.instance, last.product, last.name, dumpPage)
	return page, err
}

// entryOf is the ADD that would store a picture again. A predicted category is
// written down too: that is what the picture is found by.
func entryOf(picture contract.Picture, framing activities.Framing, service contract.ServiceType) manifest.Entry {
	entry := manifest.Entry{
		Operation: manifest.Add, ProductID: picture.ProductID, PicName: picture.PicName,
		CustomContent: picture.CustomContent, IntAttrs: picture.IntAttrs, StrAttrs: picture.StrAttrs,
	}
	if service.KeepsCategories() {
		entry.CategoryID = &picture.CategoryID
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
