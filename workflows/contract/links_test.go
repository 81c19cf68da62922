package contract_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"imagebatch/workflows/contract"
)

const link = "https://results.example/tasks/1/report.ndjson?x-oss-security-token=CAIS&x-oss-signature=00"

func TestSealedLinks(t *testing.T) {
	t.Parallel()
	key, err := contract.NewLinkKey()
	if err != nil {
		t.Fatal(err)
	}
	other, err := contract.NewLinkKey()
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := key.For().Seal(link)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(sealed, "sealed:"))
	if err != nil || strings.Contains(string(raw), "CAIS") || len(raw) != 32+len(link)+16 {
		t.Errorf("sealed link %q, %v; want an encapsulated key, a ciphertext and a tag", sealed, err)
	}
	if got, err := key.Open(sealed); err != nil || got != link {
		t.Errorf("opened %q, %v; want the link", got, err)
	}
	if got, err := key.Open(link); err != nil || got != link {
		t.Errorf("plain link opened as %q, %v; want it as it is", got, err)
	}
	for name, broken := range map[string]string{"Changed": sealed[:len(sealed)-8] + "AAAAAAA=", "Short": "sealed:AAAA", "NotBase64": "sealed:?"} {
		if got, err := key.Open(broken); err == nil {
			t.Errorf("%s: opened as %q", name, got)
		}
	}
	if got, err := other.Open(sealed); err == nil {
		t.Errorf("another key opens it: %q", got)
	}
}

func TestKeysThatCannotBeSealedFor(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]string{
		"NotBase64": "!", "Short": "AAAA", "Long": base64.StdEncoding.EncodeToString(make([]byte, 33)), "Zero": base64.StdEncoding.EncodeToString(make([]byte, 32)),
	} {
		if sealed, err := (contract.LinksFor{SealTo: key}).Seal(link); !contract.IsCode(err, contract.CodeBadRequest) {
			t.Errorf("%s: sealed %q, %v; want %s", name, sealed, err, contract.CodeBadRequest)
		}
	}
}

// Requests of callers who know nothing of it are what they were.
func TestRequestsWithoutKey(t *testing.T) {
	t.Parallel()
	for want, in := range map[string]any{
		`{"taskId":3}`:        contract.ReportInput{Task: 3},
		`{}`:                  contract.UploadInput{},
		`{"instance":"shop"}`: contract.DumpMetaInput{Instance: "shop"},
	} {
		if got, err := json.Marshal(in); err != nil || string(got) != want {
			t.Errorf("%T is %s, %v; want %s", in, got, err, want)
		}
	}
	asked, err := json.Marshal(contract.ReportInput{Task: 3}.WithLinks(contract.LinksFor{SealTo: "key"}))
	if err != nil || string(asked) != `{"taskId":3,"sealTo":"key"}` {
		t.Errorf("with a key it is %s, %v", asked, err)
	}
}
