package stack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Options describe a stack.
type Options struct {
	State    string   // folder for everything the stack keeps
	Bin      string   // folder with worker, ossserver and starter
	Worker   string   // path of the worker program, if it is not the one in Bin
	Workers  int      // how many to start; default 1
	Settings Settings // environment of the workers, beside what the stack sets
	Usual    bool     // the ports that people expect, where they are free
}

// Buckets of a stack.
const (
	ResultsBucket = "imagebatch-results"
	Bucket        = "catalogue"
	Region        = "cn-shanghai"
)

// Stack is a running system.
type Stack struct {
	Temporal *Temporal
	OSS      *OSS
	Workers  []*Process

	options Options
	program string // path of temporal
	ports   ports
	started int // workers so far, for their names
}

type ports struct{ temporal, ui, http, metrics, oss, ossAdmin, ossSTS, worker int }

// usual are the ports that the Temporal CLI and its users expect.
var usual = ports{temporal: 7233, ui: 8233, http: 7243, metrics: 0, oss: 9000, ossAdmin: 9001, ossSTS: 9002, worker: 9464}

// Start starts Temporal, the object store and the workers, and waits until all
// of them are ready.
func Start(ctx context.Context, options Options) (*Stack, error) {
	if options.Workers == 0 {
		options.Workers = 1
	}
	s := &Stack{options: options}
	var err error
	if s.program, err = findTemporal(options.Bin); err != nil {
		return nil, err
	}
	if s.options.State, err = filepath.Abs(options.State); err != nil {
		return nil, fmt.Errorf("start stack: %w", err)
	}
	if err := os.MkdirAll(s.options.State, 0o755); err != nil {
		return nil, fmt.Errorf("start stack: %w", err)
	}
	if s.ports, err = choosePorts(options.Usual); err != nil {
		return nil, err
	}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Stack) start(ctx context.Context) error {
	if err := s.StartOSS(ctx); err != nil {
		return err
	}
	if err := s.StartTemporal(ctx); err != nil {
		return err
	}
	for range s.options.Workers {
		if _, err := s.StartWorker(nil); err != nil {
			return err
		}
	}
	return nil
}

// choosePorts picks free ports. Ports that a crashed stack used are free again,
// and nothing refers to them from one start to the next.
func choosePorts(people bool) (ports, error) {
	free, err := freePorts(8)
	if err != nil {
		return ports{}, err
	}
	chosen := ports{temporal: free[0], ui: free[1], http: free[2], metrics: free[3], oss: free[4], ossAdmin: free[5], ossSTS: free[6], worker: free[7]}
	if !people {
		return chosen, nil
	}
	for _, port := range []struct {
		wanted int
		chosen *int
	}{
		{usual.temporal, &chosen.temporal}, {usual.ui, &chosen.ui}, {usual.http, &chosen.http},
		{usual.oss, &chosen.oss}, {usual.ossAdmin, &chosen.ossAdmin}, {usual.ossSTS, &chosen.ossSTS}, {usual.worker, &chosen.worker},
	} {
		if listener, err := net.Listen("tcp", loopback(port.wanted)); err == nil {
			listener.Close()
			*port.chosen = port.wanted
		}
	}
	return chosen, nil
}

// StartTemporal starts the Temporal server, again after a kill.
func (s *Stack) StartTemporal(ctx context.Context) (err error) {
	s.Temporal, err = startTemporal(ctx, s)
	return err
}

// StartWorker starts one more worker and waits until it polls. Settings are added
// to its environment.
func (s *Stack) StartWorker(settings map[string]string) (*Process, error) {
	s.started++
	listen := "off"
	if s.started == 1 {
		listen = s.Metrics()
	}
	environment := map[string]string{
		"TEMPORAL_ADDRESS":                s.Temporal.Address,
		"IMAGEBATCH_DATABASE":             s.Database(),
		"IMAGEBATCH_RESULTS_BUCKET":       ResultsBucket,
		"IMAGEBATCH_OSS_ENDPOINT":         s.OSS.Endpoint,
		"IMAGEBATCH_OSS_REGION":           Region,
		"IMAGEBATCH_LISTEN":               listen,
		"IMAGEBATCH_CALLBACK_ALLOW":       "127.0.0.0/8",
		"IMAGEBATCH_STS_ENDPOINT":         s.OSS.STS,
		"IMAGEBATCH_ROLE_ARNS":            ReaderRole,
		"SSL_CERT_FILE":                   s.OSS.CertFile,
		"ALIBABA_CLOUD_ACCESS_KEY_ID":     WorkerKey.ID,
		"ALIBABA_CLOUD_ACCESS_KEY_SECRET": WorkerKey.Secret,
	}
	maps.Copy(environment, s.options.Settings)
	maps.Copy(environment, settings)
	command := exec.Command(cmp.Or(s.options.Worker, filepath.Join(s.options.Bin, "worker")))
	command.Env = flatten(environment)
	name := "worker-" + strconv.Itoa(s.started)
	polling := make(chan struct{})
	said := sync.OnceFunc(func() { close(polling) })
	worker, err := start(name, s.log(name), command, func(line string) {
		if strings.Contains(line, `msg="worker started"`) {
			said()
		}
	})
	if err != nil {
		return nil, err
	}
	s.Workers = append(s.Workers, worker)
	select {
	case <-polling:
		return worker, nil
	case <-worker.Ended():
		s.Workers = slices.DeleteFunc(s.Workers, func(one *Process) bool { return one == worker })
		return nil, fmt.Errorf("start %s: it ended at once: %s; its log is %s", name, worker.lastLine(), worker.Log)
	case <-time.After(time.Minute):
		return nil, fmt.Errorf("start %s: it does not poll after a minute; its log is %s", name, worker.Log)
	}
}

// Starter is the starter with arguments, connected to the stack.
func (s *Stack) Starter(ctx context.Context, arguments ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, filepath.Join(s.options.Bin, "starter"), arguments...)
	command.Env = append(os.Environ(), "TEMPORAL_ADDRESS="+s.Temporal.Address)
	return command
}

// TemporalCLI is Temporal's own command line with arguments, connected to the stack.
func (s *Stack) TemporalCLI(ctx context.Context, arguments ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, s.program, arguments...)
	command.Env = append(os.Environ(), "TEMPORAL_ADDRESS="+s.Temporal.Address)
	return command
}

// Database is the file that the workers share.
func (s *Stack) Database() string { return filepath.Join(s.options.State, "imagebatch.db") }

// Metrics is the address of /healthz and /metrics of the first worker.
func (s *Stack) Metrics() string { return loopback(s.ports.worker) }

// Stop ends everything in order: workers commit what is in hand first.
func (s *Stack) Stop() error {
	var problems []error
	for _, worker := range s.Workers {
		worker.Signal(15) // all at once; Stop below waits for each
	}
	for _, worker := range s.Workers {
		problems = append(problems, worker.Stop(90*time.Second))
	}
	if s.Temporal != nil {
		problems = append(problems, s.Temporal.Stop(20*time.Second))
	}
	if s.OSS != nil {
		problems = append(problems, s.OSS.Stop(10*time.Second))
	}
	return errors.Join(problems...)
}

func (s *Stack) log(name string) string {
	return filepath.Join(s.options.State, "logs", name+".log")
}

func flatten(environment map[string]string) []string {
	flat := []string{"HOME=" + os.Getenv("HOME"), "PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir()}
	for _, name := range slices.Sorted(maps.Keys(environment)) {
		flat = append(flat, name+"="+environment[name])
	}
	return flat
}
