package pool_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"imagebatch/activities/imaging/pool"
	"imagebatch/testsuite/fakes"
)

func TestChildrenAreThePoolsOwn(t *testing.T) {
	t.Parallel()
	p := newPool(t, nil)
	if p.Template() != 0 {
		t.Error("there is a template before there is work")
	}
	if _, err := feature(t.Context(), p, fakes.Picture(200, 200, "a")); err != nil {
		t.Fatal(err)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", onlyIdle(t, p)))
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("\nPPid:\t%d\n", os.Getpid()); !strings.Contains(string(status), want) {
		t.Errorf("no %q in the status of a child:\n%s", want, status)
	}
	template := p.Template()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if template == 0 || exists(template) {
		t.Errorf("template %d is left", template)
	}
}

func TestTemplateThatDiedIsReplaced(t *testing.T) {
	t.Parallel()
	p := newPool(t, func(c *pool.Config) { c.Recycle = 1 })
	if _, err := feature(t.Context(), p, fakes.Picture(200, 200, "a")); err != nil {
		t.Fatal(err)
	}
	first := p.Template()
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if _, err := feature(t.Context(), p, fakes.Picture(200, 200, "b")); err != nil {
		t.Fatal(err)
	}
	if second := p.Template(); second == first || exists(first) {
		t.Errorf("template %d was killed; now there is %d", first, second)
	}
}

func TestTemplateIsReplacedAfterEnoughCopies(t *testing.T) {
	t.Parallel()
	p := newPool(t, func(c *pool.Config) { c.Recycle = 1 })
	templates := map[int]bool{}
	for n := range 2*pool.MostCopies + 1 {
		if _, err := feature(t.Context(), p, fakes.Picture(200, 200, fmt.Sprint(n))); err != nil {
			t.Fatal(err)
		}
		templates[p.Template()] = true
	}
	if len(templates) != 3 {
		t.Errorf("%d templates for %d children, want 3", len(templates), 2*pool.MostCopies+1)
	}
}
