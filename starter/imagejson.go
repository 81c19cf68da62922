package main

import (
	"time"

	"imagebatch/workflows/contract"
)

// JSON output speaks the vendor's language: what the vendor has a name for has that
// name, and is absent where it is not set. What is our own begins with a small
// letter. Between programs an instance's attributes travel as lists, which is of
// no concern to whoever reads the output.

// attributesView are attributes under their names in a manifest.
type attributesView struct {
	CustomContent *string `json:"CustomContent,omitempty"`
	IntAttr       *int32  `json:"IntAttr,omitempty"`
	IntAttr2      *int32  `json:"IntAttr2,omitempty"`
	IntAttr3      *int32  `json:"IntAttr3,omitempty"`
	IntAttr4      *int32  `json:"IntAttr4,omitempty"`
	StrAttr       *string `json:"StrAttr,omitempty"`
	StrAttr2      *string `json:"StrAttr2,omitempty"`
	StrAttr3      *string `json:"StrAttr3,omitempty"`
	StrAttr4      *string `json:"StrAttr4,omitempty"`
}

func viewOfAttributes(content *string, ints [4]*int32, strs [4]*string) attributesView {
	return attributesView{
		CustomContent: content,
		IntAttr:       ints[0], IntAttr2: ints[1], IntAttr3: ints[2], IntAttr4: ints[3],
		StrAttr: strs[0], StrAttr2: strs[1], StrAttr3: strs[2], StrAttr4: strs[3],
	}
}

// pictureView is a stored picture.
type pictureView struct {
	ProductID  string `json:"ProductId"`
	PicName    string `json:"PicName"`
	CategoryID int    `json:"CategoryId"`
	attributesView
	Region string `json:"Region,omitempty"`
	Width  int    `json:"Width"`
	Height int    `json:"Height"`
	Task   int64  `json:"taskId"`
	Line   int64  `json:"line"`
}

func viewOfPicture(p contract.Picture) pictureView {
	return pictureView{
		ProductID: p.ProductID, PicName: p.PicName, CategoryID: p.CategoryID,
		attributesView: viewOfAttributes(p.CustomContent, p.IntAttrs, p.StrAttrs),
		Region:         p.Region, Width: p.Width, Height: p.Height, Task: p.Task, Line: p.Line,
	}
}

// hitView is a picture that was found.
type hitView struct {
	pictureView
	Score float64         `json:"Score"`
	Match *contract.Match `json:"match,omitempty"`
}

// searchView is what a search found.
type searchView struct {
	Head     contract.Head     `json:"Head"`
	PicInfo  *contract.PicInfo `json:"PicInfo,omitempty"`
	Hits     []hitView         `json:"Auctions"`
	Searched int64             `json:"searched"`
	Expanded bool              `json:"expanded,omitempty"`
	SheetURL string            `json:"sheetUrl,omitempty"`
	NoLink   string            `json:"noLink,omitempty"`
	Expires  time.Time         `json:"expires,omitzero"`
}

func viewOfSearch(found contract.SearchResult) searchView {
	view := searchView{
		Head: found.Head, PicInfo: found.PicInfo, Hits: []hitView{}, Searched: found.Searched,
		Expanded: found.Expanded, SheetURL: found.SheetURL, NoLink: found.NoLink, Expires: found.Expires,
	}
	for _, hit := range found.Hits {
		view.Hits = append(view.Hits, hitView{pictureView: viewOfPicture(hit.Picture), Score: hit.Score, Match: hit.Match})
	}
	return view
}

// updateView is what a picture was changed to.
type updateView struct {
	contract.PictureRef
	attributesView
}
