// Package filter reads the condition by which pictures are selected, such as
//
//	int_attr >= 100 AND (str_attr = "red" OR str_attr2 not in ("a","b"))
//
// Parse makes an Expression of the text or says at which character it went
// wrong. Match applies it to the attributes of one picture; package
// activities/index turns the same tree into SQL. String writes it down again.
//
// The fields are int_attr, int_attr2, int_attr3, int_attr4 and str_attr to
// str_attr4; intAttr and IntAttr are read as int_attr. Integers are compared by
// > >= < <= = != in and not in, texts by = != in and not in. AND binds closer
// than OR, parentheses group, and keywords may be of any case. Texts stand in
// double quotes, with \" and \\ for a quote and a backslash. Spaces are optional.
// A condition on an attribute that a picture lacks is false, whatever the
// operator: != and not in too.
//
// It is pure: it imports the standard library alone and keeps no state.
// Expressions come from strangers: length, nesting and lists are bounded, and so
// is everything that is made of them.
//
// The rules are those of
// https://www.alibabacloud.com/help/en/image-search/developer-reference/filter,
// and where the vendor's pages are silent, those above.
package filter
