package main

import (
	"fmt"
	"strings"
	"testing"
)

func TestConfigReadsCallbackSecrets(t *testing.T) {
	t.Parallel()
	const good = "a secret that is long enough"
	for name, test := range map[string]struct {
		secrets string
		count   int
		wrong   bool
	}{
		"None":     {"", 0, false},
		"One":      {good, 1, false},
		"Rotation": {good + ",whsec_dGhpcnR5LXR3byBieXRlcyBvZiBubyB1c2UgYXQgYWxs", 2, false},
		"Short":    {"hunter2-hunter2", 0, true},
		"Typo":     {"whsec_hunter2-hunter2-hunter2-hunter2", 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := readConfig(settings(map[string]string{"IMAGEBATCH_CALLBACK_SECRET": test.secrets}))
			if (err != nil) != test.wrong || c.CallbackKeys.Count() != test.count {
				t.Errorf("%d secrets, error %v; want %d, refused %t", c.CallbackKeys.Count(), err, test.count, test.wrong)
			}
			if test.wrong && !strings.Contains(err.Error(), "IMAGEBATCH_CALLBACK_SECRET") {
				t.Errorf("error %v does not name the variable", err)
			}
			if said := fmt.Sprintf("%v %+v %#v %v", c.CallbackKeys, c, c.CallbackKeys, err); strings.Contains(said, "hunter2") || strings.Contains(said, good) {
				t.Errorf("%q holds a secret", said)
			}
		})
	}
}
