package filter_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"imagebatch/workflows/filter"
)

// hostile are expressions that none may accept: typing errors, other languages,
// attempts to break out, and attempts to exhaust.
func hostile() []string {
	all := []string{
		"", " ", "\n", "()", "(())", "(", ")", ")(", "((((", "))))", "AND", "OR", "NOT", "in", "not in", "=", "!=", ">", ",", `"`, `""`, `\`, "1", `"a"`,
		"int_attr", "str_attr", "int_attr int_attr", "int_attr = int_attr2", "1 = int_attr", `"a" = str_attr`, "int_attr == 1", "int_attr <> 1",
		"int_attr => 1", "int_attr =< 1", "int_attr ! = 1", "int_attr > = 1", "int_attr = = 1", "int_attr !", "int_attr = +1", "int_attr = --1", "int_attr = - 1",
		"int_attr = 1e3", "int_attr = 0x10", "int_attr = 1_000", "int_attr = 1,000", "int_attr = 1.0", "int_attr = .5", "int_attr = 2147483648",
		"int_attr = -2147483649", "int_attr = 99999999999999999999999999", "int_attr = NULL", "int_attr IS NULL", "int_attr = true", "int_attr = ''",
		"int_attr = 1 2", "int_attr = 1OR int_attr = 2", "int_attr = 1;", "int_attr = 1 --", "int_attr = 1 /* x */", "int_attr = 1 #", "int_attr = (1)",
		"int_attr = (SELECT 1)", "int_attr in 1", "int_attr in", "int_attr in (", "int_attr in (1", "int_attr in (1,", "int_attr in (1,)", "int_attr in (,1)",
		"int_attr in (1 2)", "int_attr in (1;2)", "int_attr in ((1))", "int_attr in (SELECT id FROM picture)", `int_attr in ("1")`, `int_attr in (1,"2")`,
		"int_attr in [1]", "int_attr in {1}", "int_attr not (1)", "int_attr not 1", "int_attr not not in (1)", "int_attr notin (1)", "not int_attr = 1",
		"not (int_attr = 1)", "!int_attr", "int_attr BETWEEN 1 AND 2", "int_attr LIKE 1", "int_attr + 1 = 2", "int_attr * 2", "int_attr5 = 1", "int_attr0 = 1",
		"int_attr1 = 1", "int_attr22 = 1", "INT_ATTR = 1", "int attr = 1", "int-attr = 1", "intattr = 1", "picture.int_attr = 1", "`int_attr` = 1",
		`"int_attr" = 1`, "[int_attr] = 1", "category = 1", "CategoryId = 1", "product = \"a\"", "ProductId = \"a\"", "rowid = 1", "1=1", "true", "id > 0",
		"str_attr = 1", "str_attr = red", "str_attr = 'red'", "str_attr = `red`", "str_attr = “red”", `str_attr = "red`, `str_attr = red"`, `str_attr = "a" "b"`,
		`str_attr = "a"b"`, `str_attr = "a""b"`, `str_attr = "\a"`, `str_attr = "\`, `str_attr = "\"`, `str_attr = "\u0041"`, `str_attr > "a"`, `str_attr >= "a"`,
		`str_attr < "a"`, `str_attr <= "a"`, `str_attr LIKE "a%"`, `str_attr in "a"`, `str_attr in ()`, `str_attr in (1)`, `str_attr in ("a" "b")`, `str_attr in ("a",)`,
		`str_attr = "a"; DROP TABLE picture; --`, `str_attr = "a" OR 1=1`, `str_attr = "a" OR "a" = "a"`, `str_attr = "a" UNION SELECT 1`, `str_attr = "a" || "b"`,
		`str_attr = upper("a")`, `str_attr = ?`, `str_attr = ?1`, `str_attr = :a`, `str_attr = @a`, `str_attr = $1`, `int_attr = ?`, `int_attr && 1`, `int_attr = 1 && int_attr = 2`,
		`int_attr = 1 || int_attr = 2`, `int_attr = 1 & 1`, `int_attr = 1 XOR int_attr = 2`, `int_attr = 1 AND`, `int_attr = 1 OR`, `AND int_attr = 1`, `int_attr = 1 AND AND int_attr = 2`,
		`int_attr = 1 AND OR int_attr = 2`, `int_attr = 1 int_attr = 2`, `int_attr = 1, int_attr = 2`, `(int_attr = 1`, `int_attr = 1)`, `(int_attr) = 1`, `(int_attr =) 1`,
		`(int_attr = 1) (int_attr = 2)`, `(int_attr = 1))`, `((int_attr = 1)`, "int_attr = 1\x00", "\x00", "int_attr\x00 = 1", "\ufeffint_attr = 1", "int_attr\u00a0= 1", "int_attr = １",
		"ｉnt_attr = 1", "int_attr ＝ 1", "int_attr = 1 AND", "\xff", "str_attr = \"\xc3\x28\"", "str_attr = \"\xed\xa0\x80\"", "str_attr = \"\xf8\"", "{\"int_attr\": 1}", "<int_attr>", "%s%s%n", "../../etc/passwd",
		"int_attr \u2028= 1", "int_attr\v= 1", "int_attr\f= 1", "😀", "int_attr = 😀",
		strings.Repeat("(", 4096), strings.Repeat("(", 100) + "int_attr=1" + strings.Repeat(")", 100), strings.Repeat("int_attr=1 AND ", 272), strings.Repeat(" ", 4096),
		strings.Repeat("x", 1<<20), strings.Repeat("\xff", 1<<20), `str_attr = "` + strings.Repeat(`\"`, 2000), "int_attr = " + strings.Repeat("9", 4000), "int_attr in (" + strings.Repeat("1,", 2000) + "1)",
		"int_attr in (" + strings.Repeat("1,", 1500) + "1)", strings.Repeat("not ", 1000), strings.Repeat(`"`, 4095), strings.Repeat("\\", 4096), strings.Repeat("int_attr", 512),
	}
	for _, valid := range []string{`int_attr=1`, `str_attr="a"`, `(int_attr in (1,2) OR str_attr not in ("a"))`} {
		for _, tail := range []string{" AND", " OR ", ")", "(", " =", ` "a"`, " in", " not", ",", " int_attr", " xor " + valid, "--", "\x00"} {
			all = append(all, valid+tail)
		}
		for cut := 1; cut < len(valid); cut++ {
			all = append(all, valid[:cut])
		}
	}
	return all
}

