package ossserver_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
	"github.com/google/go-cmp/cmp"

	"imagebatch/testsuite/ossserver"
)

const least = 100 << 10 // of a part that is not the last

func piece(letter string, size int) string { return strings.Repeat(letter, size) }

func TestMultipart(t *testing.T) {
	t.Parallel()
	for name, version := range versions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := start(t, ossserver.Options{})
			b := inBucket(t, client(t, srv.Endpoint(), ossserver.Root, version...))
			const key = "图/in parts"
			u, err := b.InitiateMultipartUpload(key, oss.ContentType("image/x-test"), oss.Meta("from", "test"), oss.SetTagging(oss.Tagging{Tags: []oss.Tag{{Key: "a", Value: "1"}}}))
			if err != nil || u.UploadID == "" || u.Key != key || u.Bucket != bucketName {
				t.Fatalf("initiated %+v, %v", u, err)
			}
			var parts []oss.UploadPart
			for _, part := range []struct {
				number int
				text   string
			}{{7, "end"}, {2, piece("a", least)}, {5, "to be replaced"}, {5, piece("b", least+1)}} {
				put, err := b.UploadPart(u, strings.NewReader(part.text), int64(len(part.text)), part.number)
				if err != nil {
					t.Fatal(err)
				}
				if part.text != "to be replaced" {
					parts = append(parts, put)
				}
			}
			if _, err := get(b, key); err == nil {
				t.Error("the object is there before it is whole")
			}
			listed, err := b.ListUploadedParts(u)
			if err != nil || len(listed.UploadedParts) != 3 || listed.UploadedParts[1].Size != least+1 || listed.UploadedParts[2].PartNumber != 7 {
				t.Errorf("parts %+v, %v", listed, err)
			}
			var h http.Header
			done, err := b.CompleteMultipartUpload(u, parts, oss.GetResponseHeader(&h))
			if err != nil || done.Key != key || !strings.HasSuffix(done.ETag, `-3"`) || h.Get("X-Oss-Hash-Crc64ecma") == "" {
				t.Fatalf("completed %+v, %v, %v", done, err, h)
			}
			want := piece("a", least) + piece("b", least+1) + "end"
			if got, err := get(b, key, oss.GetResponseHeader(&h)); err != nil || got != want {
				t.Errorf("object has %d bytes, %v; want %d", len(got), err, len(want))
			}
			for header, want := range map[string]string{
				"ETag": done.ETag, "Content-Type": "image/x-test", "X-Oss-Meta-From": "test", "X-Oss-Object-Type": "Multipart", "X-Oss-Tagging-Count": "1",
			} {
				if h.Get(header) != want {
					t.Errorf("header %s is %q, want %q", header, h.Get(header), want)
				}
			}
			if got, err := get(b, key, oss.IfMatch(done.ETag), oss.Range(0, 0)); err != nil || got != "a" {
				t.Errorf("by its ETag: %q, %v", got, err)
			}
			_, err = b.CompleteMultipartUpload(u, parts)
			refused(t, err, 404, "NoSuchUpload")
		})
	}
}

func TestMultipartIsRefused(t *testing.T) {
	t.Parallel()
	writer := ossserver.Key{ID: "writer", Secret: "writer-secret", Rules: []ossserver.Rule{{Actions: []string{"oss:PutObject"}, Resources: []string{bucketName + "/*"}}}}
	srv := start(t, ossserver.Options{Keys: []ossserver.Key{ossserver.Root, writer}})
	b := rootBucket(t, srv)
	u, err := b.InitiateMultipartUpload("a")
	if err != nil {
		t.Fatal(err)
	}
	part := func(number int, text string) oss.UploadPart {
		put, err := b.UploadPart(u, strings.NewReader(text), int64(len(text)), number)
		if err != nil {
			t.Fatal(err)
		}
		return put
	}
	small, large, end := part(1, "small"), part(2, piece("x", least)), part(3, "end")
	complete := func(document string, header map[string]string) error {
		_, err := b.Client.Conn.Do(http.MethodPost, bucketName, "a", map[string]any{"uploadId": u.UploadID}, header, strings.NewReader(document), 0, nil)
		return err
	}
	element := func(p oss.UploadPart) string {
		return fmt.Sprintf("<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>", p.PartNumber, p.ETag)
	}
	other := oss.UploadPart{PartNumber: 2, ETag: small.ETag}
	absent := oss.UploadPart{PartNumber: 9, ETag: small.ETag}
	for name, tc := range map[string]struct {
		err  func() error
		code string
		at   int
	}{
		"TooSmall":  {func() error { _, err := b.CompleteMultipartUpload(u, []oss.UploadPart{small, large}); return err }, "EntityTooSmall", 400},
		"OtherETag": {func() error { _, err := b.CompleteMultipartUpload(u, []oss.UploadPart{other, end}); return err }, "InvalidPart", 400},
		"Absent":    {func() error { _, err := b.CompleteMultipartUpload(u, []oss.UploadPart{large, absent}); return err }, "InvalidPart", 400},
		"Order": {func() error {
			return complete("<CompleteMultipartUpload>"+element(end)+element(large)+"</CompleteMultipartUpload>", nil)
		}, "InvalidPartOrder", 400},
		"Twice": {func() error {
			return complete("<CompleteMultipartUpload>"+element(large)+element(large)+"</CompleteMultipartUpload>", nil)
		}, "InvalidPartOrder", 400},
		"NoPart": {func() error { return complete("<CompleteMultipartUpload></CompleteMultipartUpload>", nil) }, "MalformedXML", 400},
		"NoXML":  {func() error { return complete("parts", nil) }, "MalformedXML", 400},
		"AllAnd": {func() error { return complete("parts", map[string]string{"x-oss-complete-all": "yes"}) }, "InvalidArgument", 400},
		"OtherKey": {func() error {
			_, err := b.UploadPart(oss.InitiateMultipartUploadResult{Key: "b", UploadID: u.UploadID}, strings.NewReader("x"), 1, 1)
			return err
		}, "NoSuchUpload", 404},
		"Number": {func() error { _, err := b.UploadPart(u, strings.NewReader("x"), 1, 10_001); return err }, "InvalidArgument", 400},
		"NoUpload": {func() error {
			return b.AbortMultipartUpload(oss.InitiateMultipartUploadResult{Key: "a", UploadID: "0"})
		}, "NoSuchUpload", 404},
		"NoRight": {func() error {
			return inBucket(t, client(t, srv.Endpoint(), writer, versions["V4"]...)).AbortMultipartUpload(u)
		}, "AccessDenied", 403},
		"Bucket": {func() error { return b.Client.DeleteBucket(bucketName) }, "BucketNotEmpty", 409},
	} {
		t.Run(name, func(t *testing.T) { refused(t, tc.err(), tc.at, tc.code) })
	}
	if err := b.AbortMultipartUpload(u); err != nil {
		t.Fatal(err)
	}
	if _, err := b.ListUploadedParts(u); err == nil {
		t.Error("the parts of an aborted upload are listed")
	}
}

