package contract_test

import (
	"strings"
	"testing"

	"imagebatch/workflows/contract"
)

func TestReadControl(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		text   string
		want   contract.Control
		reason string // what an error says; empty for none
	}{
		"Nothing":          {"", contract.Control{}, ""},
		"Null":             {" null ", contract.Control{}, ""},
		"Empty":            {"{}", contract.Control{}, ""},
		"Number":           {`{"taskId": 11}`, contract.Control{Task: 11}, ""},
		"Text":             {`{"taskId": "11"}`, contract.Control{Task: 11}, ""},
		"TextWithSpaces":   {`{"taskId": "  11 "}`, contract.Control{Task: 11}, ""},
		"WholeDecimal":     {`{"taskId": 11.0}`, contract.Control{Task: 11}, ""},
		"Zero":             {`{"taskId": 0}`, contract.Control{}, ""},
		"NullFields":       {`{"taskId": null, "reason": null, "by": null}`, contract.Control{}, ""},
		"All":              {`{"taskId": 11, "reason": "x", "by": "ops"}`, contract.Control{Task: 11, Reason: "x", By: "ops"}, ""},
		"OtherCase":        {`{"TaskID": 11, "By": "ops"}`, contract.Control{Task: 11, By: "ops"}, ""},
		"UnknownKey":       {`{"task_id": 11, "by": "ops"}`, contract.Control{By: "ops"}, `"task_id" is unknown`},
		"UnknownKeyLast":   {`{"by": "ops", "task": 11}`, contract.Control{By: "ops"}, `"task" is unknown`},
		"Twice":            {`{"taskId": 11, "taskId": 12}`, contract.Control{}, `"taskId" is there twice`},
		"TwiceInOtherCase": {`{"taskId": 11, "taskid": 12}`, contract.Control{}, `"taskid" is there twice`},
		"Fraction":         {`{"taskId": 11.5}`, contract.Control{}, "no number of a task"},
		"Negative":         {`{"taskId": -11}`, contract.Control{}, "no number of a task"},
		"NegativeText":     {`{"taskId": "-11"}`, contract.Control{}, "no number of a task"},
		"EmptyText":        {`{"taskId": ""}`, contract.Control{}, "no number of a task"},
		"Word":             {`{"taskId": "eleven"}`, contract.Control{}, "no number of a task"},
		"TooLarge":         {`{"taskId": 99999999999999999999}`, contract.Control{}, "no number of a task"},
		"List":             {`{"taskId": [11]}`, contract.Control{}, "no number of a task"},
		"Flag":             {`{"taskId": true}`, contract.Control{}, "no number of a task"},
		"ReasonIsNumber":   {`{"reason": 3, "by": "ops"}`, contract.Control{By: "ops"}, `"reason" is no text`},
		"ByIsList":         {`{"by": ["ops"]}`, contract.Control{}, `"by" is no text`},
		"NumberAlone":      {`11`, contract.Control{}, "no JSON object"},
		"TextAlone":        {`"11"`, contract.Control{}, "no JSON object"},
		"InAList":          {`[{"taskId": 11}]`, contract.Control{}, "no JSON object"},
		"TwoObjects":       {`{} {}`, contract.Control{}, "no JSON object"},
		"CutShort":         {`{"taskId": 11`, contract.Control{}, "no JSON object"},
		"Unquoted":         {`{taskId: 11}`, contract.Control{}, "no JSON object"},
		"Hostile":          {"{\"\\u001b[31m\\n" + strings.Repeat("x", 500) + "\": 1}", contract.Control{}, "is unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := contract.ReadControl([]byte(tc.text))
			if got != tc.want || (err != nil) != (tc.reason != "") {
				t.Fatalf("read %+v, %v; want %+v", got, err, tc.want)
			}
			if err == nil {
				return
			}
			if text := err.Error(); !strings.Contains(text, tc.reason) || !strings.Contains(text, `"taskId": 11`) || strings.ContainsAny(text, "\n\x1b") || len(text) > 400 {
				t.Errorf("error %q; want one line that says %q and what to send", text, tc.reason)
			}
		})
	}
}
