package contract

import (
	"maps"
	"testing"
)

func TestCheckSearchAttributes(t *testing.T) {
	t.Parallel()
	all := map[string]string{"CustomText": "Text"}
	for _, attribute := range SearchAttributes {
		all[attribute.Name] = attribute.Type
	}
	for name, test := range map[string]struct {
		change map[string]string // type by name; none for one that is missing
		says   string
	}{
		"All": {},
		"TwoMissing": {map[string]string{SearchPath: "", SearchPercent: ""},
			`the Temporal namespace "shop" lacks the search attributes ImageBatchPath, ImageBatchPercent, without which no task can run; run: temporal operator search-attribute create --namespace shop --name ImageBatchPath --type Keyword --name ImageBatchPercent --type Int`},
		"OtherType": {map[string]string{SearchTaskID: "Keyword"},
			`the Temporal namespace "shop" has ImageBatchTaskId as Keyword instead of Int, without which no task can run; run: temporal operator search-attribute remove --yes --namespace shop --name ImageBatchTaskId && temporal operator search-attribute create --namespace shop --name ImageBatchTaskId --type Int`},
		"Both": {map[string]string{SearchTaskID: "Text", SearchState: ""},
			`the Temporal namespace "shop" lacks the search attributes ImageBatchState and has ImageBatchTaskId as Text instead of Int, without which no task can run; run: temporal operator search-attribute remove --yes --namespace shop --name ImageBatchTaskId && temporal operator search-attribute create --namespace shop --name ImageBatchState --type Keyword --name ImageBatchTaskId --type Int`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			registered := maps.Clone(all)
			for changed, kind := range test.change {
				delete(registered, changed)
				if kind != "" {
					registered[changed] = kind
				}
			}
			err := CheckSearchAttributes("shop", registered)
			if (err != nil) != (test.says != "") || err != nil && err.Error() != test.says {
				t.Errorf("error\n%v\nwant\n%s", err, test.says)
			}
		})
	}
}
