package store

import (
	"context"
	"crypto/rand"
	_ "embed" // the scripts
	"encoding/hex"
	"fmt"
	"strconv"
)

// applicationID marks the file as one of ours: "imgb" in ASCII.
const applicationID = 0x696d6762

var (
	//go:embed schema.sql
	schema string
	//go:embed attempt.sql
	attempt string
	//go:embed limit.sql
	limit string
	//go:embed operation.sql
	operation string
	//go:embed installation.sql
	installation string
)

// A migration brings a file from the version that is its position to the next.
// One that has been released is never changed.
type migration struct {
	script string
	// since is the version of the oldest program that may work on the file after
	// it. Programs of before the migration go on working, and may open the file
	// anew, where it only adds: tables, indexes, columns with a default.
	since int
}

var migrations = []migration{{schema, 1}, {attempt, 2}, {limit, 3}, {operation, 4}, {installation, 4}}

// migrate brings the schema up to date, and learns what the file knows of
// itself. Several processes may do so at once, also of different versions: what
// there is to do is found and done in the one transaction that may write.
//
// The file's user_version is the oldest program that may open it, which every
// program has always compared with its own version. Its own is a fact of it.
func (s *Store) migrate(ctx context.Context) error {
	current := false
	if err := s.Read(ctx, func(t *Tx) error {
		version, err := t.schemaVersion()
		if current = version >= len(migrations); err != nil || !current {
			return err
		}
		current, err = t.Row([]any{&s.installation}, "SELECT value FROM meta WHERE name = ?", installationFact)
		return err
	}); err != nil || current {
		return err
	}
	return s.Write(ctx, func(t *Tx) error {
		version, err := t.schemaVersion()
		if err != nil {
			return err
		}
		for ; version < len(migrations); version++ {
			step := migrations[version]
			if _, err := t.Exec(step.script); err != nil {
				return fmt.Errorf("migrate the schema from version %d: %w", version, err)
			}
			if _, err := t.Exec(fmt.Sprintf("PRAGMA user_version = %d; PRAGMA application_id = %d", step.since, applicationID)); err != nil {
				return err
			}
			if version+1 == len(migrations) {
				if err := t.setFact(schemaFact, strconv.Itoa(version+1)); err != nil {
					return err
				}
			}
		}
		fresh := make([]byte, 8)
		rand.Read(fresh) // never fails
		s.installation, err = t.fact(installationFact, hex.EncodeToString(fresh))
		return err
	})
}

// schemaVersion is the version of the file, 0 when it is empty; larger than this
// program's where a newer one has only added to it. A file that is not ours, or
// that this program is too old for, is an error.
func (t *Tx) schemaVersion() (version int, err error) {
	var oldest, tables, application int
	if _, err := t.Row([]any{&oldest}, "PRAGMA user_version"); err != nil {
		return 0, err
	}
	if _, err := t.Row([]any{&application}, "PRAGMA application_id"); err != nil {
		return 0, err
	}
	if _, err := t.Row([]any{&tables}, "SELECT count(*) FROM sqlite_schema"); err != nil {
		return 0, err
	}
	switch {
	case application != applicationID && (tables > 0 || oldest > 0):
		return 0, fmt.Errorf("read the schema: the file belongs to another application; name another path")
	case oldest > len(migrations):
		return 0, fmt.Errorf("read the schema: the file is for programs from version %d on and this one has version %d; run the newer program", oldest, len(migrations))
	}
	version = oldest
	if facts, err := t.Row([]any{&tables}, "SELECT 1 FROM sqlite_schema WHERE name = 'meta'"); err != nil || !facts {
		return version, err
	}
	_, err = t.Row([]any{&version}, "SELECT value FROM meta WHERE name = ?", schemaFact)
	return version, err
}
