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

// A layer says what a package may depend on, directly or not. Own packages that
// are not named are forbidden; other modules are forbidden when they are listed
// in guarded and not named.
type layer struct {
	packages []string // patterns of go list
	allowed  []string // prefixes
	reason   string
}

// guarded are modules that belong behind one adapter each.
var guarded = []string{
	"github.com/aliyun/aliyun-oss-go-sdk", "github.com/aliyun/credentials-go", "github.com/h2non/bimg",
	"github.com/mattn/go-sqlite3", "go.temporal.io/sdk", "github.com/alecthomas/kong",
}

var layers = map[string]layer{
	"Contract": {
		packages: []string{"./workflows/contract"},
		reason:   "other services import it and want nothing else",
	},
	"Manifest": {
		packages: []string{"./workflows/manifest"},
		allowed:  []string{module + "workflows/contract"},
		reason:   "pure: the starter checks manifests without any server",
	},
	"Filter": {
		packages: []string{"./workflows/filter"},
		reason:   "pure: the standard library alone",
	},
	"Workflows": {
		packages: []string{"./workflows", "./workflows/fanout"},
		allowed:  []string{module + "workflows/", "go.temporal.io/sdk"},
		reason:   "deterministic: no activity, no store, no cgo can be reached",
	},
	"Activities": {
		packages: []string{"./activities"},
		allowed: []string{module + "workflows/contract", module + "workflows/filter", module + "workflows/manifest",
			module + "activities/contactsheet", "go.temporal.io/sdk"},
		reason: "knows the world by its ports only",
	},
	"ContactSheet": {
		packages: []string{"./activities/contactsheet"},
		reason:   "pure: small pictures and words go in, one picture comes out",
	},
	"OSS": {
		packages: []string{"./activities/oss"},
		allowed: []string{module + "activities", module + "workflows/contract", module + "workflows/filter", module + "workflows/manifest", "go.temporal.io/sdk",
			"github.com/aliyun/aliyun-oss-go-sdk", "github.com/aliyun/credentials-go"},
		reason: "the only importer of the vendor's SDK",
	},
	"Imaging": {
		packages: []string{"./activities/imaging"},
		allowed: []string{module + "activities", module + "workflows/contract", module + "workflows/filter", module + "workflows/manifest", "go.temporal.io/sdk",
			"github.com/h2non/bimg"},
		reason: "the only importer of bimg, which starts libvips when it is imported",
	},
	"ImagingPool": {
		packages: []string{"./activities/imaging/pool"},
		allowed:  []string{module + "activities", module + "workflows/contract", module + "workflows/filter", module + "workflows/manifest", "go.temporal.io/sdk"},
		reason:   "the worker's side of it must not start libvips",
	},
	"Store": {
		packages: []string{"./activities/store"},
		allowed: []string{module + "activities", module + "workflows/contract", module + "workflows/filter", module + "workflows/manifest", "go.temporal.io/sdk",
			"github.com/mattn/go-sqlite3"},
		reason: "owns the database file",
	},
	"Index": {
		packages: []string{"./activities/index"},
		allowed: []string{module + "activities", module + "workflows/contract", module + "workflows/filter", module + "workflows/manifest", "go.temporal.io/sdk",
			"github.com/mattn/go-sqlite3"},
		reason: "stands on the store, not on the other adapters",
	},
	"Starter": {
		packages: []string{"./starter"},
		allowed:  []string{module + "workflows/contract", module + "workflows/filter", module + "workflows/manifest", "go.temporal.io/sdk", "github.com/alecthomas/kong"},
		reason:   "a client builds without cgo and knows names and types only",
	},
}

// beyond are own packages that an adapter must not reach although a prefix of
// its allowance covers them.
var beyond = map[string][]string{
	"OSS":         {module + "activities/imaging", module + "activities/store", module + "activities/index"},
	"Imaging":     {module + "activities/oss", module + "activities/store", module + "activities/index"},
	"ImagingPool": {module + "activities/oss", module + "activities/imaging", module + "activities/store", module + "activities/index"},
	"Store":       {module + "activities/oss", module + "activities/imaging", module + "activities/index"},
	"Index":       {module + "activities/oss", module + "activities/imaging"},
}

func TestDependenciesPointOneWay(t *testing.T) {
	t.Parallel()
	for name, l := range layers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			own := goList(t, false, l.packages...)
			for _, dependency := range goList(t, true, l.packages...) {
				if slices.Contains(own, dependency) {
					continue
				}
				concerns := strings.HasPrefix(dependency, module) || startsWithAny(dependency, guarded)
				if concerns && (!startsWithAny(dependency, l.allowed) || startsWithAny(dependency, beyond[name])) {
					t.Errorf("%v depends on %s; %s", l.packages, dependency, l.reason)
				}
			}
		})
	}
}

func TestNothingImportsTheTestsuite(t *testing.T) {
	t.Parallel()
	for _, dependency := range goList(t, true, "./workflows/...", "./activities/...", "./worker", "./starter") {
		if strings.HasPrefix(dependency, module+"testsuite") {
			t.Errorf("a program of the product depends on %s", dependency)
		}
	}
}

// goList lists packages, with everything they depend on when asked.
func goList(t *testing.T, dependencies bool, packages ...string) []string {
	t.Helper()
	arguments := []string{"list"}
	if dependencies {
		arguments = append(arguments, "-deps")
	}
	command := exec.Command("go", append(arguments, packages...)...)
	command.Dir = ".."
	var problems bytes.Buffer
	command.Stderr = &problems
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go list %v: %v\n%s", packages, err, problems.String())
	}
	return strings.Fields(string(out))
}

func startsWithAny(text string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool {
		return text == strings.TrimSuffix(prefix, "/") || strings.HasPrefix(text, strings.TrimSuffix(prefix, "/")+"/")
	})
}
