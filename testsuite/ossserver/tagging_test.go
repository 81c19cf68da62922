package ossserver_test

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
	"github.com/google/go-cmp/cmp"

	"imagebatch/testsuite/ossserver"
)

func writeFile(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTagging(t *testing.T) {
	t.Parallel()
	for name, version := range versions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := inBucket(t, client(t, start(t, ossserver.Options{}).Endpoint(), ossserver.Root, version...))
			tags := func() map[string]string {
				got, err := b.GetObjectTagging("a")
				if err != nil {
					t.Fatal(err)
				}
				all := map[string]string{}
				for _, tag := range got.Tags {
					all[tag.Key] = tag.Value
				}
				return all
			}
			if err := b.PutObject("a", strings.NewReader("content"), oss.SetTagging(oss.Tagging{Tags: []oss.Tag{{Key: "季节", Value: "夏 +/=:"}, {Key: "alone"}}})); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(map[string]string{"季节": "夏 +/=:", "alone": ""}, tags()); diff != "" {
				t.Errorf("tags of a put (-want +got):\n%s", diff)
			}
			before, err := b.GetObjectDetailedMeta("a")
			if err != nil || before.Get("X-Oss-Tagging-Count") != "2" {
				t.Errorf("head %v, %v; want two tags", before, err)
			}
			if err := b.PutObjectTagging("a", oss.Tagging{Tags: []oss.Tag{{Key: "b", Value: "1"}}}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(map[string]string{"b": "1"}, tags()); diff != "" {
				t.Errorf("tags that were set (-want +got):\n%s", diff)
			}
			after, err := b.GetObjectDetailedMeta("a")
			if err != nil || after.Get("ETag") != before.Get("ETag") || after.Get("Last-Modified") != before.Get("Last-Modified") {
				t.Errorf("tags changed the object: %v, %v", after, err)
			}
			if got, err := get(b, "a"); err != nil || got != "content" {
				t.Errorf("content %q, %v", got, err)
			}
			if err := b.DeleteObjectTagging("a"); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(map[string]string{}, tags()); diff != "" {
				t.Errorf("tags after they were deleted (-want +got):\n%s", diff)
			}
			_, err = b.GetObjectTagging("nothing")
			refused(t, err, 404, "NoSuchKey")
		})
	}
}

func TestTagsThatAreRefused(t *testing.T) {
	t.Parallel()
	untagged := ossserver.Key{ID: "untagged", Secret: "secret", Rules: []ossserver.Rule{{Actions: []string{"oss:PutObject"}, Resources: []string{"*"}}}}
	srv := start(t, ossserver.Options{Keys: []ossserver.Key{ossserver.Root, untagged}})
	b := rootBucket(t, srv)
	if err := b.PutObject("a", strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	eleven := make([]oss.Tag, 11)
	for n := range eleven {
		eleven[n].Key = strings.Repeat("k", n+1)
	}
	for name, tags := range map[string][]oss.Tag{
		"Eleven": eleven, "NoKey": {{Value: "1"}}, "Twice": {{Key: "a"}, {Key: "a"}}, "LongKey": {{Key: strings.Repeat("k", 129)}},
		"LongValue": {{Key: "a", Value: strings.Repeat("v", 257)}}, "Sign": {{Key: "a?"}},
	} {
		if err := b.PutObjectTagging("a", oss.Tagging{Tags: tags}); err == nil {
			t.Errorf("%s: taken", name)
		} else {
			refused(t, err, 400, "InvalidTag")
		}
	}
	_, err := b.Client.Conn.Do(http.MethodPut, bucketName, "b", nil, map[string]string{"x-oss-tagging": "a=b=c"}, strings.NewReader("x"), 0, nil)
	refused(t, err, 400, "InvalidTag")
	err = inBucket(t, client(t, srv.Endpoint(), untagged, versions["V4"]...)).PutObject("a", strings.NewReader("x"), oss.SetTagging(oss.Tagging{Tags: []oss.Tag{{Key: "a"}}}))
	refused(t, err, 403, "AccessDenied")
}

func TestUserMetadataIsBounded(t *testing.T) {
	t.Parallel()
	b := rootBucket(t, start(t, ossserver.Options{}))
	if err := b.PutObject("a", strings.NewReader("x"), oss.Meta("note", strings.Repeat("n", 8000))); err != nil {
		t.Error(err)
	}
	refused(t, b.PutObject("a", strings.NewReader("x"), oss.Meta("note", strings.Repeat("n", 8192))), 400, "InvalidArgument")
}

func TestDeleteMultiple(t *testing.T) {
	t.Parallel()
	for name, version := range versions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			deleter := ossserver.Key{ID: "deleter", Secret: "secret", Rules: []ossserver.Rule{{Actions: []string{"oss:DeleteObject"}, Resources: []string{bucketName + "/mine/*"}}}}
			srv := start(t, ossserver.Options{Keys: []ossserver.Key{ossserver.Root, deleter}})
			b := inBucket(t, client(t, srv.Endpoint(), ossserver.Root, version...))
			all := []string{"a", "b/c", "图 &<>", "tab\tkey", "mine/x", "kept"}
			for _, key := range all {
				if err := srv.PutObject(bucketName, key, "", []byte("x")); err != nil {
					t.Fatal(err)
				}
			}
			asked := []string{"a", "nothing", "图 &<>", "tab\tkey"}
			done, err := b.DeleteObjects(asked)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(asked, done.DeletedObjects); diff != "" {
				t.Errorf("deleted (-want +got):\n%s", diff)
			}
			quiet, err := b.DeleteObjects([]string{"b/c"}, oss.DeleteObjectsQuiet(true))
			if err != nil || len(quiet.DeletedObjects) != 0 {
				t.Errorf("quietly: %+v, %v", quiet, err)
			}
			limited := inBucket(t, client(t, srv.Endpoint(), deleter, version...))
			_, err = limited.DeleteObjects([]string{"mine/x", "kept"})
			refused(t, err, 403, "AccessDenied")
			if diff := cmp.Diff([]string{"kept", "mine/x"}, srv.Keys(bucketName, "")); diff != "" {
				t.Errorf("left (-want +got):\n%s", diff)
			}
			if _, err := limited.DeleteObjects([]string{"mine/x"}); err != nil {
				t.Error(err)
			}
			_, err = b.DeleteObjects(make([]string, 1001))
			refused(t, err, 400, "MalformedXML")
			_, err = b.DeleteMultipleObjectsXml("<Delete><Object>")
			refused(t, err, 400, "MalformedXML")
			_, err = b.Client.Conn.Do(http.MethodPost, bucketName, "", map[string]any{"delete": nil}, nil, strings.NewReader("<Delete/>"), 0, nil)
			refused(t, err, 400, "MissingArgument")
		})
	}
}
