package stack

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// Main runs one of the commands that stand on a stack until it ends or is
// interrupted, and exits with status 1 and one line when it fails.
func Main(name string, run func(context.Context) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, name+":", err)
		os.Exit(1)
	}
}

// Settings are environment variables of the workers. As a flag, each use of it
// adds one, written NAME=VALUE.
type Settings map[string]string

// Set adds a setting.
func (s *Settings) Set(assignment string) error {
	name, value, ok := strings.Cut(assignment, "=")
	if !ok {
		return fmt.Errorf("%q is not NAME=VALUE", assignment)
	}
	if *s == nil {
		*s = Settings{}
	}
	(*s)[name] = value
	return nil
}

// String is empty: there is no default worth showing.
func (s *Settings) String() string { return "" }

// Save writes figures as JSON, for programs; without a file it does nothing.
func Save(file string, figures any) error {
	if file == "" {
		return nil
	}
	text, err := json.MarshalIndent(figures, "", "  ")
	if err == nil {
		err = os.WriteFile(file, append(text, '\n'), 0o644)
	}
	if err != nil {
		return fmt.Errorf("save figures: %w", err)
	}
	return nil
}
