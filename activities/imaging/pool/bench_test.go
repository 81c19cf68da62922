package pool_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"imagebatch/activities"
	"imagebatch/activities/imaging"
	"imagebatch/activities/imaging/pool"
)

// BenchmarkOverhead takes pictures through the pool and through the decoder in
// this process in turn, a block of them each, so that what else the machine does
// falls on both alike. It reports the processor time of a picture either way, of
// parent and children together, and their ratio, as medians of the blocks: with a
// picture on each core, as workers run, and with one at a time, where processes
// fall asleep and wake for each. PHOTOS names a folder of JPEG files to measure
// on, instead of a drawn picture.
func BenchmarkOverhead(b *testing.B) {
	pictures := benchPictures(b)
	own, err := imaging.New(imaging.Config{})
	if err != nil {
		b.Fatal(err)
	}
	for name, processes := range map[string]int{"AllCores": runtime.NumCPU(), "OneAtATime": 1} {
		b.Run(name, func(b *testing.B) {
			p, err := pool.New(pool.Config{
				Command: []string{"/proc/self/exe", asDecoder}, Environment: pool.Tuning(),
				FeatureVersion: imaging.Version, Processes: processes, Logger: slog.New(slog.DiscardHandler),
			})
			if err != nil {
				b.Fatal(err)
			}
			defer p.Close()
			// run takes count pictures, so many at a time.
			run := func(imager activities.Imager, from, count int) {
				var next atomic.Int64
				var workers sync.WaitGroup
				for range processes {
					workers.Go(func() {
						for k := next.Add(1) - 1; k < int64(count); k = next.Add(1) - 1 {
							picture, err := imager.Open(b.Context(), pictures[(from+int(k))%len(pictures)])
							if err == nil {
								_, err = picture.Featurize(b.Context(), activities.View{Detect: true})
								picture.Close()
							}
							if err != nil {
								b.Error(err)
							}
						}
					})
				}
				workers.Wait()
			}
			warm := max(len(pictures), 20*processes)
			run(own, 0, warm)
			run(p, 0, warm)
			_, children := p.PIDs()
			block := 20 * processes
			var inside, pooled, ratios []float64
			for n := 0; b.Loop(); n += block {
				start := cpu(b, children)
				run(own, n, block)
				middle := cpu(b, children)
				run(p, n, block)
				after := cpu(b, children)
				inside = append(inside, (middle-start).Seconds()*1000/float64(block))
				pooled = append(pooled, (after-middle).Seconds()*1000/float64(block))
				ratios = append(ratios, float64(after-middle)/float64(middle-start))
			}
			b.ReportMetric(median(inside), "ms-inprocess")
			b.ReportMetric(median(pooled), "ms-pool")
			b.ReportMetric(median(ratios), "pool/inprocess")
		})
	}
}

// median keeps out the blocks that the machine had something else to do in.
func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}

// cpu is the processor time that this process and its children have used.
func cpu(b *testing.B, children []int) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	sum := time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	var threads []string
	for _, child := range children {
		some, err := filepath.Glob("/proc/" + strconv.Itoa(child) + "/task/*/schedstat")
		if err != nil {
			b.Fatal(err)
		}
		threads = append(threads, some...)
	}
	for _, thread := range threads {
		text, err := os.ReadFile(thread)
		if err != nil {
			b.Fatal(err)
		}
		nanoseconds, err := strconv.ParseInt(strings.Fields(string(text))[0], 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		sum += time.Duration(nanoseconds)
	}
	return sum
}

func benchPictures(b *testing.B) [][]byte {
	b.Helper()
	folder := os.Getenv("PHOTOS")
	if folder == "" {
		return [][]byte{drawn(b)}
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.jpg"))
	if err != nil || len(files) == 0 {
		b.Fatalf("no *.jpg in %q: %v", folder, err)
	}
	var pictures [][]byte
	for _, file := range files[:min(len(files), 200)] {
		data, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		pictures = append(pictures, data)
	}
	return pictures
}

// drawn is a JPEG of the size of a product photo: a pattern on grey.
func drawn(tb testing.TB) []byte {
	tb.Helper()
	canvas := image.NewRGBA(image.Rect(0, 0, 400, 534))
	for y := range 534 {
		for x := range 400 {
			pixel := color.RGBA{200, 200, 200, 255}
			if x > 100 && x < 300 && y > 100 && y < 450 {
				pixel = color.RGBA{uint8(x * y >> 6), uint8(x ^ y), uint8(x + 3*y), 255}
			}
			canvas.SetRGBA(x, y, pixel)
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, canvas, nil); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// BenchmarkStart has each picture read by a child of its own, copied from a template.
func BenchmarkStart(b *testing.B) {
	picture := drawn(b)
	p, err := pool.New(pool.Config{
		Command: []string{"/proc/self/exe", asDecoder}, Environment: pool.Tuning(),
		FeatureVersion: imaging.Version, Processes: 1, Recycle: 1, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	for b.Loop() {
		opened, err := p.Open(b.Context(), picture)
		if err != nil {
			b.Fatal(err)
		}
		opened.Close()
	}
}
