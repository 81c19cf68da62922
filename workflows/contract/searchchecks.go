package contract

import "strings"

// Bounds of a page of hits.
// Source: https://www.alibabacloud.com/help/en/image-search/developer-reference/api-imagesearch-2020-12-14-searchimagebypic
const (
	DefaultNum = 10
	MaxNum     = 100
	MaxStart   = MaxResults - 1
)

// SearchKind is what a search goes by.
type SearchKind int

// The kinds.
const (
	ByPicture SearchKind = iota
	ByName
	ByFilter
)

// Kind is what the search goes by: a filter, if nothing else is given.
func (in SearchInput) Kind() SearchKind {
	switch {
	case in.ProductID != "" || in.PicName != "":
		return ByName
	case in.Filter != "" && in.PicContent == PicContent{}:
		return ByFilter
	}
	return ByPicture
}

// Validate checks what can be checked without asking anyone.
func (in SearchInput) Validate() error {
	if err := ValidateNameOfInstance(in.Instance); err != nil {
		return err
	}
	if err := in.validateSubject(); err != nil {
		return err
	}
	if err := in.validatePage(); err != nil {
		return err
	}
	if err := validateFilter(in.Filter); err != nil {
		return err
	}
	threshold, err := in.Threshold()
	if err != nil {
		return err
	}
	if threshold > 0 && in.Kind() == ByFilter {
		return Errorf(CodeInvalidScoreThreshold, "a search by filter alone has no scores; leave ScoreThreshold out, or give a picture")
	}
	return nil
}

// validateSubject checks what the search goes by.
func (in SearchInput) validateSubject() error {
	kind := in.Kind()
	switch kind {
	case ByPicture:
		if err := in.PicContent.Validate(); err != nil {
			return err
		}
	case ByName:
		if in.PicContent != (PicContent{}) {
			return Errorf(CodeBadRequest, "a picture is given by its content and by its name; give one of the two")
		}
		if err := (PictureRef{in.Instance, in.ProductID, in.PicName}).Validate(); err != nil {
			return err
		}
	}
	if kind != ByPicture && in.Region != "" {
		return Errorf(CodeInvalidRegion, "a region is given without the content of a picture; leave it out, or give the picture")
	}
	if kind == ByFilter && in.SubjectOnly {
		return Errorf(CodeBadRequest, "a search by filter alone compares nothing; leave subjectOnly out, or give a picture")
	}
	switch in.Expand {
	case "", ExpandAuto, ExpandNever:
	case ExpandAlways:
		if kind != ByPicture {
			return Errorf(CodeBadRequest, "only a search by the content of a picture can be expanded; give the picture, or leave expand out")
		}
	default:
		return Errorf(CodeBadRequest, "expand is %s; use %s, %s or %s", Quote(in.Expand), ExpandAuto, ExpandNever, ExpandAlways)
	}
	return nil
}

// validatePage checks Num and Start.
func (in SearchInput) validatePage() error {
	switch {
	case in.Num < 0:
		return Errorf(CodeInvalidNumParameter, "num is %d; ask for 1 to %d hits", in.Num, MaxNum)
	case in.Num > MaxNum:
		return Errorf(CodeOverflowMaxReturnNum, "num is %d; ask for 1 to %d hits, and for further ones with start", in.Num, MaxNum)
	case in.Start < 0 || in.Start > MaxStart:
		return Errorf(CodeInvalidStartParameter, "start is %d; skip 0 to %d hits", in.Start, MaxStart)
	case in.Start+in.Hits() > MaxResults:
		return Errorf(CodeOverflowMaxResultNum, "start and num are %d together; no more than %d hits can be reached", in.Start+in.Hits(), MaxResults)
	}
	return nil
}

// Hits is Num, or its default.
func (in SearchInput) Hits() int {
	if in.Num == 0 {
		return DefaultNum
	}
	return in.Num
}

// Threshold is ScoreThreshold as a number, 0 where none is given.
// CodeInvalidScoreThreshold.
func (in SearchInput) Threshold() (float64, error) {
	if in.ScoreThreshold == "" {
		return 0, nil
	}
	whole, fraction, dotted := strings.Cut(in.ScoreThreshold, ".")
	hundredths, ok := digits(fraction + strings.Repeat("0", max(0, 2-len(fraction))))
	ok = ok && len(fraction) <= 2 && dotted == (fraction != "")
	if ok && whole == "1" {
		hundredths += 100
	}
	if !ok || whole != "0" && whole != "1" || hundredths > 100 {
		return 0, Errorf(CodeInvalidScoreThreshold, "ScoreThreshold is %s; give 0.00 to 1.00, with at most two decimals", Quote(in.ScoreThreshold))
	}
	return float64(hundredths) / 100, nil
}
