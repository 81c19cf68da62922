package contract_test

import (
	"testing"

	"imagebatch/workflows/contract"
)

func TestQuestionsAboutTasksValidate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		reason string
		in     interface{ Validate() error }
		valid  bool
	}{
		"Task":            {in: contract.TaskRef{Task: 1}, valid: true},
		"NoTask":          {in: contract.TaskRef{}},
		"Report":          {in: contract.ReportInput{Task: 12, Rest: true}, valid: true},
		"NegativeReport":  {in: contract.ReportInput{Task: -1}},
		"Instance":        {in: contract.InstanceRef{Name: "shop"}, valid: true},
		"NoInstance":      {in: contract.InstanceRef{}},
		"EveryTask":       {in: contract.ListTasksInput{}, valid: true},
		"SomeTasks":       {in: contract.ListTasksInput{State: contract.StateSuspended, Path: "/a", Before: 7, Limit: 20}, valid: true},
		"ManyTasks":       {reason: "the page is cut", in: contract.ListTasksInput{Limit: 1 << 30}, valid: true},
		"NoSuchState":     {reason: "it would match nothing, for ever", in: contract.ListTasksInput{State: "DONE"}},
		"NegativeTask":    {in: contract.ListTasksInput{ID: -1}},
		"NegativeLimit":   {in: contract.ListTasksInput{Limit: -1}},
		"NegativeBefore":  {in: contract.ListTasksInput{Before: -1}},
		"PathOfTasks":     {in: contract.ListTasksInput{Path: "/a/../b"}},
		"Manifest":        {in: contract.CheckInput{Bucket: "photos"}, valid: true},
		"ManifestBucket":  {in: contract.CheckInput{Bucket: "Photos"}},
		"ManifestPath":    {in: contract.CheckInput{Bucket: "photos", Path: "/a/../b"}},
		"ManifestService": {in: contract.CheckInput{Bucket: "photos", ServiceType: 8}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := test.in.Validate()
			if test.valid && err != nil || !test.valid && !contract.IsCode(err, contract.CodeBadRequest) {
				t.Errorf("Validate() = %v; valid: %t, %s", err, test.valid, test.reason)
			}
		})
	}
}
