package ossserver_test

import (
	"strings"
	"testing"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"imagebatch/testsuite/ossserver"
)

func TestBuckets(t *testing.T) {
	t.Parallel()
	for name, version := range versions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := start(t, ossserver.Options{Buckets: map[string]string{"elsewhere": "cn-hangzhou"}})
			c := client(t, srv.Endpoint(), ossserver.Root, version...)
			for _, b := range []string{bucketName, "another", bucketName} {
				if err := c.CreateBucket(b); err != nil {
					t.Fatal(err)
				}
			}
			list, err := c.ListBuckets(oss.MaxKeys(2))
			if err != nil || len(list.Buckets) != 2 || !list.IsTruncated || list.Buckets[0].Name != "another" {
				t.Errorf("first page of buckets: %+v, %v", list, err)
			}
			list, err = c.ListBuckets(oss.Marker(list.NextMarker))
			if err != nil || len(list.Buckets) != 1 || list.Buckets[0].Location != "oss-cn-shanghai" {
				t.Errorf("second page of buckets: %+v, %v", list, err)
			}
			location, err := c.GetBucketLocation(bucketName)
			if err != nil || location != "oss-cn-shanghai" {
				t.Errorf("location is %q, %v", location, err)
			}
			info, err := c.GetBucketInfo(bucketName)
			if err != nil || info.BucketInfo.Name != bucketName || info.BucketInfo.Location != "oss-cn-shanghai" || info.BucketInfo.CreationDate.IsZero() || info.BucketInfo.ACL != "private" {
				t.Errorf("info is %+v, %v", info, err)
			}
			if err := inBucket(t, c).PutObject("a", strings.NewReader("a")); err != nil {
				t.Fatal(err)
			}
			refused(t, c.DeleteBucket(bucketName), 409, "BucketNotEmpty")
			if err := inBucket(t, c).DeleteObject("a"); err != nil {
				t.Fatal(err)
			}
			if err := c.DeleteBucket(bucketName); err != nil {
				t.Error(err)
			}
			_, err = c.GetBucketLocation(bucketName)
			refused(t, err, 404, "NoSuchBucket")
		})
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	keys := []string{"a.jpg", "b/1.jpg", "b/2.jpg", "b/c/3.jpg", "b/c/4.jpg", "b0.jpg", "d/5.jpg", "空 格/&.jpg"}
	srv := start(t, ossserver.Options{})
	b := rootBucket(t, srv)
	for _, key := range keys {
		if err := b.PutObject(key, strings.NewReader(key)); err != nil {
			t.Fatal(err)
		}
	}
	type listing struct{ Keys, Prefixes []string }
	for name, tc := range map[string]struct {
		options []oss.Option
		start   string // marker, start-after
		want    listing
	}{
		"All":           {want: listing{Keys: keys}},
		"Prefix":        {options: []oss.Option{oss.Prefix("b/")}, want: listing{Keys: keys[1:5]}},
		"Folders":       {options: []oss.Option{oss.Delimiter("/")}, want: listing{[]string{"a.jpg", "b0.jpg"}, []string{"b/", "d/", "空 格/"}}},
		"OneFolder":     {options: []oss.Option{oss.Prefix("b/"), oss.Delimiter("/")}, want: listing{[]string{"b/1.jpg", "b/2.jpg"}, []string{"b/c/"}}},
		"OtherDivider":  {options: []oss.Option{oss.Delimiter(".jpg"), oss.Prefix("b0")}, want: listing{Prefixes: []string{"b0.jpg"}}},
		"After":         {start: "b/c/3.jpg", want: listing{Keys: keys[4:]}},
		"AfterNoKey":    {start: "c", want: listing{Keys: keys[6:]}},
		"AfterInFolder": {options: []oss.Option{oss.Delimiter("/")}, start: "b/2.jpg", want: listing{[]string{"b0.jpg"}, []string{"b/", "d/", "空 格/"}}},
		"AfterTheEnd":   {start: "龜", want: listing{}},
		"Nothing":       {options: []oss.Option{oss.Prefix("x")}, want: listing{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for size := 1; size <= 9; size += 2 {
				var v1, v2 listing
				marker, token := tc.start, ""
				for {
					page, err := b.ListObjects(append(tc.options, oss.MaxKeys(size), oss.Marker(marker))...)
					if err != nil {
						t.Fatal(err)
					}
					if len(page.Objects)+len(page.CommonPrefixes) > size {
						t.Fatalf("a page of %d has %d entries", size, len(page.Objects)+len(page.CommonPrefixes))
					}
					for _, o := range page.Objects {
						v1.Keys = append(v1.Keys, o.Key)
						if o.Size != int64(len(o.Key)) || o.ETag == "" || o.LastModified.IsZero() || o.Owner.ID == "" {
							t.Errorf("object is %+v", o)
						}
					}
					v1.Prefixes = append(v1.Prefixes, page.CommonPrefixes...)
					if marker = page.NextMarker; !page.IsTruncated {
						break
					}
				}
				for {
					page, err := b.ListObjectsV2(append(tc.options, oss.MaxKeys(size), oss.StartAfter(tc.start), oss.ContinuationToken(token))...)
					if err != nil {
						t.Fatal(err)
					}
					for _, o := range page.Objects {
						v2.Keys = append(v2.Keys, o.Key)
					}
					v2.Prefixes = append(v2.Prefixes, page.CommonPrefixes...)
					if token = page.NextContinuationToken; !page.IsTruncated {
						break
					}
				}
				if diff := cmp.Diff(tc.want, v1); diff != "" {
					t.Errorf("v1 in pages of %d (-want +got):\n%s", size, diff)
				}
				if diff := cmp.Diff(tc.want, v2); diff != "" {
					t.Errorf("v2 in pages of %d (-want +got):\n%s", size, diff)
				}
			}
		})
	}
	for _, option := range []oss.Option{oss.MaxKeys(0), oss.MaxKeys(1001)} {
		_, err := b.ListObjects(option)
		refused(t, err, 400, "InvalidArgument")
	}
	_, err := b.ListObjectsV2(oss.ContinuationToken("%"))
	refused(t, err, 400, "InvalidArgument")
}

