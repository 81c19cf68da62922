package contract

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// inputFields are the fields of an input as they were sent, in their order.
type inputFields []inputField

type inputField struct {
	name  string
	value json.RawMessage
}

// fieldsOf are the fields of valid JSON. What is no object has none.
func fieldsOf(data []byte) (fields inputFields) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	if brace, err := decoder.Token(); err != nil || brace != json.Delim('{') { //workflowcheck:ignore what is read depends on the text alone
		return nil
	}
	for decoder.More() {
		var field inputField
		name, _ := decoder.Token() //workflowcheck:ignore fields come in the order of the text
		field.name, _ = name.(string)
		if decoder.Decode(&field.value) != nil { //workflowcheck:ignore the same value for the same text
			return fields
		}
		fields = append(fields, field)
	}
	return fields
}

// is reports whether a field is the one of that name, as the decoder takes it: in
// whatever case.
func (f inputField) is(name string) bool { return strings.EqualFold(f.name, name) }

// given reports whether a field is there, and whether it is null wherever it is.
func (fs inputFields) given(name string) (there, null bool) {
	null = true
	for _, field := range fs {
		if field.is(name) {
			there, null = true, null && string(field.value) == "null"
		}
	}
	return there, there && null
}

// odd says of a field that it is not known, or else there twice, as a sentence, or
// returns "". The decoder passes over the one, and takes the last of the others.
func (fs inputFields) odd(known []string) string {
	var unknown, repeated []string
	for at, field := range fs {
		switch {
		case !slices.ContainsFunc(known, field.is):
			unknown = append(unknown, field.name)
		case slices.ContainsFunc(fs[:at], func(before inputField) bool { return before.is(field.name) }):
			repeated = append(repeated, field.name)
		}
	}
	switch {
	case unknown != nil:
		return "the field " + Quote(slices.Min(unknown)) + " is not known"
	case repeated != nil:
		return "the field " + Quote(slices.Min(repeated)) + " is there twice"
	}
	return ""
}
