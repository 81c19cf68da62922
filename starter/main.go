package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"os/user"
	"reflect"
	"regexp"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"imagebatch/workflows/contract"
)

// Exit statuses, as the help tells them.
const (
	exitDone    = 0
	exitError   = 1
	exitUsage   = 2
	exitPartial = 3
	exitStopped = 4
)

const description = `Runs image batches and asks about them.

Exit status: 0 done · 1 error, or the task failed · 2 the command line is wrong · 3 done, but some lines failed · 4 the task was stopped.

Temporal is found the way its own tools find it: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_PROFILE and the other TEMPORAL_ variables, or temporal.toml.`

// cli is the command line. Its fields are named for the words a user types.
type cli struct {
	Output    string        `enum:"table,json" default:"table" short:"o" help:"How results are printed: ${enum}. JSON is one object on standard output."`
	Address   string        `placeholder:"HOST:PORT" help:"Temporal's address. Default: TEMPORAL_ADDRESS, or 127.0.0.1:7233."`
	Namespace string        `placeholder:"NAME" help:"Temporal namespace. Default: TEMPORAL_NAMESPACE, or default."`
	Profile   string        `placeholder:"NAME" help:"Profile of temporal.toml. Default: TEMPORAL_PROFILE."`
	TaskQueue string        `placeholder:"NAME" default:"${task_queue}" help:"Task queue of the workers (IMAGEBATCH_TASK_QUEUE). Default: ${default}."`
	Timeout   time.Duration `placeholder:"DURATION" help:"How long one request may take. Default: 30s, or what the command needs."`

	Instance instanceCmd `cmd:"" help:"Searchable indexes of pictures."`
	Batch    batchCmd    `cmd:"" help:"Batch tasks: apply an increment.meta to an instance."`
	Image    imageCmd    `cmd:"" help:"Single pictures and search."`
	Version  versionCmd  `cmd:"" help:"Show the version of this program."`
}

// process is what a run of the program gets from outside.
type process struct {
	args           []string
	env            environment
	stdin          io.Reader
	stdout, stderr io.Writer
	by             string         // who runs it, user@host
	zone           *time.Location // that times are shown in
	dial           func(ctx context.Context, to address) (server, error)
}

// app is what a command works with.
type app struct {
	process
	ctx     context.Context
	json    bool
	timeout time.Duration // of one request; 0 means the command's own
	queue   string
	to      address
	server  server // once connected
}

// exitStatus is an error whose message has been printed.
type exitStatus int

