package filter_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagebatch/workflows/filter"
)

func parse(t testing.TB, expression string) *filter.Expression {
	t.Helper()
	e, err := filter.Parse(expression)
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return e
}

func TestCanonical(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		reason, expression, want string
	}{
		"Tight":        {"spaces are optional", `int_attr>=100`, `int_attr >= 100`},
		"Vendor":       {"the vendor's own sample", `int_attr = 1000 AND str_attr = "v"`, `int_attr = 1000 AND str_attr = "v"`},
		"Spaces":       {"any blank separates", "\tint_attr2\n<\r -5 ", `int_attr2 < -5`},
		"Keywords":     {"in any case", `int_attr=1 aNd int_attr=2 oR str_attr Not In("a" , "b")`, `int_attr = 1 AND int_attr = 2 OR str_attr not in ("a","b")`},
		"Precedence":   {"AND binds closer", `int_attr=1 OR int_attr=2 AND int_attr=3`, `int_attr = 1 OR int_attr = 2 AND int_attr = 3`},
		"Grouped":      {"parentheses that matter stay", `(int_attr=1 OR int_attr=2) AND int_attr=3`, `(int_attr = 1 OR int_attr = 2) AND int_attr = 3`},
		"Needless":     {"those that do not matter go", `((int_attr=1 AND (int_attr=2 AND (int_attr=3))))`, `int_attr = 1 AND int_attr = 2 AND int_attr = 3`},
		"NeedlessOr":   {"those that do not matter go", `int_attr=1 OR (int_attr=2 OR int_attr=3 AND int_attr=4)`, `int_attr = 1 OR int_attr = 2 OR int_attr = 3 AND int_attr = 4`},
		"Camel":        {"the vendor's pages spell fields in three ways", `intAttr=1 AND IntAttr4=2 AND strAttr="a" AND StrAttr3="b"`, `int_attr = 1 AND int_attr4 = 2 AND str_attr = "a" AND str_attr3 = "b"`},
		"Escapes":      {"a quote and a backslash", `str_attr = "a\"b\\c'd"`, `str_attr = "a\"b\\c'd"`},
		"Keyword":      {"a keyword in quotes is a text", `str_attr="x"OR str_attr4="OR AND)"`, `str_attr = "x" OR str_attr4 = "OR AND)"`},
		"Empty":        {"an empty text is a text", `str_attr=""`, `str_attr = ""`},
		"Unicode":      {"characters, not bytes", `str_attr != "红色 é"`, `str_attr != "红色 é"`},
		"Bounds":       {"the whole of int32", `int_attr3 in (-2147483648,2147483647, 007)`, `int_attr3 in (-2147483648,2147483647,7)`},
		"One":          {"a list may have one value", `int_attr in(5)`, `int_attr in (5)`},
		"AllOperators": {"each operator of integers", `int_attr=1 AND int_attr!=2 AND int_attr<3 AND int_attr<=4 AND int_attr>5 AND int_attr>=6`, `int_attr = 1 AND int_attr != 2 AND int_attr < 3 AND int_attr <= 4 AND int_attr > 5 AND int_attr >= 6`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := parse(t, test.expression)
			if got := e.String(); got != test.want {
				t.Errorf("%s\n got %s\nwant %s: %s", test.expression, got, test.want, test.reason)
			}
			if diff := cmp.Diff(e, parse(t, e.String())); diff != "" {
				t.Errorf("parsed again it differs, -first +again:\n%s", diff)
			}
		})
	}
}

func TestSyntaxErrorsSayWhere(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		expression, want string
	}{
		"Empty":       {"", `read filter at character 1: expected a field (int_attr, int_attr2 to int_attr4, str_attr, str_attr2 to str_attr4) or (, found the end`},
		"Field":       {`price > 5`, `read filter at character 1: expected a field (int_attr, int_attr2 to int_attr4, str_attr, str_attr2 to str_attr4) or (, found "price"`},
		"NoValue":     {`int_attr >`, `read filter at character 11: expected a whole number from -2147483648 to 2147483647, found the end`},
		"Wide":        {`int_attr = 2147483648`, `read filter at character 12: expected a whole number from -2147483648 to 2147483647, found "2147483648"`},
		"Quotes":      {`str_attr = red`, `read filter at character 12: expected a text in double quotes, found "red"`},
		"IntText":     {`int_attr = "1"`, `read filter at character 12: expected a whole number from -2147483648 to 2147483647, found "\"1\""`},
		"TextOrder":   {`str_attr > "a"`, `read filter at character 10: expected an operator for texts: = != in, or not in, found ">"`},
		"Characters":  {`str_attr="红色" AND x`, `read filter at character 19: expected a field (int_attr, int_attr2 to int_attr4, str_attr, str_attr2 to str_attr4) or (, found "x"`},
		"Unclosed":    {`(int_attr=1`, `read filter at character 12: expected AND, OR or ), found the end`},
		"TooClosed":   {`int_attr=1)`, `read filter at character 11: expected AND, OR or the end, found ")"`},
		"UnclosedEnd": {`str_attr="a`, `read filter at character 12: expected a closing " for the text that begins here or earlier, found the end`},
		"Escape":      {`str_attr="\n"`, `read filter at character 12: expected \" or \\ after a backslash, found "n"`},
		"Fraction":    {`int_attr=1.5`, `read filter at character 11: expected the end of the number; write whole numbers in digits, found "."`},
		"NotWhat":     {`int_attr not 5`, `read filter at character 14: expected in after not, found "5"`},
		"EmptyList":   {`int_attr in ()`, `read filter at character 14: expected a whole number from -2147483648 to 2147483647, found ")"`},
		"Comma":       {`int_attr in (1 2)`, `read filter at character 16: expected a comma or ), found "2"`},
		"UTF8":        {"str_attr=\"\xff\"", `read filter at character 11: expected UTF-8, found "\xff"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := filter.Parse(test.expression)
			if err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	condition := func(length int) string { return `str_attr="` + strings.Repeat("长", length-11) + `"` }
	parse(t, condition(filter.MaxLength))
	parse(t, strings.Repeat("(", 64)+"int_attr=1"+strings.Repeat(")", 64))
	parse(t, "int_attr in (1"+strings.Repeat(",1", 999)+")")
	for name, test := range map[string]struct {
		expression string
		position   int
	}{
		"Length": {condition(filter.MaxLength + 1), filter.MaxLength + 1},
		"Depth":  {strings.Repeat("(", 65) + "int_attr=1" + strings.Repeat(")", 65), 65},
		"List":   {"int_attr in (1" + strings.Repeat(",1", 1000) + ")", 2014},
	} {
		_, err := filter.Parse(test.expression)
		var problem *filter.SyntaxError
		if !errors.As(err, &problem) || problem.Position != test.position {
			t.Errorf("%s: got %v, want an error at character %d", name, err, test.position)
		}
	}
}
