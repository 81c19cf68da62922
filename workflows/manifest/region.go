package manifest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"imagebatch/workflows/contract"
)

// maxPixel bounds a coordinate well above any picture that is accepted.
const maxPixel = 1 << 30

// ParseRegion reads a rectangle written x1,x2,y1,y2: both x first, then both y,
// in pixels from the top left corner. Spaces around the numbers are ignored.
func ParseRegion(text string) (Region, error) {
	const form = "write x1,x2,y1,y2 in pixels, such as 20,40,60,80"
	if strings.Count(text, ",") != 3 {
		return Region{}, fmt.Errorf("region %s is not four numbers; %s", contract.Quote(text), form)
	}
	var edges [4]int
	rest := text
	for i := range edges {
		var number string
		number, rest, _ = strings.Cut(rest, ",")
		edge, err := strconv.ParseUint(strings.Trim(number, " \t"), 10, 31)
		if errors.Is(err, strconv.ErrRange) || edge > maxPixel {
			return Region{}, fmt.Errorf("region %s reaches beyond any picture; %s", contract.Quote(text), form)
		}
		if err != nil {
			return Region{}, fmt.Errorf("region %s holds %s, which is not a whole number from 0 on; %s", contract.Quote(text), contract.Quote(number), form)
		}
		edges[i] = int(edge)
	}
	region := Region{X1: edges[0], X2: edges[1], Y1: edges[2], Y2: edges[3]}
	if region.X1 >= region.X2 || region.Y1 >= region.Y2 {
		return Region{}, fmt.Errorf("region %s is empty, because x1 must be less than x2 and y1 less than y2; both x come first: %s", contract.Quote(text), form)
	}
	return region, nil
}

// String is the region in the form that ParseRegion reads.
func (r Region) String() string { return string(r.append(nil)) }

func (r Region) append(dst []byte) []byte {
	for i, edge := range [...]int{r.X1, r.X2, r.Y1, r.Y2} {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(dst, int64(edge), 10)
	}
	return dst
}

// Within reports whether the region lies in a picture of this size. It may touch
// the right and the lower edge: X2 equal to width is within.
func (r Region) Within(width, height int) bool {
	return 0 <= r.X1 && r.X1 < r.X2 && r.X2 <= width && 0 <= r.Y1 && r.Y1 < r.Y2 && r.Y2 <= height
}
