package activities_test

import (
	"context"
	"errors"
	"io"
	"testing/iotest"

	"imagebatch/testsuite/fakes"
)

// failing refuses every call of a method.
func failing(verb string, err error) func(context.Context, string, string, string) error {
	return func(_ context.Context, asked, _, _ string) error {
		if asked == verb {
			return err
		}
		return nil
	}
}

// failingKey refuses to open one object.
func failingKey(key string, err error) func(context.Context, string, string, string) error {
	return func(_ context.Context, verb, _, asked string) error {
		if verb == "Open" && asked == key {
			return err
		}
		return nil
	}
}

// brokenBody breaks off after the first byte.
func brokenBody(_ context.Context, _ string, body io.Reader) io.Reader {
	return io.MultiReader(io.LimitReader(body, 1), iotest.ErrReader(errors.New("connection reset")))
}

// shortBody ends early without saying so.
func shortBody(_ context.Context, _ string, body io.Reader) io.Reader { return io.LimitReader(body, 3) }

// stalledBody never arrives.
func stalledBody(ctx context.Context, _ string, _ io.Reader) io.Reader { return fakes.Stalled(ctx) }
