package testsuite_test

import (
	"bytes"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// module is the prefix of our own packages.
const module = "imagebatch/"

// guarded are modules that belong behind one adapter each.
var guarded = []string{
	"github.com/aliyun/aliyun-oss-go-sdk", "github.com/aliyun/credentials-go", "github.com/h2non/bimg",
	"github.com/mattn/go-sqlite3", "go.temporal.io/sdk", "github.com/alecthomas/kong",
}

// A layer says what a package imports itself. Own packages that are not named
// are forbidden; other modules are forbidden when they are guarded and not
// named. What it reaches by way of these is what their own rows say.
type layer struct {
	imports string // patterns of go list, separated by spaces: our own without the module's name
	reason  string
}

// layers has a row for every package there is.
var layers = map[string]layer{
	"workflows/contract": {"", "other services import it and want nothing else"},
	"workflows/manifest": {"workflows/contract", "pure: the starter checks manifests without any server"},
	"workflows/filter":   {"", "pure: the standard library alone"},
	"workflows/fanout":   {"workflows/contract go.temporal.io/sdk/...", "deterministic: no activity, no store, no cgo can be reached"},
	"workflows":          {"workflows/contract workflows/fanout go.temporal.io/sdk/...", "deterministic: no activity, no store, no cgo can be reached"},

	"activities": {
		"workflows/contract workflows/filter workflows/manifest activities/contactsheet go.temporal.io/sdk/...",
		"knows the world by its ports only",
	},
	"activities/contactsheet": {"", "pure: small pictures and words go in, one picture comes out"},
	"activities/oss": {
		"activities workflows/contract github.com/aliyun/aliyun-oss-go-sdk/... github.com/aliyun/credentials-go/...",
		"the only importer of the vendor's SDK",
	},
	"activities/imaging": {
		"activities activities/imaging/container activities/imaging/descriptor activities/imaging/jpegscan activities/imaging/subject workflows/contract workflows/manifest github.com/h2non/bimg",
		"the only importer of bimg, which starts libvips when it is imported",
	},
	"activities/imaging/container":     {"activities", "a file's header goes in, its sizes come out, or a refusal; no cgo"},
	"activities/imaging/jpegscan":      {"activities", "a JPEG goes in, what is missing of it comes out, or a refusal; no cgo"},
	"activities/imaging/descriptor":    {"", "pure: pixels go in, numbers come out"},
	"activities/imaging/subject":       {"activities/imaging/descriptor", "pure: pixels go in, a box comes out"},
	"activities/imaging/pool":          {"activities workflows/contract workflows/manifest", "the worker's side of it must not start libvips"},
	"activities/imaging/pool/template": {"", "runs before everything else in a child"},
	"activities/store":                 {"activities workflows/contract github.com/mattn/go-sqlite3", "owns the database file"},
	"activities/index": {
		"activities activities/store workflows/contract workflows/filter workflows/manifest github.com/mattn/go-sqlite3",
		"stands on the store, not on the other adapters",
	},

	"worker": {"activities/... workflows/... go.temporal.io/sdk/...", "puts the parts together"},
	"starter": {
		"workflows/contract workflows/filter workflows/manifest go.temporal.io/sdk/... github.com/alecthomas/kong",
		"a client builds without cgo and knows names and types only",
	},
	"docs/signal": {"workflows/contract go.temporal.io/sdk/...", "shows that another service needs the contract alone"},

	"testsuite":               {"", "tests of the tree"},
	"testsuite/answers":       {"workflows/contract", "knows answers by their looks"},
	"testsuite/catalogue":     {"workflows/contract workflows/manifest", "draws, and reads nothing that runs"},
	"testsuite/edits":         {"", "draws, and reads nothing that runs"},
	"testsuite/oracle":        {"", "judges the product, and so shares no code with it"},
	"testsuite/ossserver":     {"", "stands in for a server of somebody else's"},
	"testsuite/receiver":      {"workflows/contract", "stands in for a server of somebody else's"},
	"testsuite/fakes":         {"activities workflows/contract workflows/manifest", "fakes of ports"},
	"testsuite/indextest":     {"activities workflows/contract workflows/filter workflows/manifest", "what every backend must pass, and so knows none"},
	"testsuite/sqlsteps":      {"github.com/mattn/go-sqlite3", "counts what SQLite does, for whoever opens a database"},
	"testsuite/stack":         {"activities activities/oss testsuite/ossserver workflows/contract go.temporal.io/sdk/...", "starts programs, and holds none of them"},
	"testsuite/workload":      {"testsuite/catalogue testsuite/stack workflows/contract", "stands on the stack"},
	"testsuite/remains":       {"activities/store testsuite/oracle workflows/contract go.temporal.io/sdk/...", "reads what is left, and changes nothing"},
	"testsuite/endtoend":      {"", "tests of the whole"},
	"testsuite/cmd/ossserver": {"testsuite/ossserver testsuite/stack workflows/contract", "the server as a program, and what fills it"},
	"testsuite/cmd/dev":       {"testsuite/catalogue testsuite/stack workflows/contract", "a development command"},
	"testsuite/cmd/demo":      {"testsuite/... workflows/contract", "shows the product from outside"},
	"testsuite/cmd/record":    {"testsuite/... workflows/contract go.temporal.io/sdk/...", "records the product from outside"},
	"testsuite/cmd/torture":   {"testsuite/... activities activities/store workflows/contract go.temporal.io/sdk/...", "judges by database and history"},
	"testsuite/cmd/drill":     {"testsuite/... activities/store workflows/contract go.temporal.io/sdk/...", "judges by database and history"},
	"testsuite/cmd/bench": {
		"testsuite/... activities/... workflows/contract workflows/manifest go.temporal.io/sdk/... github.com/h2non/bimg",
		"measures parts by themselves",
	},
	"testsuite/cmd/quality":    {"testsuite/... activities/... workflows/contract", "measures parts by themselves"},
	"testsuite/cmd/descriptor": {"testsuite/... activities/imaging/descriptor", "makes the table of one package"},
}

func TestDependenciesPointOneWay(t *testing.T) {
	t.Parallel()
	packages := goList(t, "{{.ImportPath}}{{range .Imports}} {{.}}{{end}}", "./...")
	if len(packages) < len(layers) {
		t.Errorf("there are %d packages and %d rows; remove the rows of packages that are gone", len(packages), len(layers))
	}
	for _, line := range packages {
		fields := strings.Fields(line)
		name := strings.TrimPrefix(fields[0], module)
		row, known := layers[name]
		if !known {
			t.Errorf("%s has no row; say what it may import", name)
			continue
		}
		for _, imported := range fields[1:] {
			own := strings.HasPrefix(imported, module)
			if !own && !slices.ContainsFunc(guarded, func(prefix string) bool { return within(imported, prefix+"/...") }) {
				continue
			}
			imported = strings.TrimPrefix(imported, module)
			if !slices.ContainsFunc(strings.Fields(row.imports), func(pattern string) bool { return within(imported, pattern) }) {
				t.Errorf("%s imports %s; %s", name, imported, row.reason)
			}
		}
	}
}

func TestNothingImportsTheTestsuite(t *testing.T) {
	t.Parallel()
	for name, row := range layers {
		if !strings.HasPrefix(name, "testsuite") && strings.Contains(row.imports, "testsuite") {
			t.Errorf("%s is part of the product and may import the testsuite", name)
		}
	}
}

// within reports whether a path is named by a pattern as of go list: a package,
// or with /... a package and all below it.
func within(path, pattern string) bool {
	above, below := strings.CutSuffix(pattern, "/...")
	return path == above || below && strings.HasPrefix(path, above+"/")
}

// goList lists packages, a line each.
func goList(t *testing.T, format string, packages ...string) []string {
	t.Helper()
	command := exec.Command("go", append([]string{"list", "-f", format}, packages...)...)
	command.Dir = ".."
	var problems bytes.Buffer
	command.Stderr = &problems
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go list %v: %v\n%s", packages, err, problems.String())
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}
