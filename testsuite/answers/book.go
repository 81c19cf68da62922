package answers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"imagebatch/workflows/contract"
)

// Book is how operations answer, by their name and what they were asked for.
type Book map[string]*Page

// Page is how an operation answers one kind of question.
type Page struct {
	Answer *Shape          `json:"answer,omitempty"`
	Codes  []contract.Code `json:"codes,omitempty"` // of its refusals
}

// wishes are the fields of inputs that ask for more in the answer: questions with
// and without them are not the same.
var wishes = []string{"rest", "sheet"}

// title is where an exchange stands in the book.
func title(operation string, in any) (string, error) {
	asked, err := plain(in)
	if err != nil {
		return "", err
	}
	fields, _ := asked.(map[string]any)
	for _, wish := range wishes {
		if fields[wish] == true {
			operation += "+" + wish
		}
	}
	return operation, nil
}

// Enter writes an exchange down: how an operation answered, or with which code it
// refused to. Settle the book before it is read.
func (b Book) Enter(operation string, in, out any, refused contract.Code) error {
	name, err := title(operation, in)
	if err != nil {
		return err
	}
	page := b[name]
	if page == nil {
		page = &Page{}
		b[name] = page
	}
	if refused != "" {
		if !slices.Contains(page.Codes, refused) {
			page.Codes = append(page.Codes, refused)
			slices.Sort(page.Codes)
		}
		return nil
	}
	answer, err := plain(out)
	if err != nil {
		return err
	}
	if page.Answer == nil {
		page.Answer = &Shape{}
	}
	page.Answer.see("", answer)
	return nil
}

// Settle sums up what was entered.
func (b Book) Settle() {
	for _, page := range b {
		if page.Answer != nil {
			page.Answer.settle()
		}
	}
}

// Differs says what no worker would answer so, or returns "". A code that any
// operation may give, such as that of a full disk, is not in question.
func (b Book) Differs(operation string, in, out any, refused contract.Code) string {
	name, err := title(operation, in)
	if err != nil {
		return err.Error()
	}
	page := b[name]
	if page == nil {
		return fmt.Sprintf("%s is not in the book; let TestAnswersAreAsRecorded ask it", name)
	}
	if refused != "" {
		if !slices.Contains(page.Codes, refused) {
			return fmt.Sprintf("%s was never refused with %s; let TestAnswersAreAsRecorded provoke it", name, refused)
		}
		return ""
	}
	answer, err := plain(out)
	switch {
	case err != nil:
		return err.Error()
	case page.Answer == nil:
		return name + " has never been answered by a worker"
	}
	return page.Answer.differs(name, "", answer)
}

// Text is the book as it is kept.
func (b Book) Text() ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	err := encoder.Encode(b)
	return text.Bytes(), err
}

// Open reads a book.
func Open(path string) (Book, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read recorded answers: %w", err)
	}
	var book Book
	if err := json.Unmarshal(text, &book); err != nil {
		return nil, fmt.Errorf("read recorded answers %s: %w", path, err)
	}
	return book, nil
}
