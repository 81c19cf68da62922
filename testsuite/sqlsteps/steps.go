// Package sqlsteps counts what SQLite does: the steps of its virtual machine,
// some ten for each row that is looked at. They are the same on every machine and
// at every load, so that a test can bound what a question costs without a clock.
//
// A program that imports it counts on every connection that it opens.
package sqlsteps

// #include "steps.h"
import "C"

import (
	"fmt"

	_ "github.com/mattn/go-sqlite3" // what the functions are bound to
)

func init() {
	if code := C.steps_register(); code != 0 {
		panic(fmt.Sprintf("count the steps of SQLite: result code %d", code))
	}
}

// Steps is what the whole process has done.
type Steps struct {
	All    int64
	Locked int64 // while nobody else could write
}

// Of is how many steps are taken while something is done. What else uses a
// database meanwhile is counted too.
func Of(do func()) Steps {
	all, locked := int64(C.steps_taken()), int64(C.steps_locked())
	do()
	return Steps{All: int64(C.steps_taken()) - all, Locked: int64(C.steps_locked()) - locked}
}
