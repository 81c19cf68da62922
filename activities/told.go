package activities

import "errors"

// told is what an object store said, and one remedy: the one that the store's
// own code calls for, where it does, else ours. An error that is not an answer of
// a store is told as it is.
func told(err error, remedy string) string {
	said := err.Error()
	var answer Answer
	if errors.As(err, &answer) {
		said = answer.Said()
		if own := answer.Remedy(); own != "" {
			remedy = own
		}
	}
	return said + "; " + remedy
}
