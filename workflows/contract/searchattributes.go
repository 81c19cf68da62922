package contract

import (
	"fmt"
	"strings"
)

// SearchAttribute names are what tasks can be listed and filtered by in Temporal.
const (
	SearchInstance = "ImageBatchInstance" // Keyword
	SearchBucket   = "ImageBatchBucket"   // Keyword
	SearchPath     = "ImageBatchPath"     // Keyword
	SearchState    = "ImageBatchState"    // Keyword, a State
	SearchTaskID   = "ImageBatchTaskId"   // Int
	SearchPercent  = "ImageBatchPercent"  // Int, 0 to 100
)

// SearchAttribute is one that a namespace must have. Its type is as Temporal's
// tools write it.
type SearchAttribute struct{ Name, Type string }

// String is the name and the type.
func (a SearchAttribute) String() string { return a.Name + " (" + a.Type + ")" }

// SearchAttributes are all that a namespace must have before a task runs in it:
// Temporal does not take a single step of a workflow that sets one which is
// missing, or is of another type, and tries that step again for ever.
var SearchAttributes = []SearchAttribute{
	{SearchInstance, "Keyword"}, {SearchBucket, "Keyword"}, {SearchPath, "Keyword"}, {SearchState, "Keyword"},
	{SearchTaskID, "Int"}, {SearchPercent, "Int"},
}

// CheckSearchAttributes refuses a namespace in which one is missing or of another
// type, in one line that holds the commands which mend that and nothing else.
// Registered are the types of those that it has, by name.
func CheckSearchAttributes(namespace string, registered map[string]string) error {
	var missing, wrong []string
	remove, create := "", ""
	for _, needed := range SearchAttributes {
		found, known := registered[needed.Name]
		if found == needed.Type {
			continue
		}
		create += " --name " + needed.Name + " --type " + needed.Type
		if known {
			wrong = append(wrong, fmt.Sprintf("%s as %s instead of %s", needed.Name, found, needed.Type))
			remove += " --name " + needed.Name
		} else {
			missing = append(missing, needed.Name)
		}
	}
	if create == "" {
		return nil
	}
	const command = "temporal operator search-attribute "
	var lacks, commands []string
	if missing != nil {
		lacks = append(lacks, "lacks the search attributes "+strings.Join(missing, ", "))
	}
	if wrong != nil { // the type of one cannot be changed
		lacks = append(lacks, "has "+strings.Join(wrong, ", "))
		commands = append(commands, command+"remove --yes --namespace "+namespace+remove)
	}
	commands = append(commands, command+"create --namespace "+namespace+create)
	return fmt.Errorf("the Temporal namespace %q %s, without which no task can run; run: %s",
		namespace, strings.Join(lacks, " and "), strings.Join(commands, " && "))
}

// MaxKeyword is the longest value of a Keyword that every visibility store
// takes, in bytes.
// Source: https://docs.temporal.io/search-attribute
const MaxKeyword = 255

// Keyword cuts a value to what a Keyword may hold, between two characters. Bytes
// that are no UTF-8 are left out.
func Keyword(s string) string {
	return strings.ToValidUTF8(s[:min(len(s), MaxKeyword)], "")
}
