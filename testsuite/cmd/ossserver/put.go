package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"imagebatch/testsuite/ossserver"
	"imagebatch/testsuite/stack"
	"imagebatch/workflows/contract"
)

// put writes files and folders to a running store.
func put(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("ossserver put", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintln(stderr, "ossserver put [flags] FILE_OR_FOLDER ... oss://BUCKET/FOLDER")
		flags.PrintDefaults()
	}
	endpoint := flags.String("endpoint", "http://127.0.0.1:9000", "URL of the object store")
	key := ossserver.Key{}
	flags.StringVar(&key.ID, "key", stack.RootKey.ID, "id of the key pair to sign with")
	flags.StringVar(&key.Secret, "secret", stack.RootKey.Secret, "its secret")
	if err := flags.Parse(args); err != nil {
		return err
	}
	last := flags.NArg() - 1
	if last < 1 {
		return errors.New("put: name files or folders, then where to put them, such as oss://catalogue/first")
	}
	place, ok := strings.CutPrefix(flags.Arg(last), "oss://")
	bucket, folder, _ := strings.Cut(place, "/")
	if err := contract.ValidateBucket(bucket); !ok || err != nil {
		return fmt.Errorf("put: %q is no place; give a bucket and a folder, such as oss://catalogue/first", flags.Arg(last))
	}
	path, err := contract.NormalizePath(folder)
	if err != nil {
		return fmt.Errorf("put: %w", err)
	}
	objects, err := stack.Objects(ctx, *endpoint, key)
	if err != nil {
		return fmt.Errorf("put: %w", err)
	}
	files, err := stack.Upload(ctx, objects, bucket, path, flags.Args()[:last]...)
	if err != nil {
		return fmt.Errorf("put: %w", err)
	}
	_, err = fmt.Fprintf(stdout, "%d files put to oss://%s%s\n", files, bucket, path)
	return err
}
