package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What the test binary is when the first argument says so.
const (
	asWorker = "worker" // the program itself
	asOpen   = "open"   // a process that hides nothing, until its standard input ends
	asSpy    = "spy"    // looks at the process whose id is the next argument
)

// sameEverywhere has one address in every process of this program.
var sameEverywhere [8]byte

// spied are ways into another process of the same user.
var spied = []struct {
	name string
	look func(pid int) error
}{
	{"environ", func(pid int) error { return readable(pid, "environ") }},
	{"mem", func(pid int) error { return readable(pid, "mem") }},
	{"maps", func(pid int) error { return readable(pid, "maps") }},
	{"ptrace", func(pid int) error { return unix.PtraceSeize(pid) }},
	{"process_vm_readv", func(pid int) error {
		var own [8]byte
		local := []unix.Iovec{{Base: &own[0], Len: 8}}
		remote := []unix.RemoteIovec{{Base: uintptr(unsafe.Pointer(&sameEverywhere)), Len: 8}}
		_, err := unix.ProcessVMReadv(pid, local, remote, 0)
		return err
	}},
}

func readable(pid int, file string) error {
	fd, err := unix.Open(fmt.Sprintf("/proc/%d/%s", pid, file), unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err == nil {
		unix.Close(fd)
	}
	return err
}

// spy prints which ways are open.
func spy(pid string) error {
	victim, err := strconv.Atoi(pid)
	if err != nil {
		return err
	}
	for _, way := range spied {
		if way.look(victim) == nil {
			fmt.Println(way.name)
		}
	}
	return nil
}

// TestWorkerHidesItsCredentials starts the program, which waits for a Temporal that
// never answers, and has another process of the same user, without any capability
// as imaging processes are, look for its key.
func TestWorkerHidesItsCredentials(t *testing.T) {
	t.Parallel()
	temporal, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer temporal.Close()
	var user *syscall.SysProcAttr
	if os.Geteuid() == 0 { // root has capabilities that go around
		user = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	start := func(role string, environment ...string) (pid int) {
		command := exec.Command("/proc/self/exe", role)
		command.SysProcAttr, command.Dir, command.Env = user, "/", environment
		if _, err := command.StdinPipe(); err != nil {
			t.Fatal(err)
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = command.Process.Kill()
			_ = command.Wait() // it was killed
		})
		return command.Process.Pid
	}
	waysInto := func(pid int) string {
		command := exec.Command("/proc/self/exe", asSpy, strconv.Itoa(pid))
		command.SysProcAttr, command.Dir = user, "/"
		var problems bytes.Buffer
		command.Stderr = &problems
		found, err := command.Output()
		if err != nil {
			t.Fatalf("%v: %s", err, problems.String())
		}
		return strings.Join(strings.Fields(string(found)), " ")
	}

	worker := start(asWorker, "IMAGEBATCH_DATABASE="+filepath.Join(t.TempDir(), "index.db"), "IMAGEBATCH_RESULTS_BUCKET=results",
		"IMAGEBATCH_OSS_ENDPOINT=http://127.0.0.1:9", "ALIBABA_CLOUD_ACCESS_KEY_ID=id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET=secret",
		"TEMPORAL_ADDRESS="+temporal.Addr().String())
	conn, err := temporal.Accept() // it has begun
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if ways := waysInto(worker); ways != "" {
		t.Errorf("a process of the same user gets at the worker by %s", ways)
	}
	open := start(asOpen)
	if ways := waysInto(open); !strings.HasPrefix(ways, "environ mem maps") {
		t.Errorf("into a process that hides nothing the spy finds only %q", ways)
	}
}
