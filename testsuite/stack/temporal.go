package stack

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/sdk/client"

	"imagebatch/workflows/contract"
)

// Temporal is a Temporal server that keeps its state in a file.
type Temporal struct {
	*Process
	Address string // of the gRPC frontend
	UI      string // URL of the web UI
	HTTP    string // URL of the HTTP API
}

// startTemporal starts the server on a state folder. On the same folder and
// ports it can be started again after a kill.
func startTemporal(ctx context.Context, s *Stack) (*Temporal, error) {
	args := []string{
		"server", "start-dev", "--ip", "127.0.0.1",
		"--port", strconv.Itoa(s.ports.temporal), "--ui-port", strconv.Itoa(s.ports.ui), "--http-port", strconv.Itoa(s.ports.http),
		"--metrics-port", strconv.Itoa(s.ports.metrics),
		"--db-filename", filepath.Join(s.options.State, "temporal.db"),
		"--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=NORMAL",
		"--dynamic-config-value", "matching.useNewMatcher=true",
		"--log-level", "warn",
	}
	for _, attribute := range contract.SearchAttributes {
		args = append(args, "--search-attribute", attribute.Name+"="+attribute.Type)
	}
	process, err := start("temporal", s.log("temporal"), exec.Command(s.program, args...), nil)
	if err != nil {
		return nil, err
	}
	t := &Temporal{
		Process: process, Address: loopback(s.ports.temporal),
		UI: "http://" + loopback(s.ports.ui), HTTP: "http://" + loopback(s.ports.http),
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := process.await(ctx, t.ready); err != nil {
		process.Kill()
		return nil, err
	}
	return t, nil
}

// ready checks that the default namespace answers, and has its search attributes,
// which the server adds only after it has begun to serve.
func (t *Temporal) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	temporal, err := client.DialContext(ctx, client.Options{HostPort: t.Address, Logger: quiet{}})
	if err != nil {
		return err
	}
	defer temporal.Close()
	if _, err = temporal.ListWorkflow(ctx, listOne); err != nil {
		return err
	}
	answer, err := temporal.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: client.DefaultNamespace})
	if err != nil {
		return err
	}
	registered := map[string]string{}
	for name, kind := range answer.GetCustomAttributes() {
		registered[name] = kind.String()
	}
	return contract.CheckSearchAttributes(client.DefaultNamespace, registered)
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// freePorts asks the kernel for ports that nobody listens on.
func freePorts(n int) ([]int, error) {
	ports := make([]int, n)
	for i := range ports {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		defer listener.Close() // all are held until all are found, so that they differ
		ports[i] = listener.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}