func TestHostileExpressionsAreRefused(t *testing.T) {
	t.Parallel()
	all := hostile()
	if len(all) < 200 {
		t.Fatalf("only %d expressions", len(all))
	}
	for _, expression := range all {
		shown := expression[:min(len(expression), 60)]
		e, err := filter.Parse(expression)
		var problem *filter.SyntaxError
		if e != nil || !errors.As(err, &problem) {
			t.Errorf("%q: got %v, %v, want a syntax error", shown, e, err)
			continue
		}
		if problem.Position < 1 || problem.Position > utf8.RuneCountInString(expression)+1 || problem.Expected == "" {
			t.Errorf("%q: the error is %+v", shown, *problem)
		}
		if len(err.Error()) > 400 {
			t.Errorf("%q: the message has %d bytes", shown, len(err.Error()))
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, expression := range hostile() {
		f.Add(expression, int32(1), "a")
	}
	f.Add(`int_attr in (1,2) AND (str_attr="a\"" OR int_attr4<=-5)`, int32(1), `a"`)
	f.Fuzz(func(t *testing.T, expression string, number int32, text string) {
		e, err := filter.Parse(expression)
		if err != nil {
			var problem *filter.SyntaxError
			if !errors.As(err, &problem) || problem.Position < 1 || problem.Position > utf8.RuneCountInString(expression)+1 {
				t.Fatalf("%q: the error is %v", expression, err)
			}
			return
		}
		ints, strs := [4]*int32{&number, nil, &number}, [4]*string{&text, nil, &text}
		matched := e.Match(ints, strs)
		again, err := filter.Parse(e.String())
		if err != nil {
			if utf8.RuneCountInString(e.String()) > filter.MaxLength {
				return
			}
			t.Fatalf("%q, canonical form of %q: %v", e, expression, err)
		}
		if again.String() != e.String() || again.Match(ints, strs) != matched {
			t.Fatalf("%q becomes %q, and %q means another thing", expression, e, again)
		}
	})
}
