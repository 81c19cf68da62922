package store

import "context"

// Names of what a file knows of itself.
const (
	installationFact = "installation"
	schemaFact       = "schema"
	sweptFact        = "swept"
	probeFact        = "probe"
)

// Installation is the id that was made with the file. No other file has it, but
// for copies of this one.
func (s *Store) Installation() string { return s.installation }

// Fact keeps something that is true of the file as a whole, under a name: what
// is kept first stays, and is returned. Only the first time needs a file that can
// be written.
func (s *Store) Fact(ctx context.Context, name, value string) (kept string, err error) {
	kept, known, err := s.KnownFact(ctx, name)
	if err != nil || known {
		return kept, err
	}
	err = s.Write(ctx, func(t *Tx) (err error) {
		kept, err = t.fact(name, value)
		return err
	})
	return kept, err
}

// KnownFact is what is kept under a name, if anything is.
func (s *Store) KnownFact(ctx context.Context, name string) (kept string, known bool, err error) {
	err = s.Read(ctx, func(t *Tx) (err error) {
		known, err = t.Row([]any{&kept}, "SELECT value FROM meta WHERE name = ?", name)
		return err
	})
	return kept, known, err
}

// ReplaceFact puts one fact in the place of another, and tells whether the other
// was there.
func (s *Store) ReplaceFact(ctx context.Context, name, was, value string) (replaced bool, err error) {
	err = s.Write(ctx, func(t *Tx) error {
		rows, err := t.Exec("UPDATE meta SET value = ? WHERE name = ? AND value = ?", value, name, was)
		replaced = rows > 0
		return err
	})
	return replaced, err
}

func (t *Tx) fact(name, value string) (kept string, err error) {
	_, err = t.Row([]any{&kept}, `INSERT INTO meta (name, value) VALUES (?, ?)
		ON CONFLICT (name) DO UPDATE SET value = value RETURNING value`, name, value)
	return kept, err
}

func (t *Tx) setFact(name, value string) error {
	_, err := t.Exec("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", name, value)
	return err
}
