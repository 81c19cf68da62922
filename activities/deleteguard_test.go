package activities_test

import (
	"fmt"
	"strings"
	"testing"

	"imagebatch/testsuite/fakes"
	"imagebatch/workflows/contract"
)

// stock imports pictures of three products: 6 of "big", 3 of "mid", 1 of "one".
func stock(w *world) {
	w.Helper()
	var lines []string
	for product, n := range map[string]int{"big": 6, "mid": 3, "one": 1} {
		for i := range n {
			name := fmt.Sprintf("%s/%d.jpg", product, i)
			w.objects.Store(bucket, folder+"/"+name, fakes.Picture(400, 300, name))
			lines = append(lines, add(product, name))
		}
	}
	task := w.begin(lines...)
	if tally := w.runAll(task, 64); tally.Succeeded != 10 {
		w.Fatalf("stocked %+v", tally)
	}
	if _, err := w.ledger.End(w.Context(), contract.Ending{Task: task, State: contract.StateSuccess}); err != nil {
		w.Fatal(err)
	}
}

func TestDeleteGuard(t *testing.T) {
	t.Parallel()
	twice := strings.Repeat(remove("big", "")+"\n", 2)
	for name, test := range map[string]struct {
		reason string
		limit  contract.Threshold
		lines  []string
		says   string // "" when the manifest is let through
	}{
		"NoLimit":      {reason: "whoever sets no limit means it", lines: []string{remove("big", ""), remove("mid", ""), remove("one", "")}},
		"WithinNumber": {limit: "6", lines: []string{remove("big", "")}},
		"Product":      {reason: "one line deletes six pictures", limit: "5", lines: []string{remove("big", "")}, says: "delete 6 of the 10 pictures"},
		"Percent":      {limit: "50%", lines: []string{remove("big", "")}, says: "more than the limit of 5 (50%)"},
		"PercentHolds": {limit: "60%", lines: []string{remove("big", "")}},
		"Zero":         {limit: "0", lines: []string{remove("one", "one/0.jpg")}, says: "delete 1 of the 10 pictures"},
		"Absent":       {reason: "what is not there is not deleted", limit: "0", lines: []string{remove("one", "other.jpg"), remove("none", ""), remove("none", "one/0.jpg")}},
		"Pictures":     {limit: "2", lines: []string{remove("mid", "mid/0.jpg"), remove("mid", "mid/1.jpg"), remove("mid", "mid/2.jpg")}, says: "delete 3 of"},
		"Repeated":     {reason: "a picture is deleted once, by its product or by its name", limit: "6", lines: []string{twice, remove("big", "big/0.jpg"), remove("big", "big/0.jpg")}},
		"AddedAgain":   {reason: "what was there is gone even if something of its name comes back", limit: "0", lines: []string{remove("one", "one/0.jpg"), add("one", "one/0.jpg")}, says: "delete 1 of"},
		"OwnAdds":      {reason: "what the manifest itself adds is not there yet", limit: "0", lines: []string{add("new", "one/0.jpg"), remove("new", "")}},
		"BadLine": {reason: "a line that will be isolated deletes nothing", limit: "0", lines: []string{`{"OperationType":"DELETE","ProductId":"big","PicName":""}`, `{"OperationType":"DELETE","ProductId":"big"`,
			`{"OperationType":"DELETE","ProductId":"big","PicNames":"a.jpg"}`, `{"OperationType":"DELETE","ProductId":"big","StrAttr":"old"}`}},
		"Escaped":     {reason: "JSON has more than one way to say it", limit: "5", lines: []string{`{"Operation\u0054ype":"\u0064elete","ProductId":"\u0062ig"}`}, says: "delete 6 of"},
		"NumericName": {limit: "0", lines: []string{`{"OperationType":"DELETE","ProductId":1}`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				stock(w)
				task := w.begin(test.lines...)
				_, err := execute(t.Context(), w, w.plans().Plan, contract.PlanInput{Task: task, MaxDeletes: test.limit})
				known, asked := w.ledger.Task(t.Context(), task)
				if asked != nil {
					t.Fatal(asked)
				}
				if test.says == "" {
					if err != nil || !known.Planned {
						t.Fatalf("planned %t, error %v; want it let through: %s", known.Planned, err, test.reason)
					}
					return
				}
				says := wantRefusal(t, err, contract.CodeTooManyDeletes)
				if !strings.Contains(says, test.says) || !strings.Contains(says, "nothing was changed") {
					t.Errorf("message %q; want it to say %q", says, test.says)
				}
				if known.Planned {
					t.Error("the refused manifest is planned")
				}
			})
		})
	}
}

func TestDeleteGuardLooksUpInBatches(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		stock(w)
		var lines []string
		for n := range 1700 {
			lines = append(lines, remove(fmt.Sprint("absent", n), ""))
		}
		lines[3], lines[1699] = remove("one", ""), remove("mid", "mid/2.jpg")
		task := w.begin(lines...)
		_, err := execute(t.Context(), w, w.plans().Plan, contract.PlanInput{Task: task, MaxDeletes: "1"})
		if says := wantRefusal(t, err, contract.CodeTooManyDeletes); !strings.Contains(says, "delete 2 of the 10") {
			t.Errorf("message %q; want both the first and the last batch counted", says)
		}
	})
}
