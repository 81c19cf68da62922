package filter

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bounds of an expression. MaxLength is the vendor's.
const (
	MaxLength = 4096 // characters
	maxDepth  = 64   // parentheses within each other
	maxList   = 1000 // values of one list
)

// Parse reads an expression. Its error is a *SyntaxError.
func Parse(expression string) (*Expression, error) {
	if len(expression) > MaxLength && utf8.RuneCountInString(expression) > MaxLength {
		return nil, &SyntaxError{Position: MaxLength + 1, Expected: fmt.Sprintf("the end, because a filter has at most %d characters", MaxLength), Found: "more"}
	}
	if at := invalidByte(expression); at >= 0 {
		return nil, problem(expression, at, "UTF-8", expression[at:at+1])
	}
	p := &parser{scanner: scanner{source: expression}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	parsed, err := p.either()
	if err != nil {
		return nil, err
	}
	if p.ahead.kind != end {
		return nil, p.expected("AND, OR or the end")
	}
	return parsed, nil
}

// invalidByte is the first byte that is not of a character, or -1.
func invalidByte(s string) int {
	for at, character := range s {
		if character == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[at:]); size == 1 {
				return at
			}
		}
	}
	return -1
}

// parser reads the grammar with one token ahead:
//
//	either    = both { OR both }
//	both      = term { AND term }
//	term      = "(" either ")" | condition
//	condition = field operator value | field [ NOT ] IN "(" value { "," value } ")"
type parser struct {
	scanner scanner
	ahead   token
	depth   int
}

func (p *parser) advance() *SyntaxError {
	next, err := p.scanner.token()
	if err == nil {
		p.ahead = next
	}
	return err
}

// keyword reports whether the token ahead is this word, in any case.
func (p *parser) keyword(name string) bool {
	return p.ahead.kind == word && strings.EqualFold(p.ahead.value, name)
}

func (p *parser) expected(what string) *SyntaxError {
	shown := p.ahead.value
	if p.ahead.kind == text {
		shown = quoted(shown)
	}
	return problem(p.scanner.source, p.ahead.at, what, shorten(shown))
}

// shorten keeps messages short.
func shorten(shown string) string {
	const most = 40
	for count, at := 0, 0; at < len(shown); count++ {
		if count == most {
			return shown[:at] + "…"
		}
		_, size := utf8.DecodeRuneInString(shown[at:])
		at += size
	}
	return shown
}

func (p *parser) either() (*Expression, *SyntaxError) { return p.joined(Or, "OR", p.both) }

func (p *parser) both() (*Expression, *SyntaxError) { return p.joined(And, "AND", p.term) }

// joined reads parts with a word between them. Parts that are joined in the same
// way become part of the whole, so that grouping without effect leaves no trace.
func (p *parser) joined(join Join, name string, part func() (*Expression, *SyntaxError)) (*Expression, *SyntaxError) {
	var parts []*Expression
	for {
		next, err := part()
		if err != nil {
			return nil, err
		}
		if next.Join == join {
			parts = append(parts, next.Parts...)
		} else {
			parts = append(parts, next)
		}
		if !p.keyword(name) {
			break
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return &Expression{Join: join, Parts: parts}, nil
}

func (p *parser) term() (*Expression, *SyntaxError) {
	if p.ahead.kind != opening {
		condition, err := p.condition()
		if err != nil {
			return nil, err
		}
		return &Expression{Condition: condition}, nil
	}
	if p.depth == maxDepth {
		return nil, p.expected(fmt.Sprintf("a condition, because at most %d parentheses may be open", maxDepth))
	}
	p.depth++
	if err := p.advance(); err != nil {
		return nil, err
	}
	inner, err := p.either()
	if err != nil {
		return nil, err
	}
	if p.ahead.kind != closing {
		return nil, p.expected("AND, OR or )")
	}
	p.depth--
	return inner, p.advance()
}

func (p *parser) condition() (Condition, *SyntaxError) {
	var c Condition
	known := false
	if p.ahead.kind == word {
		c.Field, known = fieldNamed(p.ahead.value)
	}
	if !known {
		return c, p.expected("a field (int_attr, int_attr2 to int_attr4, str_attr, str_attr2 to str_attr4) or (")
	}
	if err := p.advance(); err != nil {
		return c, err
	}
	if err := p.operator(&c); err != nil {
		return c, err
	}
	if c.Operator == In || c.Operator == NotIn {
		return c, p.list(&c)
	}
	return c, p.value(&c)
}

// fieldNamed is the field of a name, in any of the vendor's three spellings.
func fieldNamed(name string) (Field, bool) {
	for field := Field(0); field < 8; field++ {
		canonical := field.String()
		camel := canonical[:3] + "Attr" + strings.TrimPrefix(canonical[3:], "_attr")
		if name == canonical || name == camel || name == strings.ToUpper(camel[:1])+camel[1:] {
			return field, true
		}
	}
	return 0, false
}

var operators = map[string]Operator{
	"=": Equal, "!=": NotEqual, ">": Greater, ">=": GreaterOrEqual, "<": Less, "<=": LessOrEqual,
}

// operator reads an operator that suits the field.
func (p *parser) operator(c *Condition) *SyntaxError {
	suitable := "an operator: > >= < <= = != in, or not in"
	if c.Field.Text() {
		suitable = "an operator for texts: = != in, or not in"
	}
	switch {
	case p.keyword("in"):
		c.Operator = In
	case p.keyword("not"):
		if err := p.advance(); err != nil {
			return err
		}
		if !p.keyword("in") {
			return p.expected("in after not")
		}
		c.Operator = NotIn
	case p.ahead.kind == operator:
		c.Operator = operators[p.ahead.value]
		if c.Field.Text() && c.Operator != Equal && c.Operator != NotEqual {
			return p.expected(suitable)
		}
	default:
		return p.expected(suitable)
	}
	return p.advance()
}

func (p *parser) list(c *Condition) *SyntaxError {
	if p.ahead.kind != opening {
		return p.expected("( and a list of values")
	}
	for {
		if err := p.advance(); err != nil {
			return err
		}
		if len(c.Ints)+len(c.Strs) == maxList {
			return p.expected(fmt.Sprintf("), because a list has at most %d values", maxList))
		}
		if err := p.value(c); err != nil {
			return err
		}
		switch p.ahead.kind {
		case comma:
		case closing:
			return p.advance()
		default:
			return p.expected("a comma or )")
		}
	}
}

// value reads a value of the field's kind.
func (p *parser) value(c *Condition) *SyntaxError {
	if c.Field.Text() {
		if p.ahead.kind != text {
			return p.expected("a text in double quotes")
		}
		c.Strs = append(c.Strs, p.ahead.value)
		return p.advance()
	}
	value, err := strconv.ParseInt(p.ahead.value, 10, 32)
	if p.ahead.kind != number || err != nil {
		return p.expected("a whole number from -2147483648 to 2147483647")
	}
	c.Ints = append(c.Ints, int32(value))
	return p.advance()
}
