package answers

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Filled says in how many answers a field holds something.
type Filled string

// The frequencies. A field that never does is in no shape.
const (
	Always    Filled = "always"
	Sometimes Filled = "sometimes"
)

// Shape is which fields of a JSON value hold something. Numbers and booleans are
// left out: nothing is an answer for them.
type Shape struct {
	Filled Filled            `json:"filled"` // where the value around it is there
	Fields map[string]*Shape `json:"fields,omitempty"`
	Items  *Shape            `json:"items,omitempty"` // of a list

	seen, filled int
}

// counts are objects whose fields are named by what they count.
const counts = "codes"

// zeroTime is the time.Time of nobody.
const zeroTime = "0001-01-01T00:00:00Z"

// judged reports whether a value can be missing, and whether it is not.
func judged(value any) (matters, filled bool) {
	switch v := value.(type) {
	case nil:
		return true, false
	case string:
		return true, v != "" && v != zeroTime
	case []any:
		return true, len(v) > 0
	case map[string]any:
		return true, true
	}
	return false, true
}

// see takes a value into the shape.
func (s *Shape) see(name string, value any) {
	s.seen++
	matters, filled := judged(value)
	if !matters || !filled {
		return
	}
	s.filled++
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			if s.Items == nil {
				s.Items = &Shape{}
			}
			s.Items.see("", item)
		}
	case map[string]any:
		if name == counts {
			return
		}
		if s.Fields == nil {
			s.Fields = map[string]*Shape{}
		}
		for field, inner := range v {
			if matters, _ := judged(inner); matters && s.Fields[field] == nil {
				s.Fields[field] = &Shape{seen: s.filled - 1} // the earlier ones did without
			}
		}
		for field, shape := range s.Fields {
			shape.see(field, v[field])
		}
	}
}

// settle turns what was counted into frequencies, and drops what never was.
func (s *Shape) settle() {
	s.Filled = Sometimes
	if s.filled == s.seen {
		s.Filled = Always
	}
	for field, shape := range s.Fields {
		if shape.settle(); shape.filled == 0 {
			delete(s.Fields, field)
		}
	}
	if s.Items != nil {
		s.Items.settle()
	}
}

// differs says where a value is not of the shape, or returns "".
func (s *Shape) differs(path, name string, value any) string {
	matters, filled := judged(value)
	switch {
	case !matters:
		return ""
	case !filled && s.Filled == Always:
		return path + " is empty, and never is in the worker's answers"
	case !filled:
		return ""
	}
	switch v := value.(type) {
	case []any:
		for n, item := range v {
			if s.Items == nil {
				return path + " has items, and never has in the worker's answers"
			}
			if why := s.Items.differs(fmt.Sprintf("%s[%d]", path, n), "", item); why != "" {
				return why
			}
		}
	case map[string]any:
		if name == counts {
			return ""
		}
		names := slices.Collect(maps.Keys(v))
		for field := range s.Fields {
			if _, there := v[field]; !there {
				names = append(names, field)
			}
		}
		slices.Sort(names)
		for _, field := range names {
			shape := s.Fields[field]
			if shape == nil {
				if matters, filled := judged(v[field]); matters && filled {
					return path + "." + field + " holds something, and never does in the worker's answers"
				}
				continue
			}
			if why := shape.differs(path+"."+field, field, v[field]); why != "" {
				return why
			}
		}
	}
	return ""
}

// plain is a value as it looks after it has travelled as JSON.
func plain(value any) (any, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	var decoded any
	err = json.Unmarshal(data, &decoded)
	return decoded, err
}
