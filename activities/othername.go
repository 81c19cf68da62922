package activities

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"imagebatch/workflows/contract"
)

// A picture that is missing often lies there under a name that looks the same:
// letters composed in another form of Unicode, other letters in capitals, escapes
// of an address. Nobody may list the bucket, so the likely names are tried.

// form is one way in which a name can be written otherwise.
type form struct {
	differs string // how, for people
	write   func(key string) string
}

var forms = func() []form {
	const (
		unicodeForm = "its name is in another form of Unicode, "
		capitals    = "its name differs in capital letters"
	)
	all := []form{
		{unicodeForm + "NFC", norm.NFC.String},
		{unicodeForm + "NFD", norm.NFD.String},
		{"its name is not percent-encoded", decoded},
		{"its name is not percent-encoded, and in another form of Unicode", func(key string) string { return norm.NFD.String(decoded(key)) }},
		{"its name is percent-encoded", encoded},
		{"the spaces of its name are percent-encoded", func(key string) string { return strings.ReplaceAll(key, " ", "%20") }},
		{"it has + for each space", func(key string) string { return strings.ReplaceAll(key, " ", "+") }},
		{"it has a space for each +", func(key string) string { return strings.ReplaceAll(key, "+", " ") }},
	}
	same := func(text string) string { return text }
	for _, stem := range []func(string) string{same, strings.ToLower, strings.ToUpper, capital} {
		for _, extension := range []func(string) string{same, strings.ToLower, strings.ToUpper} {
			all = append(all, form{capitals, func(key string) string {
				folder, name := path.Split(key)
				dot := max(0, strings.LastIndexByte(name, '.'))
				return folder + stem(name[:dot]) + extension(name[dot:])
			}})
		}
	}
	return append(all, form{capitals, strings.ToLower}, form{capitals, strings.ToUpper})
}()

func decoded(key string) string {
	if plain, err := url.PathUnescape(key); err == nil {
		return plain
	}
	return key
}

func encoded(key string) string {
	parts := strings.Split(key, "/")
	for n, part := range parts {
		parts[n] = url.PathEscape(part)
	}
	return strings.Join(parts, "/")
}

// capital is the text with its first letter alone in capitals.
func capital(text string) string {
	for _, first := range text {
		head := string(first)
		return strings.ToUpper(head) + strings.ToLower(strings.TrimPrefix(text, head))
	}
	return text
}

// otherNames looks for what is missing under other names. It asks the store at
// most so often, questions that led to a name not counted: where all names of a
// manifest are written otherwise, each is found by one question, because the form
// that was found last is tried first.
type otherNames struct {
	turn  chan struct{} // holds a token while somebody asks
	left  int
	found int // index of the form that was found last
}

// Bounds of the questions, for a slice and for a single request.
const (
	sliceGuesses   = 64
	requestGuesses = 24
)

func newOtherNames(left int) *otherNames {
	return &otherNames{left: left, turn: make(chan struct{}, 1)}
}

// hint says which object is there in place of the missing one, ", but there is …",
// or nothing. Trouble of the store ends the search: it is a courtesy.
func (o *otherNames) hint(ctx context.Context, objects Objects, bucket, key string) string {
	select {
	case o.turn <- struct{}{}:
	case <-ctx.Done():
		return ""
	}
	defer func() { <-o.turn }()
	asked := []string{key}
	for n := range forms {
		if n == 0 {
			n = o.found
		} else if n <= o.found {
			n--
		}
		other := forms[n].write(key)
		if other == "" || len(other) > contract.MaxKeyBytes || slices.Contains(asked, other) {
			continue
		}
		if o.left == 0 {
			return ""
		}
		o.left--
		asked = append(asked, other)
		switch _, err := objects.Head(ctx, bucket, other); {
		case err == nil:
			o.found = n
			o.left += len(asked) - 1
			return fmt.Sprintf(", but there is oss://%s/%s: %s", bucket, other, forms[n].differs)
		case !errors.Is(err, ErrNoSuchObject):
			return ""
		}
	}
	return ""
}
