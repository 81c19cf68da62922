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
	Task          int64      `json:"taskId"` // which task stored it,
	Line          int64      `json:"line"`   // from which line
}

// PictureRef names a picture of an instance.
type PictureRef struct {
	Instance  string `json:"instance"`
	ProductID string `json:"ProductId"`
	PicName   string `json:"PicName"`
}

// SearchInput asks for the pictures most alike to one that lies in a bucket.
type SearchInput struct {
	Instance string `json:"instance"`
	Bucket   string `json:"bucket,omitempty"`
	Key      string `json:"key"`
	RoleARN  string `json:"roleArn,omitempty"`
	Uploaded bool   `json:"uploaded,omitempty"` // the key is one that NewUpload gave out
	Num      int    `json:"num,omitempty"`      // 1 to 100, default 10
	Region   string `json:"region,omitempty"`   // x1,x2,y1,y2 in pixels
}

// Hit is a picture and how alike it is, 0 to 1. Identical pictures have 1.
type Hit struct {
	Picture
	Score float64 `json:"Score"`
}

// SearchResult is the hits, the most alike first.
type SearchResult struct {
	Hits     []Hit `json:"hits"`
	Searched int64 `json:"searched"` // pictures compared
}

// Upload is a place where a query picture that is no object yet can be put with
// one HTTP PUT.
type Upload struct {
	Key     string    `json:"key"`
	URL     string    `json:"url"`
	Expires time.Time `json:"expires"`
}

// Operations on single pictures.
var (
	GetImage    = Operation[PictureRef, Picture]{Name: "GetImage"}
	SearchImage = Operation[SearchInput, SearchResult]{Name: "SearchImage"}
	NewUpload   = Operation[Nothing, Upload]{Name: "NewUpload"}
)

// Validate checks what can be checked without asking anyone.
func (in SearchInput) Validate() error {
	if err := ValidateInstanceName(in.Instance); err != nil {
		return err
	}
	if in.Key == "" {
		return Errorf(CodeNoSpecifiedPicContent, "no picture is given; name an object of a bucket or a local file")
	}
	if !in.Uploaded {
		if err := ValidateBucket(in.Bucket); err != nil {
			return err
		}
	}
	if in.Num < 0 || in.Num > 100 {
		return Errorf(CodeInvalidNumParameter, "num is %d; ask for 1 to 100 hits", in.Num)
	}
	return nil
}
