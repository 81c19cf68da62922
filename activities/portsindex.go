package activities

import (
	"context"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/filter"
	"imagebatch/workflows/manifest"
)

// Index holds instances and their pictures. Effects carry the version (task,
// line): whatever the order they are committed in, the result is that of
// applying them in the order of their versions.
type Index interface {
	// Commit applies, in one transaction, those outcomes of a slice whose lines
	// are not done yet, and records them in the ledger. It changes nothing when
	// the task's fence is closed: CodeFenceClosed. A put that exceeds the
	// instance's capacity is recorded as failed, CodeInstanceOverQuota. The
	// result is the slice as recorded after it.
	Commit(ctx context.Context, batch Batch) (SliceRecord, error)
	// DeleteProduct removes every picture of a product that is older than the
	// line, some at a time, and records the line as succeeded last.
	DeleteProduct(ctx context.Context, batch Batch, product string) (SliceRecord, error)

	CreateInstance(ctx context.Context, in contract.CreateInstanceInput, requestID string) (contract.Instance, error)
	Instances(ctx context.Context) ([]contract.Instance, error)
	Instance(ctx context.Context, name string) (contract.Instance, error) // CodeInstanceNotFound
	DeleteInstance(ctx context.Context, runID, name string) error         // once for a run

	Picture(ctx context.Context, ref contract.PictureRef) (contract.Picture, error) // CodePicNotExist
	// Named visits the pictures that the instance holds by these names; a name
	// without a picture stands for every picture of its product. Each is visited
	// as a number that is its own while it is there: numbers count from 1, as
	// pictures are stored. CodeInstanceNotFound.
	Named(ctx context.Context, instance string, names []DeletePicture, visit func(number int64)) error
	// Search finds pictures of the instance. CodeInstanceNotFound,
	// CodeFeatureVersion, CodeInvalidStartParameter, CodeInvalidNumParameter.
	Search(ctx context.Context, instance string, query SearchQuery) (SearchHits, error)
	// Category guesses the category of a picture by those that were given one. It
	// is CategoryOthers with confidence 0 as long as there are too few, and for a
	// vector of another kind than the instance holds. CodeInstanceNotFound.
	Category(ctx context.Context, instance string, vector []byte, featureVersion string) (CategoryGuess, error)
}

// Pictures changes and exports single pictures of instances. A change takes a
// number in the transaction of its effect, and so is newer than every task that
// has begun. Changes are safe to repeat: one with the same run id changes
// nothing again and has the same result.
type Pictures interface {
	// AddImage stores a picture. CodeInstanceOverQuota, CodeFeatureVersion,
	// CodeInstanceNotFound.
	AddImage(ctx context.Context, runID, instance string, put PutPicture, source contract.PicContent) error
	// UpdateImage changes the fields that are not nil. CodePicNotExist,
	// CodeInstanceNotFound.
	UpdateImage(ctx context.Context, runID string, ref contract.PictureRef, fields contract.Attributes) error
	// DeleteImage removes a picture or, without PicName, a product, or, with a
	// filter, what it selects. CodeInstanceNotFound.
	DeleteImage(ctx context.Context, runID string, ref contract.PictureRef, selected *filter.Expression) (contract.DeleteImageResult, error)
	// Vector is what a stored picture is found by. CodePicNotExist.
	Vector(ctx context.Context, ref contract.PictureRef) (vector []byte, featureVersion string, err error)
	// Source is where the bytes of a stored picture were when it was stored.
	Source(ctx context.Context, picture contract.Picture) (manifest.Source, error)
	// Dump visits every picture of an instance by product and name, as the ADD
	// that would store it again, with its Source. Pictures that come or go meanwhile may or may
	// not be visited. CodeInstanceNotFound.
	Dump(ctx context.Context, instance string, visit func(manifest.Entry) error) error
}

// Batch is outcomes of lines of one slice.
type Batch struct {
	Task     int64
	Slice    int
	First    int64 // number of the slice's first line
	Lines    int   // of the slice, blank ones included
	Outcomes []Outcome
}

// SearchQuery is what to look for, and among which pictures.
type SearchQuery struct {
	// Vectors are what pictures are compared with; the best one counts for each.
	// Without any the filter alone selects, and pictures come in the order of
	// product and name, with score 0; version and threshold are not looked at.
	Vectors        []QueryVector
	FeatureVersion string             // of the vectors
	Filter         *filter.Expression // nil for all pictures
	Category       *int               // only this category; nil for all
	Threshold      float64            // scores below are left out
	Start, Num     int                // so many hits are skipped, so many returned; Num 0 is 10
	// DistinctProducts keeps one hit of each product: the best, of equal ones the
	// first by name.
	DistinctProducts bool
}

// QueryVector is one way to look for a picture.
type QueryVector struct {
	Vector  []byte  // as long as a stored one or, unless Part is Both, half as long
	Part    Part    // of the stored vector that it is compared with
	Penalty float64 // taken off the cosine, so that a plain match wins
}

// Part is a part of a stored vector. The first half is of the whole picture, the
// second of its subject.
type Part uint8

// The parts.
const (
	Both Part = iota
	WholeHalf
	SubjectHalf
)

// SearchHits is what a search found, the most alike first, equal ones by product
// and name.
type SearchHits struct {
	Hits     []SearchHit
	Matched  int64 // pictures that pass filter, category and threshold
	Searched int64 // pictures that pass filter and category
}

// SearchHit is a picture that was found.
type SearchHit struct {
	Picture contract.Picture
	Score   float64 // 0 to 1; exactly 1 for equal vectors
	Query   int     // which of the vectors it is the score of, the first of equal ones
	// Whole and Subject are how alike that vector and the halves of the stored one
	// are, 0 to 1 and without the penalty: half with half, or a vector that is a
	// half itself with each of the two.
	Whole, Subject float64
}

// CategoryGuess is what a picture's category seems to be.
type CategoryGuess struct {
	ID         int     // of the category
	Confidence float64 // its share of the votes, 0 to 1
}
