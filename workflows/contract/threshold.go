package contract

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// Threshold is how much of something is still allowed: a number such as "1000",
// or a share of a total such as "5%" or "0.25%". More than that is too much. The
// empty threshold allows everything, "0" nothing.
type Threshold string

// ParseThreshold reads a threshold as people write it.
func ParseThreshold(text string) (Threshold, error) {
	t := Threshold(strings.ReplaceAll(strings.TrimSpace(text), " ", ""))
	return t, t.Validate()
}

// UnmarshalJSON also reads a number that is not in quotes, for 1000 and "1000" are
// the same to whoever writes it.
func (t *Threshold) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && (data[0] == '-' || data[0] >= '0' && data[0] <= '9') {
		*t = Threshold(data)
		return nil
	}
	return json.Unmarshal(data, (*string)(t))
}

// Validate checks that the threshold can be read.
func (t Threshold) Validate() error {
	if _, ok := t.read(); !ok {
		return Errorf(CodeBadRequest, "the limit %q is neither a number nor a percentage; give one such as 1000, 5%% or 0.25%%, from 0 to 100%%", clipped(string(t)))
	}
	return nil
}

// Of is how many of a total are allowed. It is not ok when every number is,
// as it is for a threshold that is not valid.
func (t Threshold) Of(total int64) (allowed int64, ok bool) {
	limit, valid := t.read()
	switch {
	case t == "" || !valid:
		return 0, false
	case limit.parts < 0:
		return limit.number, true
	}
	// Divided first, so that no total overflows; what that cuts off is added.
	return total/wholeParts*limit.parts + total%wholeParts*limit.parts/wholeParts, true
}

// limit is a threshold read: a number, or, unless negative, parts of the whole.
type limit struct{ number, parts int64 }

// wholeParts is 100 %, in the hundredths of a percent that a threshold can name.
const wholeParts = 100 * 100

func (t Threshold) read() (limit, bool) {
	if t == "" {
		return limit{number: math.MaxInt64, parts: -1}, true
	}
	share, percent := strings.CutSuffix(string(t), "%")
	if !percent {
		number, ok := digits(string(t))
		return limit{number: number, parts: -1}, ok
	}
	whole, fraction, dotted := strings.Cut(share, ".")
	if dotted && (fraction == "" || len(fraction) > 2) {
		return limit{}, false
	}
	parts, ok := digits(whole + fraction + strings.Repeat("0", 2-len(fraction)))
	return limit{parts: parts}, ok && whole != "" && parts <= wholeParts
}

// digits reads a number that is written without a sign.
func digits(text string) (int64, bool) {
	if strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

// clipped is so much of a stranger's text as a message may quote.
func clipped(text string) string {
	const most = 40
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
