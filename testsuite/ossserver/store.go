package ossserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// store keeps buckets in a folder: <bucket>/bucket.json, and one file an object
// under <bucket>/objects, named after the digest of its key because keys are
// longer than file names may be and full of what file systems treat specially.
// What is on disk is also in memory, without the bodies.
type store struct {
	dir string

	mu      sync.RWMutex
	buckets map[string]*bucket
}

type bucket struct {
	dir     string
	Region  string    `json:"region"`
	Created time.Time `json:"created"`

	objects map[string]*object
	keys    []string // of objects, sorted
	uploads map[string]*upload
}

func openStore(dir string, log *slog.Logger) (*store, error) {
	if dir == "" {
		return nil, errors.New("open object folder: no folder given")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("open object folder: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("open object folder: %w", err)
	}
	st := &store{dir: dir, buckets: map[string]*bucket{}}
	for _, entry := range entries {
		if !entry.IsDir() || !validBucketName(entry.Name()) {
			continue
		}
		b, err := loadBucket(filepath.Join(dir, entry.Name()), log)
		if errors.Is(err, os.ErrNotExist) {
			continue // some other folder, or a bucket whose making was cut short
		}
		if err != nil {
			return nil, fmt.Errorf("open bucket %q: %w", entry.Name(), err)
		}
		st.buckets[entry.Name()] = b
	}
	return st, nil
}

func loadBucket(dir string, log *slog.Logger) (*bucket, error) {
	text, err := os.ReadFile(filepath.Join(dir, "bucket.json"))
	if err != nil {
		return nil, err
	}
	b := &bucket{dir: dir, objects: map[string]*object{}, uploads: map[string]*upload{}}
	if err := json.Unmarshal(text, b); err != nil {
		return nil, err
	}
	if err := os.RemoveAll(b.tempDir()); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(b.tempDir(), 0o755); err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "objects", "??", "*"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		o, err := readObject(file)
		if err != nil {
			log.Warn("object file skipped", "file", file, "err", err)
			continue
		}
		b.objects[o.Key] = o
		b.keys = append(b.keys, o.Key)
	}
	slices.Sort(b.keys)
	return b, loadUploads(b, log)
}

func (b *bucket) tempDir() string { return filepath.Join(b.dir, "partial") }

func (st *store) createBucket(name, region string, now time.Time) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.buckets[name] != nil {
		return nil
	}
	b := &bucket{dir: filepath.Join(st.dir, name), Region: region, Created: now.UTC(), objects: map[string]*object{}, uploads: map[string]*upload{}}
	if err := os.MkdirAll(b.tempDir(), 0o755); err != nil {
		return fmt.Errorf("create bucket %q: %w", name, err)
	}
	text, err := json.Marshal(b)
	if err != nil {
		return fmt.Errorf("create bucket %q: %w", name, err)
	}
	temp := filepath.Join(b.tempDir(), "bucket.json")
	if err := os.WriteFile(temp, text, 0o644); err != nil {
		return fmt.Errorf("create bucket %q: %w", name, err)
	}
	if err := os.Rename(temp, filepath.Join(b.dir, "bucket.json")); err != nil {
		return fmt.Errorf("create bucket %q: %w", name, err)
	}
	st.buckets[name] = b
	return nil
}

func (st *store) hasBucket(name string) bool {
	st.mu.RLock()
	defer st.mu.RUnlock()
	return st.buckets[name] != nil
}

// deleteBucket removes an empty bucket. One with parts of an object is not empty.
func (st *store) deleteBucket(name string) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	b := st.buckets[name]
	if b == nil {
		return errNoSuchBucket
	}
	if len(b.objects)+len(b.uploads) > 0 {
		return errBucketNotEmpty
	}
	delete(st.buckets, name)
	return os.RemoveAll(b.dir)
}

// region of a bucket, or "" when there is none.
func (st *store) region(name string) string {
	st.mu.RLock()
	defer st.mu.RUnlock()
	if b := st.buckets[name]; b != nil {
		return b.Region
	}
	return ""
}

// bucketNames are sorted.
func (st *store) bucketNames() []string {
	st.mu.RLock()
	defer st.mu.RUnlock()
	names := make([]string, 0, len(st.buckets))
	for name := range st.buckets {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (st *store) created(name string) time.Time {
	st.mu.RLock()
	defer st.mu.RUnlock()
	if b := st.buckets[name]; b != nil {
		return b.Created
	}
	return time.Time{}
}