// Whatever the keys, the prefix and the page size: pages together hold each key
// once, in order.
func TestKeysHoldEveryKeyOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		srv, err := ossserver.New(ossserver.Options{Dir: t.TempDir(), Buckets: map[string]string{bucketName: ""}})
		if err != nil {
			rt.Fatal(err)
		}
		want := map[string]bool{}
		prefix := rapid.StringMatching(`[ab/]{0,2}`).Draw(rt, "prefix")
		for _, key := range rapid.SliceOfN(rapid.StringMatching(`[ab/]{1,6}`), 0, 12).Draw(rt, "keys") {
			err := srv.PutObject(bucketName, key, "", nil)
			if key[0] == '/' {
				if err == nil {
					rt.Fatalf("key %q was taken", key)
				}
				continue
			}
			if err != nil {
				rt.Fatal(err)
			}
			if strings.HasPrefix(key, prefix) {
				want[key] = true
			}
		}
		last := ""
		for _, key := range srv.Keys(bucketName, prefix) {
			if key <= last || !want[key] {
				rt.Fatalf("key %q after %q, among %v", key, last, want)
			}
			last = key
			delete(want, key)
		}
		if len(want) > 0 {
			rt.Fatalf("keys are missing: %v", want)
		}
	})
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	srv := start(t, ossserver.Options{Domains: []string{"oss.example"}})
	for name, pathStyle := range map[string]bool{"bucket in host": false, "bucket in path": true} {
		for version, options := range versions {
			options = append([]oss.ClientOption{oss.HTTPClient(dialing(srv)), oss.ForcePathStyle(pathStyle)}, options...)
			b := inBucket(t, client(t, "http://oss.example", ossserver.Root, options...))
			key := "a/" + name + " " + version
			if err := b.PutObject(key, strings.NewReader(name)); err != nil {
				t.Errorf("%s, %s: %v", name, version, err)
				continue
			}
			if got, err := srv.Object(bucketName, key); err != nil || string(got) != name {
				t.Errorf("%s, %s: stored %q, %v", name, version, got, err)
			}
			if page, err := b.ListObjects(oss.Prefix("a/" + name)); err != nil || len(page.Objects) == 0 {
				t.Errorf("%s, %s: listed %+v, %v", name, version, page, err)
			}
		}
	}
}
