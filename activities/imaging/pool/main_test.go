package pool_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"imagebatch/activities"
	"imagebatch/activities/imaging"
	"imagebatch/activities/imaging/pool"
	_ "imagebatch/activities/imaging/pool/template" // imaging processes are copies of one
	"imagebatch/testsuite/fakes"
)

// The test binary is the program of the children too: what it does then is the
// first argument.
const (
	asChild   = "child"     // decodes lines of text, see obedient; then, if need be, a pipe of tokens, see first
	asMute    = "mute"      // never greets
	asOther   = "other"     // has features of another version
	asDecoder = "decoder"   // decodes real pictures
	asParent  = "parent"    // has a pool of its own, prints its child's id, and waits
	asOldish  = "oldish"    // has a pool on a kernel without seccomp, and has its child try things, see tries
	asStarved = "starved"   // has a pool in a control group that is short of memory, see starve
	asEater   = "eater"     // uses memory of a control group up, see eat
	memory    = 1 << 30     // bytes of a child
	version   = "fake-1"    // of the fake imager's features
	generous  = time.Minute // deadline of tests that are not about it
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if role, ok := map[string]func() error{
			asChild:   func() error { return serve(obedient{&fakes.Imager{}}) },
			asMute:    func() error { return errors.New("this child never comes up") },
			asOther:   func() error { return serve(renamed{&fakes.Imager{}}) },
			asDecoder: decoder,
			asParent:  parent,
			asOldish:  withoutSeccomp,
			asStarved: starve,
			asEater:   eat,
		}[os.Args[1]]; ok {
			if err := role(); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

func serve(imager activities.Imager) error {
	in, out, err := pool.Confine(memory)
	if err != nil {
		return err
	}
	if len(os.Args) > 2 {
		if tokens, err = unix.Open(os.Args[2], unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0); err != nil {
			return err
		}
	}
	fmt.Println("this line on standard output must not disturb the frames")
	return pool.Serve(context.Background(), imager, in, out)
}

func decoder() error {
	in, out, err := pool.Confine(1 << 30)
	if err != nil {
		return err
	}
	imager, err := imaging.New(imaging.Config{})
	if err != nil {
		return err
	}
	return pool.Serve(context.Background(), imager, in, out)
}

func parent() error {
	if score := os.Getenv("SCORE"); score != "" {
		if err := os.WriteFile("/proc/self/oom_score_adj", []byte(score), 0o600); err != nil {
			return err
		}
	}
	c := config(asChild)
	c.Environment = append(c.Environment, "MARK="+os.Getenv("MARK"))
	p, err := pool.New(c)
	if err != nil {
		return err
	}
	picture, err := p.Open(context.Background(), []byte(fakes.Picture(200, 200, "held")))
	if err != nil {
		return err
	}
	defer picture.Close()
	busy, _ := p.PIDs()
	fmt.Println(busy[0])
	select {}
}

// renamed claims features of another version.
type renamed struct{ activities.Imager }

func (renamed) FeatureVersion() string { return "other" }

// obedient does what the data of a picture tells it to, at the stage that it
// names; everything else is decoded by the fake.
type obedient struct{ activities.Imager }

func (o obedient) Open(ctx context.Context, data []byte) (activities.OpenPicture, error) {
	obey(string(data), "header:")
	if _, deed, found := strings.Cut(string(data), "tries:"); found {
		return nil, fmt.Errorf("%w: %s", activities.ErrUndecodable, try(deed))
	}
	picture, err := o.Imager.Open(ctx, data)
	return &obedientPicture{picture, string(data)}, err
}

type obedientPicture struct {
	activities.OpenPicture
	data string
}

func (p *obedientPicture) Featurize(ctx context.Context, view activities.View) (activities.Feature, error) {
	obey(p.data, "pixels:")
	return p.OpenPicture.Featurize(ctx, view)
}

func obey(data, stage string) {
	_, order, found := strings.Cut(data, stage)
	deed, once := strings.CutSuffix(order, "@once")
	if !found || once && !first() {
		return
	}
	switch deed {
	case "abort":
		syscall.Kill(os.Getpid(), syscall.SIGABRT)
		select {}
	case "panic":
		panic("of the decoder")
	case "hang":
		select {}
	case "exit":
		os.Exit(0)
	case "kill":
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "wait": // for whoever reads the log, and kills
		fmt.Fprintln(os.Stderr, waits)
		select {}
	case "stay": // until there is a token
		fmt.Fprintln(os.Stderr, stays)
		for !first() {
			_, _ = unix.Poll([]unix.PollFd{{Fd: int32(tokens), Events: unix.POLLIN}}, -1)
		}
	case "touch48", "touch300": // MiB, which are given back
		size := map[string]int{"touch48": 48, "touch300": 300}[deed] << 20
		held, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_POPULATE)
		if err != nil {
			panic("out of memory: " + err.Error())
		}
		if err := unix.Munmap(held); err != nil {
			panic(err)
		}
	case "hungry": // takes more than a small picture is entitled to, less than there is
		held, err := syscall.Mmap(-1, 0, 208<<20, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
		if err != nil {
			panic("out of memory: " + err.Error())
		}
		if err := syscall.Munmap(held); err != nil {
			panic(err)
		}
	case "memory":
		for held := [][]byte{}; ; {
			held = append(held, bytes.Repeat([]byte{1}, 16<<20))
		}
	}
}

// What children say that wait for something.
const (
	waits = "this child waits to be killed"
	stays = "this child stays as long as it is told to"
)

// tokens is a pipe that was opened before system calls were given up.
var tokens = -1

// first reports whether nobody has come by here since the test put a token there.
func first() bool {
	var token [1]byte
	n, err := unix.Read(tokens, token[:])
	return n == 1 && err == nil
}

func config(role string) pool.Config {
	return pool.Config{
		Command: []string{"/proc/self/exe", role}, Environment: []string{"GOTRACEBACK=none", "TMPDIR=" + os.TempDir()},
		FeatureVersion: version, Processes: 2, Deadline: generous, Logger: slog.New(slog.DiscardHandler),
	}
}

// newPool is closed, and looked at for zombies, when the test ends.
func newPool(t *testing.T, change func(*pool.Config)) *pool.Pool {
	t.Helper()
	c := config(asChild)
	if change != nil {
		change(&c)
	}
	p, err := pool.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		busy, idle := p.PIDs()
		if len(busy) > 0 {
			t.Errorf("children %v are still busy", busy)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		for _, pid := range idle {
			if exists(pid) {
				t.Errorf("child %d is left, if only as a zombie", pid)
			}
		}
	})
	return p
}

// realPool is a pool whose children decode real pictures.
func realPool(t *testing.T) *pool.Pool {
	t.Helper()
	return newPool(t, func(c *pool.Config) {
		*c = config(asDecoder)
		c.Environment, c.FeatureVersion = pool.Tuning(), imaging.Version
	})
}

// exists reports whether there is a process of that id, be it a zombie.
func exists(pid int) bool { return syscall.Kill(pid, 0) == nil }

// feature takes a picture through an imager.
func feature(ctx context.Context, imager activities.Imager, data string) (activities.Feature, error) {
	picture, err := imager.Open(ctx, []byte(data))
	if err != nil {
		return activities.Feature{}, err
	}
	defer picture.Close()
	return picture.Featurize(ctx, activities.View{Detect: true})
}

// onlyIdle is the id of the pool's one child.
func onlyIdle(t *testing.T, p *pool.Pool) int {
	t.Helper()
	busy, idle := p.PIDs()
	if len(busy) != 0 || len(idle) != 1 {
		t.Fatalf("children: busy %v, idle %v; want one idle", busy, idle)
	}
	return idle[0]
}

// logs collects what a pool logs.
type logs struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logs) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(text)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// running reports whether a process that may have no parent any more lives.
func running(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(state, "Z")
}
