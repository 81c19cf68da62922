package activities

import (
	"context"
	"time"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/filter"
	"imagebatch/workflows/manifest"
)

// The search for edited copies. Pictures that are the same, though saved, scaled
// or lit in another way, score 0.75 and more; of those that have nothing to do
// with each other hardly one in a hundred reaches 0.65. A copy that was rotated,
// or is part of another picture, is found by a variant of the query, and what
// variants find must not push aside what matches as it is.
const (
	PlainlySame    = 0.70 // a search whose best hit has this score looks no further
	VariantPenalty = 0.05 // taken off the scores of variants
)

// asGiven is the view of a query that was not edited.
const asGiven = "as given"

// Search finds pictures: the most alike to one that is given by its content or
// as a stored one, or what a filter selects. A picture goes through the same
// steps as on import. All categories are searched unless one is named, because
// a picture whose category was given need not have the one that is predicted.
func (i *Images) Search(ctx context.Context, in contract.SearchInput) (contract.SearchResult, error) {
	began := time.Now()
	if err := in.Validate(); err != nil {
		return contract.SearchResult{}, err
	}
	selected, err := parseFilter(in.Filter)
	if err != nil {
		return contract.SearchResult{}, err
	}
	instance, err := i.admitted(ctx, in.Instance, contract.RateSearch)
	if err != nil {
		return contract.SearchResult{}, err
	}
	q, err := newQuestion(i, instance, in, selected)
	if err != nil {
		return contract.SearchResult{}, err
	}
	if err := q.ask(ctx); err != nil {
		return contract.SearchResult{}, err
	}
	result := q.result()
	result.Head.SearchTime = time.Since(began).Milliseconds()
	if in.Sheet {
		if result.SheetURL, result.Expires, err = i.sheet(ctx, q.shown, result.Hits); err != nil {
			return contract.SearchResult{}, err
		}
	}
	result.NoLink, err = conceal(&result, in.LinksFor)
	return result, err
}

// question is a search under way.
type question struct {
	*Images
	in       contract.SearchInput
	instance contract.Instance
	query    SearchQuery
	views    []string // of the query's vectors

	found    SearchHits
	expanded bool
	info     *contract.PicInfo
	shown    *manifest.Source // where the query's picture is; nil where it has none
}

func newQuestion(i *Images, instance contract.Instance, in contract.SearchInput, selected *filter.Expression) (*question, error) {
	q := &question{Images: i, in: in, instance: instance}
	threshold, err := in.Threshold()
	if err != nil {
		return nil, err
	}
	q.query = SearchQuery{
		Filter: selected, Threshold: threshold, Start: in.Start, Num: in.Hits(), DistinctProducts: in.DistinctProductID,
	}
	if instance.ServiceType.KeepsCategories() {
		if err := contract.ValidateCategory(in.CategoryID); err != nil {
			return nil, err
		}
		q.query.Category = in.CategoryID
	}
	return q, nil
}

// ask looks for what the search goes by.
func (q *question) ask(ctx context.Context) error {
	switch q.in.Kind() {
	case contract.ByName:
		return q.askByName(ctx)
	case contract.ByFilter:
		return q.look(ctx)
	}
	return q.askByPicture(ctx)
}

// askByName compares with a stored picture, which need not be fetched again.
func (q *question) askByName(ctx context.Context) error {
	ref := contract.PictureRef{Instance: q.in.Instance, ProductID: q.in.ProductID, PicName: q.in.PicName}
	stored, err := q.Index.Picture(ctx, ref)
	if err != nil {
		return err
	}
	vector, features, err := q.Pictures.Vector(ctx, ref)
	if err != nil {
		return err
	}
	q.query.FeatureVersion = features
	q.add(asGiven, vector, 0)
	q.info = &contract.PicInfo{CategoryID: stored.CategoryID, Region: stored.Region, AllCategories: q.instance.ServiceType.Categories()}
	if q.query.Category != nil {
		q.info.CategoryID = *q.query.Category
	}
	if q.in.Sheet {
		if source, err := q.Pictures.Source(ctx, stored); err == nil {
			q.shown = &source
		} // a query without a picture is shown as such
	}
	return q.look(ctx)
}

