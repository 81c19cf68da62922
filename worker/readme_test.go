package main

import (
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// readmeRow is a row of README's table of the worker's settings.
var readmeRow = regexp.MustCompile("(?m)^\\| (`(?:IMAGEBATCH|ALIBABA_CLOUD)_[^|]*) \\|[^|]*\\| ([^|]*) ?\\|$")

func TestReadmeTellsEverySettingAndItsDefault(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## Settings\n")
	section, _, _ = strings.Cut(section, "The starter needs no credentials.")
	told := map[string]string{} // default by variable
	for _, row := range readmeRow.FindAllStringSubmatch(section, -1) {
		for name := range strings.SplitSeq(row[1], ", ") {
			told[strings.Trim(name, "`")] = strings.TrimSpace(row[2])
		}
	}

	read := map[string]bool{}
	plain, err := readConfig(func(name string) (string, bool) {
		read[name] = true
		return settings(nil)(name)
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := slices.Sorted(maps.Keys(told)), slices.Sorted(maps.Keys(read)); !slices.Equal(got, want) {
		t.Errorf("README tells of\n%v\nthe worker reads\n%v", got, want)
	}
	for name, text := range told {
		value := strings.Trim(text, "`")
		literal := value != text || value != "" && strings.Trim(value, "0123456789") == ""
		if !literal || name == "IMAGEBATCH_STS_ENDPOINT" { // whose default the adapter has
			continue
		}
		same, err := readConfig(settings(map[string]string{name: value}))
		if err != nil || !reflect.DeepEqual(same, plain) {
			t.Errorf("%s=%s, its default by README, makes another configuration than without; error %v", name, value, err)
		}
	}
}
