package imaging_test

import (
	"flag"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/h2non/bimg"

	"imagebatch/activities"
	"imagebatch/activities/imaging"
)

var photos = flag.String("photos", os.Getenv("PHOTOS"), "folder of JPEG `files` to measure on, instead of drawn pictures")

// BenchmarkPicture compares what a picture costs: from the bytes to its feature of
// whole and subject, with variants, the part of it that is libvips' own, and the
// plain way through bimg.
func BenchmarkPicture(b *testing.B) {
	pictures := benchPictures(b)
	imager := newImager(b)
	for _, way := range []struct {
		name string
		do   func([]byte) error
	}{
		{"LoadOnly", imaging.LoadOnly},
		{"Header", func(data []byte) error {
			picture, err := imager.Open(b.Context(), data)
			if err == nil {
				picture.Close()
			}
			return err
		}},
		{"Featurize", func(data []byte) error {
			_, err := featurize(b, imager, data, activities.View{Detect: true})
			return err
		}},
		{"FeaturizeExpanded", func(data []byte) error {
			_, err := featurize(b, imager, data, activities.View{Detect: true, Expand: true})
			return err
		}},
		{"BimgResize128PNG", func(data []byte) error {
			_, err := bimg.NewImage(data).Process(bimg.Options{Width: 128, Type: bimg.PNG})
			return err
		}},
	} {
		b.Run(way.name, func(b *testing.B) {
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				if err := way.do(pictures[n%len(pictures)]); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pictures/s")
		})
	}
}

// BenchmarkOverhead takes the ways in turn on each picture and reports the
// processor time of whole and subject, and the ratios to it: what else the
// machine does falls on none of them, or on all alike.
func BenchmarkOverhead(b *testing.B) {
	pictures := benchPictures(b)
	imager := newImager(b)
	var load, whole, plain time.Duration
	timed := func(sum *time.Duration, do func() error) {
		start := cpu(b)
		if err := do(); err != nil {
			b.Fatal(err)
		}
		*sum += cpu(b) - start
	}
	for n := 0; b.Loop(); n++ {
		data := pictures[n%len(pictures)]
		timed(&load, func() error { return imaging.LoadOnly(data) })
		timed(&whole, func() error {
			_, err := featurize(b, imager, data, activities.View{Detect: true})
			return err
		})
		timed(&plain, func() error {
			_, err := bimg.NewImage(data).Process(bimg.Options{Width: 128, Type: bimg.PNG})
			return err
		})
	}
	b.ReportMetric(whole.Seconds()*1000/float64(b.N), "ms-whole")
	b.ReportMetric(float64(whole)/float64(load), "whole/load")
	b.ReportMetric(float64(plain)/float64(whole), "bimg/whole")
}

// cpu is the processor time that this process has used.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func benchPictures(b *testing.B) [][]byte {
	b.Helper()
	if *photos == "" {
		return [][]byte{encodeJPEG(b, drawProduct(400, 534, 1), 85)}
	}
	files, err := filepath.Glob(filepath.Join(*photos, "*.jpg"))
	if err != nil || len(files) == 0 {
		b.Fatalf("no *.jpg in %q: %v", *photos, err)
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