// askByPicture compares with a picture as it is and, unless that settles it,
// with its variants.
func (q *question) askByPicture(ctx context.Context) error {
	asked, err := requestedSubject(q.instance.ServiceType, q.in.Crop, q.in.Region)
	if err != nil {
		return err
	}
	given := manifest.SourceOf(q.in.PicContent)
	q.shown = &given
	data, release, err := q.fetch(ctx, q.in.PicContent)
	if err != nil {
		return err
	}
	defer release()
	view := asked.view(q.instance.ServiceType)
	view.Expand = q.in.Expand == contract.ExpandAlways
	image, err := q.analyse(ctx, data, q.instance.ServiceType, view)
	if err != nil {
		return err
	}
	q.query.FeatureVersion = q.Imager.FeatureVersion()
	q.add(asGiven, image.feature.Vector, 0)
	if err := q.describe(ctx, image.feature); err != nil {
		return err
	}
	if !view.Expand && q.in.Expand != contract.ExpandNever {
		settled, err := q.settled(ctx)
		if err != nil || settled {
			return err
		}
		view.Expand = true
		if image, err = q.analyse(ctx, data, q.instance.ServiceType, view); err != nil {
			return err
		}
	}
	for _, variant := range image.feature.Variants {
		q.add(variant.Kind, variant.Vector, VariantPenalty)
	}
	q.expanded = view.Expand
	return q.look(ctx)
}

// settled looks for the picture as it is, and reports whether a stored one is
// plainly the same. It says the same of every page of the hits.
func (q *question) settled(ctx context.Context) (bool, error) {
	if q.query.Start > 0 {
		first := q.query
		first.Start, first.Num = 0, 1
		found, err := q.Index.Search(ctx, q.in.Instance, first)
		if err != nil || len(found.Hits) == 0 || found.Hits[0].Score < PlainlySame {
			return false, err
		}
		return true, q.look(ctx)
	}
	err := q.look(ctx)
	return err == nil && len(q.found.Hits) > 0 && q.found.Hits[0].Score >= PlainlySame, err
}

// add makes a vector part of the query.
func (q *question) add(view string, vector []byte, penalty float64) {
	asked := QueryVector{Vector: vector, Penalty: penalty}
	if q.in.SubjectOnly {
		asked.Vector, asked.Part = vector[len(vector)/2:], SubjectHalf
	}
	q.query.Vectors = append(q.query.Vectors, asked)
	q.views = append(q.views, view)
}

func (q *question) look(ctx context.Context) (err error) {
	q.found, err = q.Index.Search(ctx, q.in.Instance, q.query)
	return err
}

// describe says what was seen in the query's picture.
func (q *question) describe(ctx context.Context, feature Feature) error {
	guess, err := categorize(ctx, q.Index, q.in.Instance, q.instance.ServiceType, q.query.Category, feature.Vector, q.query.FeatureVersion)
	if err != nil {
		return err
	}
	q.info = &contract.PicInfo{CategoryID: guess.ID, Confidence: guess.Confidence, AllCategories: q.instance.ServiceType.Categories()}
	regions := feature.Regions
	if feature.Region != nil {
		q.info.Region = feature.Region.String()
		if len(regions) == 0 {
			regions = []manifest.Region{*feature.Region}
		}
	}
	for _, region := range regions {
		q.info.MultiRegion = append(q.info.MultiRegion, contract.SubjectArea{Region: region.String()})
	}
	return nil
}

// result is what was found, under the vendor's names.
func (q *question) result() contract.SearchResult {
	result := contract.SearchResult{
		Head:    contract.Head{DocsFound: len(q.found.Hits), DocsReturn: q.found.Matched},
		PicInfo: q.info, Hits: []contract.Hit{}, Searched: q.found.Searched, Expanded: q.expanded,
	}
	for _, found := range q.found.Hits {
		hit := contract.Hit{Picture: found.Picture, Score: found.Score}
		if len(q.views) > 0 {
			hit.Match = &contract.Match{
				View: q.views[found.Query], Whole: found.Whole, Subject: found.Subject, Penalty: q.query.Vectors[found.Query].Penalty,
			}
		}
		result.Hits = append(result.Hits, hit)
	}
	return result
}
