package activities_test

import (
	"encoding/json"
	"strings"
	"testing"

	"imagebatch/workflows/contract"
)

// No answer that goes into Temporal's history holds a security token: links are
// sealed for whoever sent a key, and withheld from others. Links without a token
// stay as they are for callers who know nothing of keys.
func TestLinksInAnswers(t *testing.T) {
	t.Parallel()
	const token = "CAISecretToken"
	key, err := contract.NewLinkKey()
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		token string
		asked contract.LinksFor
		plain bool // the answer holds plain links
		none  bool // it holds none, and says why
	}{
		"Plain":    {plain: true},
		"Sealed":   {asked: key.For()},
		"Withheld": {token: token, none: true},
		"Token":    {token: token, asked: key.For()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				task, _ := w.stopped()
				w.objects.Token = test.token
				report := must(w, w.reports().Sign, contract.ReportInput{Task: task, Rest: true, LinksFor: test.asked})
				check := must(w, w.reports().Check, contract.CheckInput{Bucket: bucket, Path: folder, LinksFor: test.asked})
				dump := must(w, w.images().Dump, contract.DumpMetaInput{Instance: "shop", LinksFor: test.asked})
				search := must(w, w.images().Search, contract.SearchInput{
					Instance: "shop", PicContent: contract.PicContent{Bucket: bucket, Key: folder + "/0.jpg"}, Sheet: true, LinksFor: test.asked,
				})
				upload, err := execute(t.Context(), w, w.images().NewUpload, contract.UploadInput{LinksFor: test.asked})
				if test.none {
					if says := wantRefusal(t, err, contract.CodeBadRequest); !strings.Contains(says, "sealTo") {
						t.Errorf("upload: %q; want what to send", says)
					}
				} else if err != nil {
					t.Fatal(err)
				}
				if report.Task.ReportKey == "" {
					t.Error("the report's key is not told")
				}
				for what, answer := range map[string]contract.HasLinks{"report": &report, "check": &check, "dump": &dump, "search": &search, "upload": &upload} {
					text, err := json.Marshal(answer)
					if err != nil || strings.Contains(string(text), token) {
						t.Errorf("%s: %s, %v; it goes into history", what, text, err)
					}
					if said := strings.Contains(string(text), "noLink"); said != test.none && what != "upload" {
						t.Errorf("%s: %s; want it said why there is no link: %v", what, text, test.none)
					}
					for _, link := range answer.Links() {
						plain, err := key.Open(*link)
						switch {
						case test.none && *link != "":
							t.Errorf("%s: link %q; want none", what, *link)
						case test.plain && !strings.HasPrefix(*link, "https://store.example/"):
							t.Errorf("%s: link %q; want it plain", what, *link)
						case !test.none && (err != nil || !strings.HasPrefix(plain, "https://store.example/results/") || strings.Contains(plain, token) != (test.token != "")):
							t.Errorf("%s: link %q opens as %q, %v", what, *link, plain, err)
						}
					}
				}
			})
		})
	}
}
