// Command ossserver serves package ossserver: an OSS over a folder, for
// development and tests. It prints one line when it is ready,
//
//	oss=http://127.0.0.1:1234 admin=http://127.0.0.1:1235 sts=127.0.0.1:1236
//
// and serves until it is interrupted. To a store that runs, on this machine or not,
//
//	ossserver put FILE_OR_FOLDER ... oss://BUCKET/FOLDER
//
// writes files, as any OSS client could.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"imagebatch/testsuite/ossserver"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	args, do := os.Args[1:], run
	if len(args) > 0 && args[0] == "put" {
		args, do = args[1:], put
	}
	err := do(ctx, args, os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "ossserver:", err)
		os.Exit(1)
	}
}

// keyFile is what --keys names.
type keyFile struct {
	Keys    []ossserver.Key   `json:"keys"`
	Roles   []ossserver.Role  `json:"roles"`
	Buckets map[string]string `json:"buckets"` // name to region; "" for --region
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var opt ossserver.Options
	var keys, certificate string
	var verbose bool
	flags := flag.NewFlagSet("ossserver", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&opt.Dir, "dir", "", "folder to keep the buckets in")
	flags.StringVar(&opt.Listen, "listen", "127.0.0.1:0", "address of the object store")
	flags.StringVar(&opt.AdminListen, "admin-listen", "127.0.0.1:0", "loopback address for faults and counters")
	flags.StringVar(&opt.STSListen, "sts-listen", "127.0.0.1:0", "loopback address for AssumeRole, over TLS")
	flags.StringVar(&opt.Region, "region", "cn-shanghai", "region of new buckets")
	flags.StringVar(&keys, "keys", "", "JSON file with keys, roles and buckets; without keys there is root with root-secret, who may do everything")
	flags.StringVar(&certificate, "sts-cert", "", "write the certificate of AssumeRole to this file, for SSL_CERT_FILE")
	flags.BoolVar(&verbose, "verbose", false, "log every refused request")
	if err := flags.Parse(args); err != nil {
		return err
	}
	level := slog.LevelInfo
	if verbose {
		level = slog.LevelDebug
	}
	opt.Log = slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level}))
	if keys != "" {
		if err := readKeys(keys, &opt); err != nil {
			return err
		}
	}
	server, err := ossserver.Start(opt)
	if err != nil {
		return err
	}
	defer server.Close()
	if certificate != "" {
		if err := writeFile(certificate, server.STSCertificate()); err != nil {
			return err
		}
	}
	fmt.Fprintf(stdout, "oss=%s admin=%s sts=%s\n", server.Endpoint(), server.AdminEndpoint(), server.STSEndpoint())
	<-ctx.Done()
	grace, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	if err := server.Shutdown(grace); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

func readKeys(name string, opt *ossserver.Options) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("read keys: %w", err)
	}
	var file keyFile
	if err := json.Unmarshal(text, &file); err != nil {
		return fmt.Errorf("read keys %q: %w", name, err)
	}
	opt.Keys, opt.Roles, opt.Buckets = file.Keys, file.Roles, file.Buckets
	return nil
}

// writeFile replaces a file in one step, so that no reader sees half of it.
func writeFile(name string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".ossserver-")
	if err != nil {
		return fmt.Errorf("write %q: %w", name, err)
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return fmt.Errorf("write %q: %w", name, errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}
