package index

import (
	"context"

	"imagebatch/activities/store"
	"imagebatch/workflows/contract"
)

const pictureColumns = `product, name, task, line, category, region, width, height, custom_content,
	int_attr, int_attr2, int_attr3, int_attr4, str_attr, str_attr2, str_attr3, str_attr4`

func pictureFields(p *contract.Picture) []any {
	return []any{&p.ProductID, &p.PicName, &p.Task, &p.Line, &p.CategoryID, &p.Region, &p.Width, &p.Height, &p.CustomContent,
		&p.IntAttrs[0], &p.IntAttrs[1], &p.IntAttrs[2], &p.IntAttrs[3],
		&p.StrAttrs[0], &p.StrAttrs[1], &p.StrAttrs[2], &p.StrAttrs[3]}
}

// Picture is a picture as it is stored. CodePicNotExist, CodeInstanceNotFound.
func (x *Index) Picture(ctx context.Context, ref contract.PictureRef) (picture contract.Picture, err error) {
	err = x.store.Read(ctx, func(t *store.Tx) error {
		instance, err := t.Instance(ref.Instance)
		if err != nil {
			return err
		}
		found, err := t.Row(pictureFields(&picture), "SELECT "+pictureColumns+" FROM picture WHERE instance = ? AND product = ? AND name = ?",
			instance.Number, ref.ProductID, ref.PicName)
		if err == nil && !found {
			err = pictureNotFound(ref)
		}
		return err
	})
	return picture, err
}
