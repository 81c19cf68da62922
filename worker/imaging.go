package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"os"
	"strconv"
	"time"

	"imagebatch/activities"
	"imagebatch/activities/imaging"
	"imagebatch/activities/imaging/pool"
	_ "imagebatch/activities/imaging/pool/template" // imaging processes are copies of one
)

// imagingConfig says where pictures are decoded, and within which bounds.
type imagingConfig struct {
	imaging.Config

	InProcess bool // in the worker itself, which a picture can then crash
	Deadline  time.Duration
	Memory    int64 // bytes for each child
	Recycle   int
}

// imagingChild is the argument that makes the program decode pictures for a
// worker instead of being one. Its own arguments are the bytes of memory and the
// pixels of one picture.
const imagingChild = "imaging-child"

// childEnvironment are the variables that imaging processes inherit: none that
// holds a secret.
var childEnvironment = []string{"PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "LD_LIBRARY_PATH"}

// newImager makes the imager that the settings ask for. The caller closes it when
// no activity is under way.
func newImager(settings config) (imager activities.Imager, close func() error, err error) {
	if settings.Imaging.InProcess {
		imager, err := imaging.New(settings.Imaging.Config)
		return imager, func() error { return nil }, err
	}
	// The file that this process runs, even when another version has taken its place.
	command := []string{"/proc/self/exe", imagingChild,
		strconv.FormatInt(settings.Imaging.Memory, 10), strconv.FormatInt(settings.Imaging.MaxPixels, 10)}
	environment := pool.Tuning()
	for _, name := range childEnvironment {
		if value, ok := os.LookupEnv(name); ok {
			environment = append(environment, name+"="+value)
		}
	}
	children, err := pool.New(pool.Config{
		Command: command, Environment: environment, FeatureVersion: imaging.Version,
		Processes: settings.Cores, MaxPixelsInFlight: settings.Imaging.MaxPixelsInFlight,
		Deadline: settings.Imaging.Deadline, Recycle: settings.Imaging.Recycle,
	})
	if err != nil {
		return nil, nil, err
	}
	return children, children.Close, nil
}

// serveImaging is the program of an imaging process.
func serveImaging(ctx context.Context, arguments []string) error {
	if len(arguments) != 2 {
		return fmt.Errorf("serve pictures: %d arguments; this mode is for workers to start", len(arguments))
	}
	var bounds [2]int64
	for n, text := range arguments {
		var err error
		if bounds[n], err = strconv.ParseInt(text, 10, 64); err != nil {
			return fmt.Errorf("serve pictures: %w", err)
		}
	}
	in, out, err := pool.Confine(bounds[0])
	if err != nil {
		return err
	}
	imager, err := imaging.New(imaging.Config{MaxPixels: bounds[1]})
	if err != nil {
		return err
	}
	if err := tryOut(ctx, imager); err != nil {
		return err
	}
	return pool.Serve(ctx, imager, in, out)
}

// tryOut decodes a picture that nothing is wrong with: a process that cannot do
// that must not be given others, whose fault it would seem.
func tryOut(ctx context.Context, imager activities.Imager) error {
	var file bytes.Buffer
	if err := png.Encode(&file, image.NewGray(image.Rect(0, 0, 64, 64))); err != nil {
		return fmt.Errorf("try imaging out: %w", err)
	}
	picture, err := imager.Open(ctx, file.Bytes())
	if err != nil {
		return fmt.Errorf("try imaging out: %w", err)
	}
	defer picture.Close()
	if _, err := picture.Featurize(ctx, activities.View{}); err != nil {
		return fmt.Errorf("try imaging out: %w", err)
	}
	return nil
}
