package ossserver

import (
	"cmp"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// upload is an object that is being put in parts: a folder below the bucket's
// "uploads", with upload.json and one file a part. Neither is read before the
// object is whole.
type upload struct {
	ID        string    `json:"id"`
	Object    *object   `json:"object"` // what is known of it so far
	Initiated time.Time `json:"initiated"`

	dir   string
	parts map[int]*part
}

// part is an object file of its own, its number for a key.
type part struct {
	file string
	*object
}

// leastPart is the length that all parts but the last have at least.
// Source: https://www.alibabacloud.com/help/en/oss/developer-reference/completemultipartupload
const leastPart = 100 << 10

const mostParts = 10_000

func (b *bucket) uploadsDir() string { return filepath.Join(b.dir, "uploads") }

func loadUploads(b *bucket, log *slog.Logger) error {
	dirs, err := filepath.Glob(filepath.Join(b.uploadsDir(), "*"))
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		u, err := loadUpload(dir)
		if err != nil {
			log.Warn("upload skipped", "folder", dir, "err", err)
			continue
		}
		b.uploads[u.ID] = u
	}
	return nil
}

func loadUpload(dir string) (*upload, error) {
	text, err := os.ReadFile(filepath.Join(dir, "upload.json"))
	if err != nil {
		return nil, err
	}
	u := &upload{dir: dir, parts: map[int]*part{}}
	if err := json.Unmarshal(text, u); err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "part-*"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		o, err := readObject(file)
		if err != nil {
			continue // what was being written when the server was killed
		}
		number, err := strconv.Atoi(o.Key)
		if err != nil {
			return nil, err
		}
		u.parts[number] = &part{file, o}
	}
	return u, nil
}

// beginUpload makes room for an object in parts.
func (st *store) beginUpload(bucketName string, o *object, now time.Time) (*upload, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	b := st.buckets[bucketName]
	if b == nil {
		return nil, errNoSuchBucket
	}
	u := &upload{ID: requestID() + requestID()[:8], Object: o, Initiated: now.UTC().Truncate(time.Millisecond), parts: map[int]*part{}}
	u.dir = filepath.Join(b.uploadsDir(), u.ID)
	if err := os.MkdirAll(u.dir, 0o755); err != nil {
		return nil, fmt.Errorf("begin upload: %w", err)
	}
	text, err := json.Marshal(u)
	if err != nil {
		return nil, fmt.Errorf("begin upload: %w", err)
	}
	temp := filepath.Join(u.dir, "new")
	if err := os.WriteFile(temp, text, 0o644); err != nil {
		return nil, fmt.Errorf("begin upload: %w", err)
	}
	if err := os.Rename(temp, filepath.Join(u.dir, "upload.json")); err != nil {
		return nil, fmt.Errorf("begin upload: %w", err)
	}
	b.uploads[u.ID] = u
	return u, nil
}

// upload of a key, or errNoSuchUpload. The caller holds the lock.
func (st *store) upload(bucketName, key, id string) (*bucket, *upload, error) {
	b := st.buckets[bucketName]
	if b == nil {
		return nil, nil, errNoSuchBucket
	}
	u := b.uploads[id]
	if u == nil || u.Object.Key != key {
		return nil, nil, errNoSuchUpload
	}
	return b, u, nil
}

// putPart stores a part, in the place of one of the same number.
func (st *store) putPart(bucketName, key, id string, number int, modified time.Time, body io.Reader, check func(*object) error) (*object, error) {
	st.mu.RLock()
	_, u, err := st.upload(bucketName, key, id)
	st.mu.RUnlock()
	if err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(u.dir, fmt.Sprintf("part-%05d-", number))
	if err != nil {
		return nil, errNoSuchUpload // aborted just now
	}
	o := &object{Key: strconv.Itoa(number), Modified: modified}
	err = writeObject(f, o, body)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = check(o)
	}
	if err != nil {
		return nil, errors.Join(err, os.Remove(f.Name()))
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if _, _, err := st.upload(bucketName, key, id); err != nil {
		return nil, err
	}
	if old := u.parts[number]; old != nil {
		_ = os.Remove(old.file)
	}
	u.parts[number] = &part{f.Name(), o}
	return o, nil
}

