package filter_test

import (
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"imagebatch/workflows/filter"
)

// picture is what a filter is applied to.
type picture struct {
	ints [4]*int32
	strs [4]*string
}

// words hold what is easily mistaken for something else.
var words = []string{"", "a", "b", "A", `"`, `\`, `a"b\`, "AND", "长", "1", "%", "'; DROP TABLE picture; --"}

func drawnPicture(t *rapid.T) (p picture) {
	for i := range 4 {
		if rapid.Bool().Draw(t, "has int") {
			p.ints[i] = new(rapid.Int32Range(-3, 3).Draw(t, "int"))
		}
		if rapid.Bool().Draw(t, "has str") {
			p.strs[i] = new(rapid.SampledFrom(words).Draw(t, "str"))
		}
	}
	return p
}

// drawn is an expression as text, with its meaning worked out in another way
// than by a tree.
type drawn struct {
	text  string
	holds func(picture) bool
}

func drawnCondition(t *rapid.T) drawn {
	n := rapid.IntRange(0, 3).Draw(t, "position")
	suffix := []string{"", "2", "3", "4"}[n]
	blank := rapid.SampledFrom([]string{"", " ", "\t "}).Draw(t, "blank")
	ints := rapid.SliceOfN(rapid.Int32Range(-3, 3), 1, 4).Draw(t, "ints")
	strs := rapid.SliceOfN(rapid.SampledFrom(words), 1, 4).Draw(t, "strs")
	var literals []string
	isText := rapid.Bool().Draw(t, "text")
	if isText {
		for _, s := range strs {
			literals = append(literals, `"`+strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), `"`, `\"`)+`"`)
		}
	} else {
		for _, i := range ints {
			literals = append(literals, strconv.Itoa(int(i)))
		}
	}
	// The value as a text of fixed width orders as the number does.
	key := func(p picture) (string, bool) {
		if isText {
			if p.strs[n] == nil {
				return "", false
			}
			return *p.strs[n], true
		}
		if p.ints[n] == nil {
			return "", false
		}
		return strconv.Itoa(int(*p.ints[n]) + 50_000), true
	}
	against := strs
	if !isText {
		against = nil
		for _, i := range ints {
			against = append(against, strconv.Itoa(int(i)+50_000))
		}
	}
	operators := map[string]func(value string) bool{
		"=":  func(v string) bool { return v == against[0] },
		"!=": func(v string) bool { return v != against[0] },
		" in": func(v string) bool {
			return strings.Contains("\x00"+strings.Join(against, "\x00")+"\x00", "\x00"+v+"\x00")
		},
		" not in": func(v string) bool {
			return !strings.Contains("\x00"+strings.Join(against, "\x00")+"\x00", "\x00"+v+"\x00")
		},
		">":  func(v string) bool { return v > against[0] },
		">=": func(v string) bool { return v >= against[0] },
		"<":  func(v string) bool { return v < against[0] },
		"<=": func(v string) bool { return v <= against[0] },
	}
	names := []string{"=", "!=", " in", " not in"}
	if !isText {
		names = append(names, ">", ">=", "<", "<=")
	}
	operator := rapid.SampledFrom(names).Draw(t, "operator")
	field := "int_attr" + suffix
	if isText {
		field = "str_attr" + suffix
	}
	value := literals[0]
	if strings.HasSuffix(operator, "in") {
		value = "(" + strings.Join(literals, ","+blank) + ")"
	}
	return drawn{
		text: field + blank + operator + blank + value,
		holds: func(p picture) bool {
			v, has := key(p)
			return has && operators[operator](v)
		},
	}
}

// drawnExpression joins conditions. The meaning of a chain without parentheses
// is that some run between two ORs holds as a whole.
func drawnExpression(t *rapid.T, depth int) drawn {
	count := rapid.IntRange(1, 4).Draw(t, "terms")
	var text strings.Builder
	runs := [][]drawn{nil}
	for i := range count {
		var term drawn
		if depth > 0 && rapid.IntRange(0, 2).Draw(t, "nest") == 0 {
			inner := drawnExpression(t, depth-1)
			term = drawn{"(" + inner.text + ")", inner.holds}
		} else {
			term = drawnCondition(t)
		}
		if i > 0 {
			joint := rapid.SampledFrom([]string{" AND ", " OR ", " and ", " Or "}).Draw(t, "joint")
			text.WriteString(joint)
			if strings.EqualFold(strings.TrimSpace(joint), "or") {
				runs = append(runs, nil)
			}
		}
		text.WriteString(term.text)
		runs[len(runs)-1] = append(runs[len(runs)-1], term)
	}
	return drawn{text.String(), func(p picture) bool {
		for _, run := range runs {
			held := 0
			for _, term := range run {
				if term.holds(p) {
					held++
				}
			}
			if held == len(run) {
				return true
			}
		}
		return false
	}}
}

func TestMatchMeansWhatTheTextSays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := drawnExpression(t, 3)
		e, err := filter.Parse(d.text)
		if err != nil {
			t.Fatalf("%s: %v", d.text, err)
		}
		again, err := filter.Parse(e.String())
		if err != nil {
			t.Fatalf("%s, canonical form of %s: %v", e, d.text, err)
		}
		if again.String() != e.String() {
			t.Fatalf("%s becomes %s", e, again)
		}
		for range 8 {
			p := drawnPicture(t)
			want := d.holds(p)
			if got := e.Match(p.ints, p.strs); got != want {
				t.Fatalf("%s: got %v, want %v", d.text, got, want)
			}
			if got := again.Match(p.ints, p.strs); got != want {
				t.Fatalf("%s, canonical form of %s: got %v, want %v", e, d.text, got, want)
			}
		}
	})
}

func TestAbsentIsFalseForEveryOperator(t *testing.T) {
	t.Parallel()
	for _, expression := range []string{
		`int_attr=0`, `int_attr!=0`, `int_attr>0`, `int_attr>=0`, `int_attr<0`, `int_attr<=0`, `int_attr in (0)`, `int_attr not in (0)`,
		`str_attr=""`, `str_attr!=""`, `str_attr in ("")`, `str_attr not in ("")`,
	} {
		if parse(t, expression).Match([4]*int32{nil, new(int32)}, [4]*string{nil, new("")}) {
			t.Errorf("%s selects a picture without the attribute", expression)
		}
	}
}
