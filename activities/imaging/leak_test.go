package imaging_test

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"imagebatch/activities"
	"imagebatch/activities/imaging"
)

// TestNothingLeaks is not parallel: it watches the memory of the process.
func TestNothingLeaks(t *testing.T) {
	imager := newImager(t)
	var files [][]byte
	for _, data := range everyFormat(t, drawScene(160, 120, 1)) {
		files = append(files, data, data[:len(data)*2/3])
	}
	decode := func(count int) {
		for n := range count {
			// Half of them are cut and fail, which is as it should be.
			_, _ = featurize(t, imager, files[n%len(files)], activities.View{})
		}
		runtime.GC()
	}
	decode(400)
	blocks, octets := imaging.Allocations()
	before := resident(t)
	decode(2000)
	if b, o := imaging.Allocations(); b != blocks || o != octets {
		t.Errorf("libvips held %d blocks of %d bytes and holds %d of %d", blocks, octets, b, o)
	}
	if grown := resident(t) - before; grown > 16<<20 {
		t.Errorf("the process grew by %d KiB over 2,000 pictures", grown>>10)
	}
}

// resident is the process's memory in bytes.
func resident(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("no /proc on this system")
	}
	pages, err := strconv.Atoi(strings.Fields(string(status))[1])
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}
