package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The test binary is the starter when it is told so, so that a real process can
// be signalled.
func TestMain(m *testing.M) {
	if os.Getenv("STARTER_AS_COMMAND") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func fifo(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "fifo.jpg")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// Whatever is read from a FIFO or from standard input ends by Ctrl-C and SIGTERM,
// whether nobody has opened the other end or nobody writes to it.
func TestReadingThatWaitsForEverEndsBySignal(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"batch check --file", "image add shop p a.jpg --file", "image search shop --file", "image compare shop oss://photos/a.jpg",
	} {
		for name, open := range map[string]bool{"NobodyOpens": false, "NobodyWrites": true} {
			t.Run(line+name, func(t *testing.T) {
				t.Parallel()
				pipe := fifo(t)
				if open { // for reading too, so that opening does not wait
					writer, err := os.OpenFile(pipe, os.O_RDWR, 0)
					if err != nil {
						t.Fatal(err)
					}
					defer writer.Close()
				}
				ctx, cancel := context.WithCancel(t.Context())
				begun := make(chan outcome, 1)
				go func() { begun <- tryArgs(t, ctx, &fakeServer{}, append(words(line), pipe)) }()
				cancel()
				select {
				case got := <-begun:
					got.want(t, exitError, "", "error: interrupted; what was asked for may still happen\n")
				case <-time.After(time.Minute):
					t.Fatal("it still waits")
				}
			})
		}
	}
}

func TestProcessThatReadsAFIFOEndsBySignal(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		pipe := fifo(t)
		command := exec.Command(os.Args[0], "batch", "check", "--file", pipe)
		command.Env = append(os.Environ(), "STARTER_AS_COMMAND=1")
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		// It has opened the FIFO once somebody can open it for writing, and then waits
		// for what is never written.
		writer, err := os.OpenFile(pipe, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer writer.Close()
		if err := command.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() { _ = command.Wait(); close(ended) }()
		select {
		case <-ended:
		case <-time.After(time.Minute):
			_ = command.Process.Kill()
			t.Fatalf("%v does not end it", signal)
		}
		if code := command.ProcessState.ExitCode(); code != exitError {
			t.Errorf("%v: exit status %d, want %d", signal, code, exitError)
		}
	}
}

func TestPicturesAndManifestsCanComeFromAFIFO(t *testing.T) {
	t.Parallel()
	pipe := fifo(t)
	go func() {
		writer, err := os.OpenFile(pipe, os.O_WRONLY, 0)
		if err != nil {
			return
		}
		defer writer.Close()
		_, _ = io.WriteString(writer, strings.Repeat(`{"OperationType":"DELETE","ProductId":"p"}`+"\n", 5000))
	}()
	tryArgs(t, t.Context(), &fakeServer{}, []string{"batch", "check", "--file", pipe}).want(t, exitDone,
		"5,000 lines: 0 to add, 5,000 to delete, 0 bad, 0 warnings\n", "")
}

func TestQuestionEndsBySignal(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	stdin, _ := io.Pipe()
	a := &app{process: process{stdin: stdin, stderr: io.Discard}, ctx: ctx}
	if agreed, err := a.ask("Delete?"); agreed || err == nil {
		t.Errorf("agreed %t, %v", agreed, err)
	}
}
