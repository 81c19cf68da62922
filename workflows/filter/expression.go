package filter

import (
	"cmp"
	"slices"
)

// Expression is a condition, or several that are joined. It is not changed once
// it is parsed, and may be shared.
type Expression struct {
	Join      Join          // how the parts are joined; Single for a condition
	Parts     []*Expression // two or more, none of them of the same join
	Condition Condition     // of a Single
}

// Join is how the parts of an expression are joined.
type Join uint8

// The joins.
const (
	Single Join = iota // one condition, no parts
	And
	Or
)

// Condition compares one attribute with values.
type Condition struct {
	Field    Field
	Operator Operator
	// Ints or Strs are what an integer or a text field is compared with: one
	// value, or for In and NotIn at least one.
	Ints []int32
	Strs []string
}

// Field is an attribute: 0 to 3 are int_attr to int_attr4, 4 to 7 are str_attr
// to str_attr4.
type Field uint8

// Text reports whether the attribute is a text, not an integer.
func (f Field) Text() bool { return f >= 4 }

// Position is which of its kind the attribute is, 0 to 3.
func (f Field) Position() int { return int(f % 4) }

// String is the name of the attribute.
func (f Field) String() string {
	return [...]string{
		"int_attr", "int_attr2", "int_attr3", "int_attr4",
		"str_attr", "str_attr2", "str_attr3", "str_attr4",
	}[f]
}

// Operator is how an attribute is compared.
type Operator uint8

// The operators. Texts have Equal, NotEqual, In and NotIn alone.
const (
	Equal Operator = iota
	NotEqual
	Greater
	GreaterOrEqual
	Less
	LessOrEqual
	In
	NotIn
)

// String is the operator as it is written.
func (o Operator) String() string {
	return [...]string{"=", "!=", ">", ">=", "<", "<=", "in", "not in"}[o]
}

// Match reports whether a picture with these attributes is selected. Nil is an
// attribute that the picture lacks.
func (e *Expression) Match(ints [4]*int32, strs [4]*string) bool {
	matches := func(part *Expression) bool { return part.Match(ints, strs) }
	switch e.Join {
	case And:
		return !slices.ContainsFunc(e.Parts, func(part *Expression) bool { return !matches(part) })
	case Or:
		return slices.ContainsFunc(e.Parts, matches)
	}
	c := e.Condition
	if c.Field.Text() {
		return holds(c.Operator, strs[c.Field.Position()], c.Strs)
	}
	return holds(c.Operator, ints[c.Field.Position()], c.Ints)
}

// holds compares a value that may be absent.
func holds[T cmp.Ordered](operator Operator, value *T, with []T) bool {
	if value == nil {
		return false
	}
	switch operator {
	case Equal, In:
		return slices.Contains(with, *value)
	case NotEqual, NotIn:
		return !slices.Contains(with, *value)
	case Greater:
		return *value > with[0]
	case GreaterOrEqual:
		return *value >= with[0]
	case Less:
		return *value < with[0]
	default:
		return *value <= with[0]
	}
}
