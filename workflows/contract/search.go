package contract

import "time"

// SearchInput asks for pictures: those most alike to a picture, given by its
// content or as one that is stored, or, with neither, those that a filter
// selects.
// Source: https://www.alibabacloud.com/help/en/image-search/developer-reference/api-imagesearch-2020-12-14-searchimagebypic
type SearchInput struct {
	Instance string `json:"instance"`
	PicContent
	ProductID string `json:"ProductId,omitempty"` // with PicName: a stored picture
	PicName   string `json:"PicName,omitempty"`

	Crop       *bool  `json:"Crop,omitempty"`       // absent is true
	Region     string `json:"Region,omitempty"`     // x1,x2,y1,y2 in pixels
	CategoryID *int   `json:"CategoryId,omitempty"` // only pictures of this category; absent: of all
	Filter     string `json:"Filter,omitempty"`     // see package filter
	// DistinctProductID keeps one hit of each product: the most alike.
	DistinctProductID bool   `json:"DistinctProductId,omitempty"`
	ScoreThreshold    string `json:"ScoreThreshold,omitempty"` // "0.00" to "1.00", at most two decimals
	Num               int    `json:"num,omitempty"`            // 1 to 100, default 10
	Start             int    `json:"start,omitempty"`          // 0 to 499; Start + Num is at most MaxResults

	// SubjectOnly compares subjects and leaves their surroundings out.
	SubjectOnly bool `json:"subjectOnly,omitempty"`
	// Expand is when the picture is also looked for rotated and in part; see
	// the Expand constants. Empty is ExpandAuto.
	Expand string `json:"expand,omitempty"`
	// Sheet asks for a picture of the hits.
	Sheet bool `json:"sheet,omitempty"`
	LinksFor
}

// When a search looks for rotations and parts of the picture too.
const (
	ExpandAuto   = "auto" // when no stored picture is plainly the same
	ExpandNever  = "never"
	ExpandAlways = "always"
)

// MaxResults is how far into the results Start and Num may reach.
// Source: https://www.alibabacloud.com/help/en/image-search/product-overview/limits
const MaxResults = 500

// Hit is a picture and how alike it is, 0 to 1. Identical pictures have 1. A
// search by filter alone has no scores.
type Hit struct {
	Picture
	Score float64 `json:"Score"`
	Match *Match  `json:"match,omitempty"`
}

// Match explains a score.
type Match struct {
	View    string  `json:"view"`    // of the query that matched best: "as given", "rotated 90", "window 5"
	Whole   float64 `json:"whole"`   // how alike this view and the stored picture are as a whole,
	Subject float64 `json:"subject"` // and their subjects
	Penalty float64 `json:"penalty"` // taken off the score because the view is not as given
}

// SearchResult is the hits, the most alike first, under the vendor's names.
type SearchResult struct {
	Head     Head      `json:"Head"`
	PicInfo  *PicInfo  `json:"PicInfo,omitempty"` // nil for a search by filter alone
	Hits     []Hit     `json:"Auctions"`
	Searched int64     `json:"searched"`           // pictures compared
	Expanded bool      `json:"expanded,omitempty"` // rotations and parts were looked for too
	SheetURL string    `json:"sheetUrl,omitempty"` // of a JPEG
	Expires  time.Time `json:"expires,omitzero"`   // of the link
	NoLink   string    `json:"noLink,omitempty"`   // why there is none
}

// Head counts hits. The vendor's names look swapped; they are kept.
type Head struct {
	DocsFound  int   `json:"DocsFound"`  // hits returned
	DocsReturn int64 `json:"DocsReturn"` // pictures that match filter and threshold
	SearchTime int64 `json:"SearchTime"` // milliseconds
}

// SearchImage is the search of every kind.
var SearchImage = Operation[SearchInput, SearchResult]{Name: "SearchImage"}
