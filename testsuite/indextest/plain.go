package indextest

import (
	"cmp"
	"fmt"
	"maps"

	"pgregory.net/rapid"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
	"imagebatch/workflows/filter"
)

// plain is an index the obvious way: pictures by product and name.
type plain map[[2]string]activities.PutPicture

// event is something that happened to an instance. Applied in the order of their
// numbers, events make what the index must hold.
type event interface{ apply(to plain) }

// plain is everything that has happened so far.
func (h *history) plain() plain {
	pictures := make(plain)
	for _, event := range h.events {
		event.apply(pictures)
	}
	return pictures
}

func (p plain) deleteProduct(product string) {
	maps.DeleteFunc(p, func(name [2]string, _ activities.PutPicture) bool { return name[0] == product })
}

// apply applies the lines that were committed, in the order of the manifest.
func (task *manifestTask) apply(to plain) {
	for i, s := range task.steps {
		name := [2]string{s.product, s.name}
		switch {
		case !task.done[i]:
		case s.verb == "add":
			put := *s.outcome(task.id, int64(i+1)).Put
			put.Picture.Task, put.Picture.Line = task.id, int64(i+1)
			to[name] = put
		case s.verb == "delete":
			delete(to, name)
		case s.verb == "deleteProduct":
			to.deleteProduct(s.product)
		}
	}
}

// operation is a change of a history that is no task.
type operation struct {
	step
	run      string
	put      activities.PutPicture // of an addition, with its number once it has one
	fields   contract.Attributes   // of an update
	selected *filter.Expression    // of a deletion by filter,
	names    [][2]string           // and what it selected when it ran
	answer   contract.DeleteImageResult
}

func (o *operation) apply(to plain) {
	name := [2]string{o.product, o.name}
	switch o.verb {
	case "add":
		to[name] = o.put
	case "update":
		if put, there := to[name]; there {
			p := &put.Picture
			p.CustomContent = cmp.Or(o.fields.CustomContent, p.CustomContent)
			p.IntAttrs[1] = cmp.Or(o.fields.IntAttrs[1], p.IntAttrs[1])
			p.StrAttrs[3] = cmp.Or(o.fields.StrAttrs[3], p.StrAttrs[3])
			to[name] = put
		}
	case "delete":
		delete(to, name)
	case "deleteProduct":
		to.deleteProduct(o.product)
	case "deleteSelected":
		for _, name := range o.names {
			delete(to, name)
		}
	}
}

// operate draws a few single operations, some of them repeated, and carries them
// out.
func (h *history) operate(rt *rapid.T) {
	h.Helper()
	for range rapid.SampledFrom([]int{0, 0, 1, 1, 2}).Draw(rt, "operations") {
		if len(h.operations) > 0 && rapid.IntRange(0, 4).Draw(rt, "repeat") == 0 {
			o := rapid.SampledFrom(h.operations).Draw(rt, "repeated")
			answer, err := h.call(o)
			h.must(err)
			wantSame(h, "the repeated answer", answer, o.answer)
			continue
		}
		h.carryOut(h.drawOperation(rt))
	}
	h.checkIndex()
}

func (h *history) drawOperation(rt *rapid.T) *operation {
	h.runs++
	o := &operation{step: anyStep.Draw(rt, "names"), run: fmt.Sprintf("operation-%s-%d", h.instance, h.runs)}
	o.verb = rapid.SampledFrom([]string{"add", "add", "update", "update", "delete", "deleteProduct", "deleteSelected"}).Draw(rt, "operation")
	o.put = *adds(0, o.product, o.name, byte(100+h.runs)).Put
	text, number := "updated by "+o.run, int32(h.runs)
	switch rapid.IntRange(0, 2).Draw(rt, "field") {
	case 0:
		o.fields.CustomContent = &text
	case 1:
		o.fields.IntAttrs[1] = &number
	default:
		o.fields.StrAttrs[3] = &text
	}
	if o.verb == "deleteSelected" {
		below := rapid.Int32Range(1, 20).Draw(rt, "below")
		o.selected = &filter.Expression{Condition: filter.Condition{Field: 0, Operator: filter.Less, Ints: []int32{below}}}
	}
	return o
}

// carryOut carries out an operation and checks its answer.
func (h *history) carryOut(o *operation) {
	h.Helper()
	before := h.plain()
	_, there := before[[2]string{o.product, o.name}]
	for name, put := range before {
		if o.selected != nil && o.selected.Match(put.Picture.IntAttrs, put.Picture.StrAttrs) {
			o.names = append(o.names, name)
		}
	}
	answer, err := h.call(o)
	if o.verb == "update" && !there {
		wantCode(h, err, contract.CodePicNotExist)
		return
	}
	h.must(err)
	o.answer = answer
	h.operations, h.events = append(h.operations, o), append(h.events, o)
	switch o.verb {
	case "add":
		o.put.Picture.Task = h.picture(o.product, o.name).Task
		h.wantNext(o.put.Picture.Task)
	case "delete", "deleteProduct", "deleteSelected":
		after := h.plain()
		var gone []string
		for name := range before {
			if _, there := after[name]; !there {
				gone = append(gone, name[1])
			}
		}
		wantSame(h, "the answer to "+o.verb, answer, deleted(gone...))
	}
}

func (h *history) call(o *operation) (answer contract.DeleteImageResult, err error) {
	ref := h.ref(o.product, o.name)
	switch o.verb {
	case "add":
		return answer, h.index.AddImage(h.Context(), o.run, h.instance, o.put, inBucket(o.run))
	case "update":
		return answer, h.index.UpdateImage(h.Context(), o.run, ref, o.fields)
	case "deleteProduct":
		ref.PicName = ""
	}
	return h.index.DeleteImage(h.Context(), o.run, ref, o.selected)
}

// wantNext checks that a number is larger than those before it.
func (h *history) wantNext(number int64) {
	h.Helper()
	if number <= h.last {
		h.Errorf("number %d comes after %d", number, h.last)
	}
	h.last = number
}
