package store

import (
	"context"
	_ "embed" // the scripts
	"fmt"
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

// migrations bring a file from the version that is their position to the next.
// One that has been released is never changed.
var migrations = []string{schema, attempt, limit, operation, installation}

// migrate brings the schema up to date. Several processes may do so at once: the
// version is read and changed in the one transaction that may write.
func (s *Store) migrate(ctx context.Context) error {
	current := false
	if err := s.Read(ctx, func(t *Tx) (err error) {
		version, err := t.schemaVersion()
		current = version == len(migrations)
		return err
	}); err != nil || current {
		return err
	}
	return s.Write(ctx, func(t *Tx) error {
		version, err := t.schemaVersion()
		if err != nil {
			return err
		}
		for _, script := range migrations[version:] {
			if _, err := t.Exec(script); err != nil {
				return fmt.Errorf("migrate the schema from version %d: %w", version, err)
			}
		}
		_, err = t.Exec(fmt.Sprintf("PRAGMA user_version = %d; PRAGMA application_id = %d", len(migrations), applicationID))
		return err
	})
}

// schemaVersion is the version of the file, 0 when it is empty. A file that is
// not ours, or that this program is too old for, is an error.
func (t *Tx) schemaVersion() (int, error) {
	var version, tables, application int
	if _, err := t.Row([]any{&version}, "PRAGMA user_version"); err != nil {
		return 0, err
	}
	if _, err := t.Row([]any{&application}, "PRAGMA application_id"); err != nil {
		return 0, err
	}
	if _, err := t.Row([]any{&tables}, "SELECT count(*) FROM sqlite_schema"); err != nil {
		return 0, err
	}
	switch {
	case application != applicationID && (tables > 0 || version > 0):
		return 0, fmt.Errorf("read the schema: the file belongs to another application; name another path")
	case version > len(migrations):
		return 0, fmt.Errorf("read the schema: the file has version %d and this program knows versions up to %d; run the newer program", version, len(migrations))
	}
	return version, nil
}