func (e exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// usageError is a command line that cannot mean anything.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return usageError{fmt.Sprintf(format, args...)} }

// invalid makes a usage error of what a Validate method refuses.
func invalid(err error) error {
	if err == nil {
		return nil
	}
	return usageError{err.Error()}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second Ctrl-C ends the program at once.
	context.AfterFunc(ctx, stop)
	status := run(ctx, process{
		args: os.Args[1:], env: os.Environ(),
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		by: whoAmI(), zone: time.Local, dial: dial,
	})
	stop()
	os.Exit(status)
}

// run is the whole program but its process: it returns the exit status.
func run(ctx context.Context, p process) (status int) {
	// kong ends the process after --help; here it only ends this function.
	type helped struct{ status int }
	defer func() {
		if v := recover(); v != nil {
			h, ok := v.(helped)
			if !ok {
				panic(v)
			}
			status = h.status
		}
	}()

	stdout, stderr := newGuard(p.stdout, dotted), newGuard(p.stderr, dotted)
	p.stdout, p.stderr = stdout, stderr
	defer func() { _ = errors.Join(stdout.finish(), stderr.finish()) }() // half a character is no result

	var line cli
	parser, err := kong.New(&line,
		kong.Name("starter"), kong.Description(description),
		kong.Writers(p.stdout, p.stderr),
		kong.Exit(func(status int) { panic(helped{status}) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.ExplicitGroups([]kong.Group{{Key: "sizes", Title: "Sizes (the defaults suit every task):"}}),
		kong.Vars{
			"task_queue": p.env.or("IMAGEBATCH_TASK_QUEUE", contract.DefaultTaskQueue),
			"region":     p.env.or("IMAGEBATCH_REGION", "cn-shanghai"),
		})
	if err != nil {
		fmt.Fprintf(p.stderr, "error: build command line: %v\n", err)
		return exitError
	}
	if len(p.args) == 0 {
		p.args = []string{"--help"}
	}
	parsed, err := parser.Parse(p.args)
	if err != nil {
		return p.tell(usageError{err.Error() + hyphenHint(p.args, err)}, commandOf(err))
	}
	if err := emptyFlag(parsed); err != nil {
		return p.tell(err, parsed.Command())
	}
	if line.Timeout < 0 {
		return p.tell(usagef("--timeout is %s; give how long to wait, such as 30s", line.Timeout), parsed.Command())
	}
	a := &app{
		process: p, ctx: ctx, json: line.Output == "json", timeout: line.Timeout, queue: line.TaskQueue,
		to: address{line.Address, line.Namespace, line.Profile, line.TaskQueue, p.env, p.by},
	}
	defer a.close()
	return p.tell(parsed.Run(a), parsed.Command())
}

// mayBeEmpty are the flags whose empty text means something: it is what is stored,
// or told.
var mayBeEmpty = regexp.MustCompile(`^(custom-content|str-attr[2-4]?|reason)$`)

// emptyFlag refuses a flag that is there and empty. It is a shell variable without
// a value as a rule, and what it should have limited, or named, would be as if the
// flag were not there. A list without a filter is only longer.
func emptyFlag(parsed *kong.Context) error {
	if strings.HasPrefix(parsed.Command(), "batch list") {
		return nil
	}
	for _, part := range parsed.Path {
		if part.Flag == nil || mayBeEmpty.MatchString(part.Flag.Name) {
			continue
		}
		value := part.Flag.Target
		if value.Kind() == reflect.Pointer {
			value = value.Elem()
		}
		if value.Kind() != reflect.String {
			continue
		}
		folder, _ := os.Getwd() // what kong makes of the empty name of a file
		if given := value.String(); given == "" || part.Flag.Tag.Type == "path" && given == folder {
			return usagef("--%s is empty; give it a value, or leave it out", part.Flag.Name)
		}
	}
	return nil
}

// tell prints an error in one line and turns it into an exit status.
func (p process) tell(err error, command string) int {
	var told exitStatus
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &told):
		return int(told)
	case errors.As(err, &usage):
		text := oneLine(usage.text)
		if !strings.Contains(text, "see: ") {
			words := strings.Fields(command)
			text += "; see: " + strings.Join(append([]string{"starter"}, words[:min(2, len(words))]...), " ") + " --help"
		}
		fmt.Fprintf(p.stderr, "usage: %s\n", text)
		return exitUsage
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(p.stderr, "error: interrupted; what was asked for may still happen")
		return exitError
	}
	var refusal *contract.Error
	if errors.As(err, &refusal) {
		fmt.Fprintln(p.stderr, oneLine(refusal.Error()))
		return exitError
	}
	fmt.Fprintf(p.stderr, "error: %s\n", oneLine(err.Error()))
	return exitError
}

// hyphenHint says how a name that starts with a hyphen is given, where a command
// line that cannot be parsed seems to hold one: -a.jpg is no flag.
func hyphenHint(args []string, err error) string {
	var parse *kong.ParseError
	if !errors.As(err, &parse) || parse.Context == nil || parse.Context.Selected() == nil || len(parse.Context.Selected().Positional) == 0 {
		return ""
	}
	for _, arg := range args {
		if arg == "--" {
			break
		}
		name := strings.TrimPrefix(arg, "-")
		if name == arg || strings.Contains(arg, "=") || !strings.Contains(name, ".") && (strings.HasPrefix(name, "-") || len(name) < 2) {
			continue // a flag, or a misspelt one
		}
		return fmt.Sprintf("; if %q is a name, put -- before it, behind all flags: -- %s", arg, arg)
	}
	return ""
}

// commandOf is the command a parse error is about, as far as it was understood.
func commandOf(err error) string {
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil {
		return parse.Context.Command()
	}
	return ""
}

// environment is a list of NAME=value.
type environment []string

// Environ is the list.
func (e environment) Environ() []string { return e }

// LookupEnv is the value of a variable, and whether it is set.
func (e environment) LookupEnv(name string) (string, bool) {
	for _, pair := range e {
		if key, value, ok := strings.Cut(pair, "="); ok && key == name {
			return value, true
		}
	}
	return "", false
}

func (e environment) or(name, otherwise string) string {
	if value, _ := e.LookupEnv(name); value != "" {
		return value
	}
	return otherwise
}

func whoAmI() string {
	name, host := "unknown", "unknown"
	if u, err := user.Current(); err == nil && u.Username != "" {
		name = u.Username
	}
	if h, err := os.Hostname(); err == nil {
		host = h
	}
	return name + "@" + host
}

type versionCmd struct{}

// Run shows which build this is, as far as the Go tool wrote it down.
func (versionCmd) Run(a *app) error {
	v := struct {
		Version  string `json:"version"`
		Revision string `json:"revision,omitempty"`
		Go       string `json:"go"`
	}{Version: "(devel)"}
	if info, ok := debug.ReadBuildInfo(); ok {
		v.Go = info.GoVersion
		v.Version = cmp.Or(info.Main.Version, v.Version)
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				v.Revision = s.Value
			}
		}
	}
	if a.json {
		return a.printJSON(v)
	}
	text := "imagebatch " + v.Version
	if v.Revision != "" {
		text += " " + v.Revision
	}
	return a.printf("%s %s\n", text, v.Go)
}
