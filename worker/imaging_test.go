package main

import (
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagebatch/activities"
	"imagebatch/activities/imaging"
	"imagebatch/activities/imaging/pool"
)

func TestConfigOfImaging(t *testing.T) {
	t.Parallel()
	const largest = 4096 * 4096
	for name, test := range map[string]struct {
		settings map[string]string
		want     imagingConfig
	}{
		"Defaults": {
			want: imagingConfig{
				Config:   imaging.Config{MaxPixels: largest, MaxPixelsInFlight: 4 * largest},
				Deadline: pool.DefaultDeadline, Memory: 1 << 30, Recycle: pool.DefaultRecycle,
			},
		},
		"All": {
			settings: map[string]string{
				"IMAGEBATCH_IMAGING": "inprocess", "IMAGEBATCH_IMAGING_DEADLINE": "3s", "IMAGEBATCH_IMAGING_MEMORY": "2147483648",
				"IMAGEBATCH_IMAGING_RECYCLE": "7", "IMAGEBATCH_PIXELS_IN_FLIGHT": "33554432",
			},
			want: imagingConfig{
				Config:    imaging.Config{MaxPixels: largest, MaxPixelsInFlight: 2 * largest},
				InProcess: true, Deadline: 3 * time.Second, Memory: 2 << 30, Recycle: 7,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := readConfig(settings(test.settings))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, c.Imaging); diff != "" {
				t.Errorf("imaging (-want +got):\n%s", diff)
			}
		})
	}
}

// TestImagersAgree has the test binary be the imaging process, as the worker is.
func TestImagersAgree(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"pool", "inprocess"} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			c, err := readConfig(settings(map[string]string{"IMAGEBATCH_IMAGING": where}))
			if err != nil {
				t.Fatal(err)
			}
			imager, closeImager, err := newImager(c)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := closeImager(); err != nil {
					t.Error(err)
				}
			}()
			if got := imager.FeatureVersion(); got != imaging.Version {
				t.Errorf("feature version %q; want %q", got, imaging.Version)
			}
			if err := tryOut(t.Context(), imager); err != nil {
				t.Error(err)
			}
			if _, err := imager.Open(t.Context(), []byte("GIF89a")); !errors.Is(err, activities.ErrUndecodable) {
				t.Errorf("error = %v; want that the picture cannot be decoded", err)
			}
		})
	}
}

func TestImagingProcessWantsItsArguments(t *testing.T) {
	t.Parallel()
	for _, arguments := range [][]string{nil, {"1"}, {"a", "b"}} {
		if err := serveImaging(t.Context(), arguments); err == nil {
			t.Errorf("%q were accepted", arguments)
		}
	}
}

func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case imagingChild, asWorker:
			main()
		case asOpen:
			_, err := io.Copy(io.Discard, os.Stdin)
			exit(err)
		case asSpy:
			exit(spy(os.Args[2]))
		}
	}
	os.Exit(m.Run())
}