// wantedPart is a part as the request to complete an upload names it.
type wantedPart struct {
	PartNumber int
	ETag       string
}

// completeUpload makes the object of its parts, nil for all that are there.
func (st *store) completeUpload(bucketName, key, id string, wanted []wantedPart, modified time.Time, check func(old *object) error) (*object, error) {
	st.mu.RLock()
	_, u, err := st.upload(bucketName, key, id)
	var chosen []*part
	if err == nil {
		chosen, err = u.choose(wanted)
	}
	st.mu.RUnlock()
	if err != nil {
		return nil, err
	}
	sums := md5.New()
	bodies := make([]io.Reader, 0, len(chosen))
	for _, p := range chosen {
		f, err := os.Open(p.file)
		if err != nil {
			return nil, errInvalidPart
		}
		defer f.Close()
		bodies = append(bodies, io.LimitReader(f, p.Size))
		sum, err := hex.DecodeString(p.MD5)
		if err != nil {
			return nil, fmt.Errorf("complete upload: %w", err)
		}
		sums.Write(sum)
	}
	whole := *u.Object
	whole.Modified, whole.Type = modified, "Multipart"
	whole.Tag = fmt.Sprintf("%s-%d", strings.ToUpper(hex.EncodeToString(sums.Sum(nil))), len(chosen))
	if err := st.put(bucketName, &whole, io.MultiReader(bodies...), check); err != nil {
		return nil, err
	}
	return &whole, st.abortUpload(bucketName, key, id)
}

// choose finds the parts that were asked for, in order.
func (u *upload) choose(wanted []wantedPart) ([]*part, error) {
	if wanted == nil {
		for _, number := range u.numbers() {
			wanted = append(wanted, wantedPart{number, u.parts[number].MD5})
		}
	}
	if len(wanted) == 0 {
		return nil, errMalformedXML
	}
	for n := 1; n < len(wanted); n++ {
		if wanted[n].PartNumber <= wanted[n-1].PartNumber {
			return nil, errInvalidPartOrder
		}
	}
	chosen := make([]*part, 0, len(wanted))
	for n, want := range wanted {
		p := u.parts[want.PartNumber]
		switch {
		case p == nil || !strings.EqualFold(strings.Trim(want.ETag, `"`), p.MD5):
			return nil, errInvalidPart
		case n < len(wanted)-1 && p.Size < leastPart:
			return nil, errEntityTooSmall
		}
		chosen = append(chosen, p)
	}
	return chosen, nil
}

func (u *upload) numbers() []int {
	numbers := make([]int, 0, len(u.parts))
	for number := range u.parts {
		numbers = append(numbers, number)
	}
	slices.Sort(numbers)
	return numbers
}

// abortUpload forgets an upload and its parts.
func (st *store) abortUpload(bucketName, key, id string) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	b, u, err := st.upload(bucketName, key, id)
	if err != nil {
		return err
	}
	delete(b.uploads, id)
	return os.RemoveAll(u.dir)
}

// listUploads are those of a bucket, by key and then by id.
func (st *store) listUploads(bucketName string) []*upload {
	st.mu.RLock()
	defer st.mu.RUnlock()
	b := st.buckets[bucketName]
	if b == nil {
		return nil
	}
	all := make([]*upload, 0, len(b.uploads))
	for _, u := range b.uploads {
		all = append(all, u)
	}
	slices.SortFunc(all, func(a, b *upload) int {
		return cmp.Or(strings.Compare(a.Object.Key, b.Object.Key), strings.Compare(a.ID, b.ID))
	})
	return all
}

// listParts are the parts of an upload, by number.
func (st *store) listParts(bucketName, key, id string) ([]*object, error) {
	st.mu.RLock()
	defer st.mu.RUnlock()
	_, u, err := st.upload(bucketName, key, id)
	if err != nil {
		return nil, err
	}
	parts := make([]*object, 0, len(u.parts))
	for _, number := range u.numbers() {
		parts = append(parts, u.parts[number].object)
	}
	return parts, nil
}
