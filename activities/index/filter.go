package index

import (
	"strings"

	"imagebatch/activities"
	"imagebatch/workflows/filter"
)

// selection is a filter as a condition of SQL on the columns of table picture,
// with the values for its placeholders. An attribute that is absent makes a
// condition neither true nor false, and what is not true does not select; there
// is no operator that would turn it round.
func selection(e *filter.Expression) (condition string, values []any) {
	var out strings.Builder
	values = writeSelection(&out, e, nil)
	return out.String(), values
}

func writeSelection(out *strings.Builder, e *filter.Expression, values []any) []any {
	if e.Join == filter.Single {
		return writeCondition(out, e.Condition, values)
	}
	joint := " AND "
	if e.Join == filter.Or {
		joint = " OR "
	}
	out.WriteByte('(')
	for i, part := range e.Parts {
		if i > 0 {
			out.WriteString(joint)
		}
		values = writeSelection(out, part, values)
	}
	out.WriteByte(')')
	return values
}

// writeCondition relies on the names of fields being those of columns, and on
// operators being spelt as in SQL.
func writeCondition(out *strings.Builder, c filter.Condition, values []any) []any {
	out.WriteString(c.Field.String() + " " + c.Operator.String() + " ")
	placeholders := strings.Repeat("?, ", len(c.Ints)+len(c.Strs))
	placeholders = strings.TrimSuffix(placeholders, ", ")
	if c.Operator == filter.In || c.Operator == filter.NotIn {
		placeholders = "(" + placeholders + ")"
	}
	out.WriteString(placeholders)
	for _, value := range c.Ints {
		values = append(values, value)
	}
	for _, value := range c.Strs {
		values = append(values, value)
	}
	return values
}

// among is which pictures a query is about, as a condition with its values; the
// empty one for all.
func among(query activities.SearchQuery) (condition string, values []any) {
	var conditions []string
	if query.Category != nil {
		conditions, values = append(conditions, "category = ?"), append(values, *query.Category)
	}
	if query.Filter != nil {
		selected, of := selection(query.Filter)
		conditions, values = append(conditions, selected), append(values, of...)
	}
	return strings.Join(conditions, " AND "), values
}
