package main

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"imagebatch/testsuite/stack"
	"imagebatch/workflows/contract"
)

// fickle are the pictures of a folder whose owner keeps replacing them while
// tasks read them, by something that is no picture and back again. Attempts at
// the same line see different things, and whichever is recorded has to hold.
type fickle map[string][]byte

// spoiled is what takes a picture's place, and the code that its lines get.
var spoiled = []byte("not a picture")

const spoiledCode = contract.CodeUnsupportedPicFormat

// replacePictures spoils and mends pictures until the faults are over.
func (l *lane) replacePictures(ctx context.Context, r *rand.Rand) {
	names := slices.Sorted(maps.Keys(l.fickle))
	for sleep(ctx, between(r, 50*time.Millisecond, 150*time.Millisecond)) && !l.over() {
		name := names[r.IntN(len(names))]
		content := l.fickle[name]
		if r.IntN(4) == 0 {
			content = spoiled
		}
		if l.objects.Put(ctx, stack.Bucket, l.name+"/"+name, "application/octet-stream", bytes.NewReader(content)) == nil { // the store may be away
			l.figures.fault("replaced pictures", 1)
		}
	}
}

// blame adds to the faults that a task must show those lines that found a spoiled
// picture. Whichever they are, they must have no effect, and all else that is
// asked of a planted fault.
func (f fickle) blame(now *tried, o outcome) {
	if len(f) == 0 {
		return
	}
	lines := bytes.Split(now.batch.Manifest, []byte("\n"))
	for line, code := range o.failures {
		var text struct {
			Operation string `json:"OperationType"`
			PicName   string
		}
		if code != spoiledCode || line > int64(len(lines)) || json.Unmarshal(lines[line-1], &text) != nil {
			continue
		}
		if _, replaced := f[text.PicName]; replaced && text.Operation == "ADD" {
			now.batch.Failures[line] = code
		}
	}
}
