package contract_test

import (
	"strings"
	"testing"

	"imagebatch/workflows/contract"
)

func TestKeyword(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ given, want string }{
		"Empty":      {"", ""},
		"Short":      {"/spring/夏装", "/spring/夏装"},
		"Longest":    {strings.Repeat("a", 255), strings.Repeat("a", 255)},
		"TooLong":    {strings.Repeat("a", 256), strings.Repeat("a", 255)},
		"Characters": {strings.Repeat("长", 200), strings.Repeat("长", 85)},
		"WithinOne":  {"/" + strings.Repeat("长", 200), "/" + strings.Repeat("长", 84)},
		"NoUTF8":     {"a\xffb", "ab"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := contract.Keyword(test.given); got != test.want {
				t.Errorf("Keyword(%q) = %q, want %q", test.given, got, test.want)
			}
		})
	}
}
