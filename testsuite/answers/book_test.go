package answers_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"imagebatch/testsuite/answers"
	"imagebatch/workflows/contract"
)

func TestBook(t *testing.T) {
	t.Parallel()
	book := answers.Book{}
	enter := func(in contract.ReportInput, out contract.SignedReport, code contract.Code) {
		t.Helper()
		if err := book.Enter("SignReport", in, out, code); err != nil {
			t.Fatal(err)
		}
	}
	at := time.Date(2030, 1, 31, 18, 2, 3, 0, time.UTC)
	signed := func(change func(*contract.SignedReport)) contract.SignedReport {
		report := contract.SignedReport{URL: "u", CSVURL: "c", Expires: at, Task: contract.Task{ID: 1, Instance: "shop"}}
		change(&report)
		return report
	}
	same := func(*contract.SignedReport) {}
	plain, rest := contract.ReportInput{Task: 1}, contract.ReportInput{Task: 1, Rest: true}
	enter(plain, signed(same), "")
	enter(plain, signed(func(r *contract.SignedReport) {
		r.Task.Code, r.Task.Tally.Codes = "FAIL", map[contract.Code]int64{"A": 1}
	}), "")
	enter(plain, contract.SignedReport{}, contract.CodeTaskNotFound)
	enter(rest, signed(func(r *contract.SignedReport) { r.RestURL = "r" }), "")
	book.Settle()

	file := filepath.Join(t.TempDir(), "answers.json")
	text, err := book.Text()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	kept, err := answers.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		in   contract.ReportInput
		out  contract.SignedReport
		code contract.Code
		says string
	}{
		"Same":                {in: plain, out: signed(same)},
		"OtherCounts":         {in: plain, out: signed(func(r *contract.SignedReport) { r.Task.Tally.Codes = map[contract.Code]int64{"B": 7} })},
		"NumbersMayBeNothing": {in: plain, out: signed(func(r *contract.SignedReport) { r.Task.ID = 0 })},
		"Missing":             {in: plain, out: signed(func(r *contract.SignedReport) { r.URL = "" }), says: "SignReport.url is empty"},
		"MissingTime":         {in: plain, out: signed(func(r *contract.SignedReport) { r.Expires = time.Time{} }), says: "SignReport.expires is empty"},
		"MissingDeep":         {in: plain, out: signed(func(r *contract.SignedReport) { r.Task.Instance = "" }), says: "SignReport.task.instance is empty"},
		"TooMuch":             {in: plain, out: signed(func(r *contract.SignedReport) { r.RestURL = "r" }), says: "SignReport.restUrl holds something"},
		"TooLittle":           {in: rest, out: signed(same), says: "SignReport+rest.restUrl is empty"},
		"Code":                {in: plain, code: contract.CodeTaskNotFound},
		"OtherCode":           {in: plain, code: contract.CodeBadRequest, says: "never refused with Console.BadRequest"},
		"CodeOfRest":          {in: rest, code: contract.CodeTaskNotFound, says: "SignReport+rest was never refused"},
	} {
		got := kept.Differs("SignReport", test.in, test.out, test.code)
		if (got == "") != (test.says == "") || !strings.Contains(got, test.says) {
			t.Errorf("%s: %q; want %q", name, got, test.says)
		}
	}
	if got := kept.Differs("ListTasks", contract.ListTasksInput{}, contract.TaskList{}, ""); !strings.Contains(got, "not in the book") {
		t.Errorf("an operation that nobody asked: %q", got)
	}
}