func TestMultipartCompletesAll(t *testing.T) {
	t.Parallel()
	b := rootBucket(t, start(t, ossserver.Options{}))
	u, err := b.InitiateMultipartUpload("a")
	if err != nil {
		t.Fatal(err)
	}
	for number, text := range map[int]string{1: piece("a", least), 4: "end"} {
		if _, err := b.UploadPart(u, strings.NewReader(text), int64(len(text)), number); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Client.Conn.Do(http.MethodPost, bucketName, "a", map[string]any{"uploadId": u.UploadID}, map[string]string{"x-oss-complete-all": "yes"}, nil, 0, nil); err != nil {
		t.Fatal(err)
	}
	if got, err := get(b, "a"); err != nil || got != piece("a", least)+"end" {
		t.Errorf("object has %d bytes, %v", len(got), err)
	}
}

func TestListMultipartUploads(t *testing.T) {
	t.Parallel()
	b := rootBucket(t, start(t, ossserver.Options{}))
	var want []string
	for _, key := range []string{"a/1", "a/1", "a/2", "b", "图"} {
		if _, err := b.InitiateMultipartUpload(key); err != nil {
			t.Fatal(err)
		}
		want = append(want, key)
	}
	var got []string
	options := []oss.Option{oss.MaxUploads(2)}
	for {
		page, err := b.ListMultipartUploads(options...)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range page.Uploads {
			got = append(got, u.Key)
		}
		if !page.IsTruncated {
			break
		}
		options = []oss.Option{oss.MaxUploads(2), oss.KeyMarker(page.NextKeyMarker), oss.UploadIDMarker(page.NextUploadIDMarker)}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("uploads (-want +got):\n%s", diff)
	}
	grouped, err := b.ListMultipartUploads(oss.Delimiter("/"))
	if err != nil || len(grouped.Uploads) != 2 || len(grouped.CommonPrefixes) != 1 || grouped.CommonPrefixes[0] != "a/" {
		t.Errorf("by delimiter %+v, %v", grouped, err)
	}
	below, err := b.ListMultipartUploads(oss.Prefix("a/"), oss.KeyMarker("a/1"))
	if err != nil || len(below.Uploads) != 1 || below.Uploads[0].Key != "a/2" {
		t.Errorf("below a/ after a/1: %+v, %v", below, err)
	}
}

func TestMultipartSurvivesARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := rootBucket(t, start(t, ossserver.Options{Dir: dir}))
	u, err := first.InitiateMultipartUpload("a", oss.ContentType("text/x-test"))
	if err != nil {
		t.Fatal(err)
	}
	one, err := first.UploadPart(u, strings.NewReader(piece("a", least)), least, 1)
	if err != nil {
		t.Fatal(err)
	}
	second := rootBucket(t, start(t, ossserver.Options{Dir: dir}))
	two, err := second.UploadPart(u, strings.NewReader("end"), 3, 2)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := second.CompleteMultipartUpload(u, []oss.UploadPart{one, two}); err != nil {
		t.Fatal(err)
	}
	third := rootBucket(t, start(t, ossserver.Options{Dir: dir}))
	var h http.Header
	if got, err := get(third, "a", oss.GetResponseHeader(&h)); err != nil || got != piece("a", least)+"end" || h.Get("Content-Type") != "text/x-test" || !strings.HasSuffix(h.Get("ETag"), `-2"`) {
		t.Errorf("after two restarts %d bytes, %v, %v", len(got), err, h)
	}
}

// The SDK's own upload of files in parts, several at a time.
func TestMultipartBySDK(t *testing.T) {
	t.Parallel()
	b := rootBucket(t, start(t, ossserver.Options{}))
	content := bytes.Repeat([]byte("0123456789"), 3*least/10+1)
	file := t.TempDir() + "/content"
	writeFile(t, file, content)
	if err := b.UploadFile("a", file, least, oss.Routines(3)); err != nil {
		t.Fatal(err)
	}
	if got, err := get(b, "a"); err != nil || got != string(content) {
		t.Errorf("object has %d bytes, %v; want %d", len(got), err, len(content))
	}
}
