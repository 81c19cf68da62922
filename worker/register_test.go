package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"imagebatch/workflows/contract"
)

// registry notes what is registered.
type registry struct {
	worker.Registry
	workflows, activities []string
}

func (r *registry) RegisterWorkflowWithOptions(_ any, options workflow.RegisterOptions) {
	r.workflows = append(r.workflows, options.Name)
}

func (r *registry) RegisterActivityWithOptions(_ any, options activity.RegisterOptions) {
	r.activities = append(r.activities, options.Name)
}

func TestEveryNameOfTheContractIsBound(t *testing.T) {
	t.Parallel()
	var general, slicing registry
	register(&general, &slicing, &parts{})

	if diff := cmp.Diff([]string{contract.Slice.Name}, slicing.activities); diff != "" || slicing.workflows != nil {
		t.Errorf("queue of the slices (-want +got):\n%s%v", diff, slicing.workflows)
	}
	names := contractNames(t)
	for _, kind := range []struct {
		name      string
		want, got []string
	}{
		{"activities", slices.Concat(names["Activity"], names["Operation"]), slices.Concat(general.activities, slicing.activities)},
		{"workflows", slices.Concat(names["Workflow"], names["Operation"]), general.workflows},
	} {
		if len(kind.want) < 5 {
			t.Errorf("found only %v in package contract", kind.want)
		}
		slices.Sort(kind.want)
		slices.Sort(kind.got)
		if diff := cmp.Diff(kind.want, kind.got); diff != "" {
			t.Errorf("%s (-contract +bound):\n%s", kind.name, diff)
		}
	}
}

// contractNames reads from the source of package contract which names there are,
// by generic type: nothing in the program lists them.
func contractNames(t *testing.T) map[string][]string {
	t.Helper()
	files, err := filepath.Glob("../workflows/contract/*.go")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string][]string{}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			literal, ok := node.(*ast.CompositeLit)
			if !ok || len(literal.Elts) != 1 {
				return true
			}
			if generic, ok := literal.Type.(*ast.IndexListExpr); ok {
				if name, ok := nameOf(literal.Elts[0]); ok {
					kind := generic.X.(*ast.Ident).Name
					names[kind] = append(names[kind], name)
				}
			}
			return true
		})
	}
	return names
}

// nameOf is the constant of Name: "…".
func nameOf(element ast.Expr) (string, bool) {
	field, ok := element.(*ast.KeyValueExpr)
	if !ok {
		return "", false
	}
	text, ok := field.Value.(*ast.BasicLit)
	if !ok {
		return "", false
	}
	name, err := strconv.Unquote(text.Value)
	return name, err == nil
}
