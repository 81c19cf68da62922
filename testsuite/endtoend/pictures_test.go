package endtoend_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"imagebatch/testsuite/stack"
	"imagebatch/workflows/contract"
)

// picture draws a JPEG that differs from those of other numbers.
func picture(t *testing.T, number int) []byte {
	t.Helper()
	chance := rand.New(rand.NewPCG(uint64(number), 7))
	canvas := image.NewRGBA(image.Rect(0, 0, 120, 120))
	for range 12 {
		fill := color.RGBA{uint8(chance.IntN(256)), uint8(chance.IntN(256)), uint8(chance.IntN(256)), 255}
		x, y, w, h := chance.IntN(100), chance.IntN(100), 10+chance.IntN(60), 10+chance.IntN(60)
		for py := y; py < min(y+h, 120); py++ {
			for px := x; px < min(x+w, 120); px++ {
				canvas.SetRGBA(px, py, fill)
			}
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, canvas, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// distinct is how many pictures a folder of the tests holds; manifests name them
// again and again.
const distinct = 24

// fill writes pictures p0.jpg, p1.jpg … into a folder of the catalogue bucket.
func fill(t *testing.T, s *stack.Stack, folder string) {
	t.Helper()
	var writers sync.WaitGroup
	for n := range distinct {
		content := picture(t, n)
		writers.Go(func() { put(t, s, fmt.Sprintf("%s/p%d.jpg", folder, n), content) })
	}
	writers.Wait()
}

// addLine is a manifest line that adds a picture under a product of its own, so
// that every line of a manifest is another key.
func addLine(n int) string {
	line, err := json.Marshal(map[string]any{
		"OperationType": "ADD", "ProductId": fmt.Sprintf("product-%d", n),
		"PicName": fmt.Sprintf("p%d.jpg", n%distinct), "CustomContent": fmt.Sprintf("line %d", n),
	})
	if err != nil {
		panic(err) // strings and maps of strings can always be written
	}
	return string(line)
}

// shelf fills a folder with pictures and a manifest of that many ADD lines, with
// other lines put in at their places.
func shelf(t *testing.T, s *stack.Stack, folder string, lines int, planted map[int]string) {
	t.Helper()
	fill(t, s, folder)
	var manifest strings.Builder
	for n := 1; n <= lines; n++ {
		line, ok := planted[n]
		if !ok {
			line = addLine(n)
		}
		manifest.WriteString(line + "\n")
	}
	put(t, s, folder+"/"+contract.ManifestName, []byte(manifest.String()))
}
