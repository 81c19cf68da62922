package contract

import "time"

// Picture is a picture as the index holds it. Absent optional values are nil.
type Picture struct {
	ProductID     string     `json:"ProductId"`
	PicName       string     `json:"PicName"`
	CategoryID    int        `json:"CategoryId"`
	CustomContent *string    `json:"CustomContent,omitempty"`
	IntAttrs      [4]*int32  `json:"IntAttrs"`
	StrAttrs      [4]*string `json:"StrAttrs"`
	Region        string     `json:"Region,omitempty"` // x1,x2,y1,y2 in pixels, when one was used
	Width         int        `json:"Width"`
	Height        int        `json:"Height"`
	Task          int64      `json:"taskId"` // which task or single operation stored it,
	Line          int64      `json:"line"`   // from which line; 0 for a single operation
}

// PictureRef names a picture of an instance.
type PictureRef struct {
	Instance  string `json:"instance"`
	ProductID string `json:"ProductId"`
	PicName   string `json:"PicName,omitempty"`
}

// PicContent is where the bytes of a picture are: an object of a bucket. A
// picture on the caller's machine is first put where NewUpload says.
type PicContent struct {
	Bucket   string `json:"bucket,omitempty"`
	Key      string `json:"key,omitempty"`
	RoleARN  string `json:"roleArn,omitempty"`
	Uploaded bool   `json:"uploaded,omitempty"` // the key is one that NewUpload gave out
}

// Upload is a place where a picture that is no object yet can be put with one
// HTTP PUT.
type Upload struct {
	Key     string    `json:"key"`
	URL     string    `json:"url"`
	Expires time.Time `json:"expires"`
}

// Attributes are what can be said of a picture beside its content, and changed
// later. Nil is absent: not stored by AddImage, left as it is by UpdateImage.
type Attributes struct {
	CustomContent *string    `json:"CustomContent,omitempty"`
	IntAttrs      [4]*int32  `json:"IntAttrs,omitzero"` // IntAttr, IntAttr2, IntAttr3, IntAttr4
	StrAttrs      [4]*string `json:"StrAttrs,omitzero"` // StrAttr, StrAttr2, StrAttr3, StrAttr4
}

// AddImageInput stores a picture, in the place of one of the same names.
// Source: https://www.alibabacloud.com/help/en/image-search/developer-reference/api-imagesearch-2020-12-14-addimage
type AddImageInput struct {
	PictureRef
	PicContent PicContent `json:"PicContent"`
	Attributes
	CategoryID *int   `json:"CategoryId,omitempty"` // absent: predicted, where the instance keeps categories
	Crop       *bool  `json:"Crop,omitempty"`       // absent is true
	Region     string `json:"Region,omitempty"`     // x1,x2,y1,y2 in pixels
}

// AddImageResult is what was made of the picture.
type AddImageResult struct {
	PicInfo PicInfo `json:"PicInfo"`
}

// PicInfo is what was seen in a picture.
type PicInfo struct {
	CategoryID    int           `json:"CategoryId"`              // given or predicted
	Confidence    float64       `json:"confidence,omitempty"`    // of a prediction, 0 to 1
	Region        string        `json:"Region,omitempty"`        // the subject, x1,x2,y1,y2 in pixels; empty for the whole picture
	MultiRegion   []SubjectArea `json:"MultiRegion,omitempty"`   // every subject that was found
	AllCategories []Category    `json:"AllCategories,omitempty"` // that the instance supports
}

// SubjectArea is one subject of a picture.
type SubjectArea struct {
	Region string `json:"Region"` // x1,x2,y1,y2 in pixels
}

// Category is a category by number and name.
type Category struct {
	ID   int    `json:"Id"`
	Name string `json:"Name"`
}

// UpdateImageInput changes what is said of a stored picture.
// Source: https://www.alibabacloud.com/help/en/image-search/developer-reference/api-imagesearch-2020-12-14-updateimage
type UpdateImageInput struct {
	PictureRef
	Attributes
}

// DeleteImageInput removes a picture; without PicName every picture of the
// product; by filter every picture that it selects. Without PicName no other
// field than these may be there: CodeInvalidPicName.
// Source: https://www.alibabacloud.com/help/en/image-search/developer-reference/api-imagesearch-2020-12-14-deleteimage
type DeleteImageInput struct {
	PictureRef
	IsDeleteByFilter bool   `json:"IsDeleteByFilter,omitempty"`
	Filter           string `json:"Filter,omitempty"`

	// instead is what was there in the place of a picture's name, as a sentence.
	instead string
}

// DeleteImageResult names what was removed. Nothing to remove is success.
type DeleteImageResult struct {
	Deleted  int64    `json:"deleted"`  // pictures
	PicNames []string `json:"PicNames"` // of the first DeletedNames of them
}

// DeletedNames is how many names a DeleteImageResult holds at most: an answer
// has to fit a payload of Temporal.
const DeletedNames = 1000

// CheckImageExistsResult says whether a picture is stored, and how.
type CheckImageExistsResult struct {
	Exists  bool     `json:"Exists"`
	Picture *Picture `json:"Auctions,omitempty"` // one object, under the vendor's name
}

// CompareInput asks how alike two pictures are, as pictures of an instance.
// Neither is stored.
// Source: https://www.alibabacloud.com/help/en/image-search/developer-reference/api-imagesearch-2020-12-14-comparesimilarbyimage
type CompareInput struct {
	Instance  string     `json:"instance"`
	Primary   PicContent `json:"PrimaryPicContent"`
	Secondary PicContent `json:"SecondaryPicContent"`
}

// CompareResult is how alike two pictures are, 0 to 1.
type CompareResult struct {
	Score float64 `json:"Score"`
}

// DumpMetaInput asks for everything that is stored beside the vectors. An
// instance has one dump at a time: start it under DumpMetaWorkflowID.
type DumpMetaInput struct {
	Instance string `json:"instance"`
	LinksFor
}

// DumpMetaResult is where the dump is: a manifest of ADD lines, by product and
// name, that a task with Dump set stores again.
type DumpMetaResult struct {
	Pictures int64     `json:"pictures"`
	URL      string    `json:"MetaUrl"`
	Expires  time.Time `json:"expires"`
	Bucket   string    `json:"bucket,omitempty"` // of the folder
	Path     string    `json:"path,omitempty"`   // folder that holds the dump as its increment.meta
	NoLink   string    `json:"noLink,omitempty"` // why there is none
}

// WorkflowID is the id that allows one dump at a time.
func (in DumpMetaInput) WorkflowID() string { return DumpMetaWorkflowID(in.Instance) }

// Operations on single pictures.
var (
	AddImage              = Operation[AddImageInput, AddImageResult]{Name: "AddImage"}
	UpdateImage           = Operation[UpdateImageInput, Nothing]{Name: "UpdateImage"}
	DeleteImage           = Operation[DeleteImageInput, DeleteImageResult]{Name: "DeleteImage"}
	GetImage              = Operation[PictureRef, Picture]{Name: "GetImage"}
	CheckImageExists      = Operation[PictureRef, CheckImageExistsResult]{Name: "CheckImageExists"}
	CompareSimilarByImage = Operation[CompareInput, CompareResult]{Name: "CompareSimilarByImage"}
	DumpMeta              = Operation[DumpMetaInput, DumpMetaResult]{Name: "DumpMeta"}
	NewUpload             = Operation[UploadInput, Upload]{Name: "NewUpload"}
)
