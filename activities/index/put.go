package index

import (
	"imagebatch/activities"
	"imagebatch/workflows/contract"
)

// maxVector bounds the length of a vector: up to here the products of the
// cosine are exact.
const maxVector = 4096

// put stores a picture, unless what is stored or was deleted is newer. An error
// that is a contract.Error is a refusal, which the line has to bear.
func (a *applier) put(at version, put activities.PutPicture) error {
	if err := a.checkFeatures(put); err != nil {
		return err
	}
	k := key{a.instance.Number, put.Picture.ProductID, put.Picture.PicName}
	var id int64
	var base version
	exists, err := a.tx.Row([]any{&id, &base.task, &base.line},
		"SELECT id, task, line FROM picture WHERE instance = ? AND product = ? AND name = ?", k.instance, k.product, k.name)
	if err != nil || exists && !at.newerThan(base) {
		return err
	}
	if grave, err := buried(a.tx, k); err != nil || !at.newerThan(grave) {
		return err
	}
	if !exists && a.instance.Pictures >= a.instance.Capacity {
		return contract.Errorf(contract.CodeInstanceOverQuota,
			"instance %q is full: it may hold %d pictures; delete some, or import into a larger instance, then add this one again",
			a.instance.Name, a.instance.Capacity)
	}
	if err := a.keepNewerFields(at, k, &put.Picture); err != nil {
		return err
	}
	if exists {
		if err := dropSource(a.tx, base); err != nil {
			return err
		}
		if err := a.overwrite(id, at, put); err != nil {
			return err
		}
	} else if err := a.insert(at, put); err != nil {
		return err
	}
	return keepLineSource(a.tx, at, put.Source)
}

// checkFeatures lets only comparable vectors into an instance. The first one
// decides.
func (a *applier) checkFeatures(put activities.PutPicture) error {
	if put.Picture.ProductID == "" || put.Picture.PicName == "" || put.FeatureVersion == "" || len(put.Vector) == 0 || len(put.Vector) > maxVector {
		return contract.Errorf(contract.CodeInternalError, "the picture has no product, name or usable vector of 1 to %d bytes; report this line", maxVector)
	}
	if a.instance.Features != "" && (a.instance.Features != put.FeatureVersion || a.instance.Dimensions != len(put.Vector)) {
		return foreignFeatures(a.instance, put.FeatureVersion, len(put.Vector))
	}
	return nil
}

func (a *applier) insert(at version, put activities.PutPicture) error {
	id := pictureID(a.instance.Number, a.instance.NextPicture)
	a.instance.NextPicture++
	a.instance.Pictures++
	a.instance.Features, a.instance.Dimensions = put.FeatureVersion, len(put.Vector)
	a.changed = true
	p := put.Picture
	if _, err := a.tx.Exec(`INSERT INTO picture (id, instance, product, name, task, line, category, category_given, framing, region,
		width, height, custom_content, int_attr, int_attr2, int_attr3, int_attr4, str_attr, str_attr2, str_attr3, str_attr4)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		id, a.instance.Number, p.ProductID, p.PicName, at.task, at.line, p.CategoryID, put.CategoryGiven, put.Framing, p.Region,
		p.Width, p.Height, p.CustomContent, p.IntAttrs[0], p.IntAttrs[1], p.IntAttrs[2], p.IntAttrs[3],
		p.StrAttrs[0], p.StrAttrs[1], p.StrAttrs[2], p.StrAttrs[3]); err != nil {
		return err
	}
	_, err := a.tx.Exec("INSERT INTO vector (picture, square, vector) VALUES (?, ?, ?)", id, square(put.Vector), put.Vector)
	return err
}

func (a *applier) overwrite(id int64, at version, put activities.PutPicture) error {
	p := put.Picture
	if _, err := a.tx.Exec(`UPDATE picture SET task = ?, line = ?, category = ?, category_given = ?, framing = ?, region = ?,
		width = ?, height = ?, custom_content = ?, int_attr = ?, int_attr2 = ?, int_attr3 = ?, int_attr4 = ?,
		str_attr = ?, str_attr2 = ?, str_attr3 = ?, str_attr4 = ? WHERE id = ?`,
		at.task, at.line, p.CategoryID, put.CategoryGiven, put.Framing, p.Region, p.Width, p.Height, p.CustomContent,
		p.IntAttrs[0], p.IntAttrs[1], p.IntAttrs[2], p.IntAttrs[3],
		p.StrAttrs[0], p.StrAttrs[1], p.StrAttrs[2], p.StrAttrs[3], id); err != nil {
		return err
	}
	_, err := a.tx.Exec("UPDATE vector SET square = ?, vector = ? WHERE picture = ?", square(put.Vector), put.Vector, id)
	return err
}
