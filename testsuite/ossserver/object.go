package ossserver

import (
	"cmp"
	"crypto/md5"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc64"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// object is what is known of an object besides its body. On disk the body comes
// first, then this as JSON, then its length and a mark: one file, one rename,
// never a body without its description.
type object struct {
	Key         string            `json:"key"`
	Size        int64             `json:"size"`
	MD5         string            `json:"md5"` // upper-case hex
	CRC         uint64            `json:"crc64ecma,string"`
	Modified    time.Time         `json:"modified"`
	ContentType string            `json:"contentType"`
	Headers     map[string]string `json:"headers,omitempty"` // given back on every read
	Tags        []tag             `json:"tags,omitempty"`
	Type        string            `json:"type,omitempty"` // empty is Normal
	Tag         string            `json:"etag,omitempty"` // where it is not the MD5: of an object put in parts
}

// bareETag is the ETag without quotes.
func (o *object) bareETag() string { return cmp.Or(o.Tag, o.MD5) }

func (o *object) etag() string { return `"` + o.bareETag() + `"` }

func (o *object) kind() string { return cmp.Or(o.Type, "Normal") }

const (
	trailerMark = "ossobj01"
	trailerSize = 8 + len(trailerMark)
	maxTrailer  = 64 << 10
)

var crcTable = crc64.MakeTable(crc64.ECMA)

// objectFile is the name of a key's file inside its bucket.
func objectFile(b *bucket, key string) string {
	sum := sha256.Sum256([]byte(key))
	name := hex.EncodeToString(sum[:])
	return filepath.Join(b.dir, "objects", name[:2], name)
}

func readObject(file string) (*object, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	var end [trailerSize]byte
	if info.Size() < int64(trailerSize) {
		return nil, errors.New("too short")
	}
	if _, err := f.ReadAt(end[:], info.Size()-int64(trailerSize)); err != nil {
		return nil, err
	}
	length := int64(binary.BigEndian.Uint64(end[:8]))
	if string(end[8:]) != trailerMark || length <= 0 || length > maxTrailer || length > info.Size() {
		return nil, errors.New("no description at its end")
	}
	text := make([]byte, length)
	if _, err := f.ReadAt(text, info.Size()-int64(trailerSize)-length); err != nil {
		return nil, err
	}
	o := new(object)
	if err := json.Unmarshal(text, o); err != nil {
		return nil, err
	}
	if o.Size != info.Size()-int64(trailerSize)-length {
		return nil, errors.New("size differs from its description")
	}
	return o, nil
}

// put stores an object whole or not at all. check sees the finished description
// under the store's lock, with what the key held before, and may refuse.
func (st *store) put(bucketName string, o *object, body io.Reader, check func(old *object) error) error {
	st.mu.RLock()
	b := st.buckets[bucketName]
	st.mu.RUnlock()
	if b == nil {
		return errNoSuchBucket
	}
	f, err := os.CreateTemp(b.tempDir(), "put-")
	if err != nil {
		return fmt.Errorf("store object: %w", err)
	}
	defer os.Remove(f.Name()) // gone already when the rename was done
	err = writeObject(f, o, body)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}

	file := objectFile(b, o.Key)
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.buckets[bucketName] != b {
		return errNoSuchBucket
	}
	old := b.objects[o.Key]
	if err := check(old); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("store object: %w", err)
	}
	if err := os.Rename(f.Name(), file); err != nil {
		return fmt.Errorf("store object: %w", err)
	}
	b.objects[o.Key] = o
	if old == nil {
		at, _ := slices.BinarySearch(b.keys, o.Key)
		b.keys = slices.Insert(b.keys, at, o.Key)
	}
	return nil
}

func writeObject(f *os.File, o *object, body io.Reader) error {
	sum, crc := md5.New(), crc64.New(crcTable)
	n, err := io.Copy(io.MultiWriter(f, sum, crc), body)
	if err != nil {
		return fmt.Errorf("store object: %w", err)
	}
	o.Size, o.CRC = n, crc.Sum64()
	o.MD5 = strings.ToUpper(hex.EncodeToString(sum.Sum(nil)))
	text, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("store object: %w", err)
	}
	text = binary.BigEndian.AppendUint64(text, uint64(len(text)))
	_, err = f.Write(append(text, trailerMark...))
	return err
}

// open gives an object's description and its file, both of the same moment: a
// later put or delete does not disturb the reader.
func (st *store) open(bucketName, key string) (*object, *os.File, error) {
	st.mu.RLock()
	defer st.mu.RUnlock()
	b := st.buckets[bucketName]
	if b == nil {
		return nil, nil, errNoSuchBucket
	}
	o := b.objects[key]
	if o == nil {
		return nil, nil, errNoSuchKey
	}
	f, err := os.Open(objectFile(b, key))
	if err != nil {
		return nil, nil, fmt.Errorf("open object: %w", err)
	}
	return o, f, nil
}

// find is an object's description, or nil.
func (st *store) find(bucketName, key string) *object {
	st.mu.RLock()
	defer st.mu.RUnlock()
	if b := st.buckets[bucketName]; b != nil {
		return b.objects[key]
	}
	return nil
}

// setTags replaces the tags of an object.
func (st *store) setTags(bucketName, key string, tags []tag) error {
	o, f, err := st.open(bucketName, key)
	if err != nil {
		return err
	}
	defer f.Close()
	tagged := *o
	tagged.Tags = tags
	return st.put(bucketName, &tagged, io.LimitReader(f, o.Size), func(old *object) error {
		if old != o {
			return errNoSuchKey // replaced or removed under way
		}
		return nil
	})
}

// remove deletes an object; one that does not exist is no error.
func (st *store) remove(bucketName, key string) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	b := st.buckets[bucketName]
	if b == nil {
		return errNoSuchBucket
	}
	if b.objects[key] == nil {
		return nil
	}
	if err := os.Remove(objectFile(b, key)); err != nil {
		return fmt.Errorf("delete object: %w", err)
	}
	delete(b.objects, key)
	if at, found := slices.BinarySearch(b.keys, key); found {
		b.keys = slices.Delete(b.keys, at, at+1)
	}
	return nil
}
