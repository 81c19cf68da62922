package index_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"imagebatch/activities"
	"imagebatch/activities/index"
	"imagebatch/activities/store"
	"imagebatch/workflows/contract"
)

// childFile names the database of a child process that commits until it is
// killed. The test binary is its own child.
const childFile = "IMAGEBATCH_TEST_COMMIT_TO"

func TestMain(m *testing.M) {
	if path := os.Getenv(childFile); path != "" {
		if err := commitForever(context.Background(), path); err != nil {
			fmt.Println("error:", err)
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// commitForever commits line after line and names each once it is committed.
func commitForever(ctx context.Context, path string) error {
	s, err := store.Open(ctx, path)
	if err != nil {
		return err
	}
	x := index.New(s)
	open, err := s.OpenTasks(ctx)
	if err != nil {
		return err
	}
	for line := int64(1); line <= 4000; line++ {
		if _, err := x.Commit(ctx, slice(open[0].ID, put(line, "p", fmt.Sprint(line), ""))); err != nil {
			return err
		}
		fmt.Println("committed", line)
	}
	return fmt.Errorf("nobody killed this process")
}

// A process that is killed right after a commit has lost nothing, and the file
// is whole for the next.
func TestKillLosesNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "index.db")
	s := newShopAt(t, path)
	task := s.begin("shop")

	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childFile+"="+path)
	output, err := child.StdoutPipe()
	s.must(err)
	s.must(child.Start())
	var last int64
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if _, err := fmt.Sscanf(lines.Text(), "committed %d", &last); err != nil {
			t.Fatal(lines.Text())
		}
		if last == 50 {
			s.must(child.Process.Kill())
		}
	}
	if err := child.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("the child ended with %v, want it killed", err)
	}

	after := openStore(t, path)
	x := index.New(after)
	record, err := after.Slice(t.Context(), task, 0, 4000)
	s.must(err)
	if got := record.Tally.Succeeded; got < last || got > last+1 || last < 50 {
		t.Errorf("%d lines are done, and the child saw %d committed", got, last)
	}
	for line := int64(1); line <= last; line++ {
		if !record.Done.Has(int(line - 1)) {
			t.Errorf("line %d was committed and is not done", line)
		}
		if _, err := x.Picture(t.Context(), ref(fmt.Sprint(line))); err != nil {
			t.Errorf("line %d: %v", line, err)
		}
	}
	instance, err := x.Instance(t.Context(), "shop")
	s.must(err)
	if instance.Pictures != record.Tally.Succeeded {
		t.Errorf("%d pictures and %d lines done", instance.Pictures, record.Tally.Succeeded)
	}
	if _, err := x.Commit(t.Context(), slice(task, put(4000, "p", "resumed", ""))); err != nil {
		t.Errorf("the next process: %v", err)
	}
	if _, err := after.End(t.Context(), contract.Ending{Task: task, State: contract.StateStop}); err != nil {
		t.Error(err)
	}
}

var _ activities.Ledger = (*store.Store)(nil)
