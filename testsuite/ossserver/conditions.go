package ossserver

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// checkConditions applies the If- headers of a read.
func checkConditions(h http.Header, o *object) error {
	if want := h.Get("If-Match"); want != "" && !matchesETag(want, o) {
		return errPrecondition
	}
	if since, err := http.ParseTime(h.Get("If-Unmodified-Since")); err == nil && o.Modified.After(since) {
		return errPrecondition
	}
	if not := h.Get("If-None-Match"); not != "" && matchesETag(not, o) {
		return errNotModified
	}
	if since, err := http.ParseTime(h.Get("If-Modified-Since")); err == nil && !o.Modified.After(since) {
		return errNotModified
	}
	return nil
}

// matchesETag compares as OSS does: with or without quotes.
func matchesETag(list string, o *object) bool {
	for want := range strings.SplitSeq(list, ",") {
		want = strings.Trim(strings.TrimSpace(want), `"`)
		if want == "*" || strings.EqualFold(want, o.bareETag()) {
			return true
		}
	}
	return false
}

// span is the part of an object that the Range header asks for. OSS answers a
// range it cannot satisfy, or that reaches past the end, with the whole object,
// unless the client asks for the standard behaviour.
// Source: https://www.alibabacloud.com/help/en/oss/developer-reference/getobject
func span(h http.Header, size int64) (from, length int64, partial bool, err error) {
	text := h.Get("Range")
	if text == "" {
		return 0, size, false, nil
	}
	from, to, ok := parseRange(text, size)
	if !ok {
		return 0, size, false, nil // not a range at all: every server ignores it
	}
	if h.Get("X-Oss-Range-Behavior") != "standard" {
		if from >= size || to >= size {
			return 0, size, false, nil
		}
		return from, to - from + 1, true, nil
	}
	if from >= size {
		return 0, 0, false, errInvalidRange.with("ActualObjectSize", strconv.FormatInt(size, 10)).with("RangeRequested", text)
	}
	to = min(to, size-1)
	return from, to - from + 1, true, nil
}

// parseRange reads bytes=from-to, bytes=from- and bytes=-last.
func parseRange(text string, size int64) (from, to int64, ok bool) {
	text, ok = strings.CutPrefix(strings.TrimSpace(text), "bytes=")
	if !ok {
		return 0, 0, false
	}
	first, last, ok := strings.Cut(text, "-")
	if !ok {
		return 0, 0, false
	}
	if first == "" {
		n, err := strconv.ParseUint(last, 10, 63)
		if err != nil {
			return 0, 0, false
		}
		if n == 0 {
			return size, size, true // satisfiable by nothing
		}
		return max(0, size-int64(n)), size - 1, true
	}
	f, err := strconv.ParseUint(first, 10, 63)
	if err != nil {
		return 0, 0, false
	}
	if last == "" {
		return int64(f), max(int64(f), size-1), true
	}
	l, err := strconv.ParseUint(last, 10, 63)
	if err != nil || l < f {
		return 0, 0, false
	}
	return int64(f), int64(l), true
}

func contentRange(from, length, size int64) string {
	return fmt.Sprintf("bytes %d-%d/%d", from, from+length-1, size)
}
