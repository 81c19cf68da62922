package filter

import (
	"strconv"
	"strings"
)

// String is the expression in one canonical form: equal expressions have equal
// texts, and Parse makes the same expression of it. Its spaces may carry it over
// MaxLength.
func (e *Expression) String() string {
	var out strings.Builder
	e.write(&out)
	return out.String()
}

func (e *Expression) write(out *strings.Builder) {
	if e.Join == Single {
		e.Condition.write(out)
		return
	}
	joint := " AND "
	if e.Join == Or {
		joint = " OR "
	}
	for i, part := range e.Parts {
		if i > 0 {
			out.WriteString(joint)
		}
		if e.Join == And && part.Join == Or {
			out.WriteByte('(')
			part.write(out)
			out.WriteByte(')')
			continue
		}
		part.write(out)
	}
}

func (c Condition) write(out *strings.Builder) {
	out.WriteString(c.Field.String() + " " + c.Operator.String() + " ")
	list := c.Operator == In || c.Operator == NotIn
	if list {
		out.WriteByte('(')
	}
	for i, value := range c.Ints {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString(strconv.Itoa(int(value)))
	}
	for i, value := range c.Strs {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString(quoted(value))
	}
	if list {
		out.WriteByte(')')
	}
}

var escapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

func quoted(text string) string { return `"` + escapes.Replace(text) + `"` }
