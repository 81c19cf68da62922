package oss_test

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"os"
	"testing"

	"imagebatch/activities"
	"imagebatch/activities/oss"
	"imagebatch/testsuite/ossserver"
)

const bucket = "pictures"

// The STS client of the vendor speaks TLS only, over the default transport, and
// the test server's certificate is its own. Nothing else here uses it.
func TestMain(m *testing.M) {
	http.DefaultTransport.(*http.Transport).TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	os.Exit(m.Run())
}

func startServer(t *testing.T, change ...func(*ossserver.Options)) *ossserver.Server {
	t.Helper()
	opt := ossserver.Options{Dir: t.TempDir(), Buckets: map[string]string{bucket: ""}}
	for _, f := range change {
		f(&opt)
	}
	srv, err := ossserver.Start(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
	})
	return srv
}

func rootConfig(srv *ossserver.Server) oss.Config {
	return oss.Config{
		Endpoint: srv.Endpoint(), STSEndpoint: srv.STSEndpoint(), Region: "cn-shanghai",
		AccessKeyID: ossserver.Root.ID, AccessKeySecret: ossserver.Root.Secret,
	}
}

func identities(t *testing.T, cfg oss.Config) *oss.Identities {
	t.Helper()
	ids, err := oss.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(ids.Close)
	return ids
}

func own(t *testing.T, cfg oss.Config) activities.Objects {
	t.Helper()
	return as(t, identities(t, cfg), "")
}

func as(t *testing.T, ids *oss.Identities, role string) activities.Objects {
	t.Helper()
	objects, err := ids.As(t.Context(), role)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func put(t *testing.T, srv *ossserver.Server, key, body string) {
	t.Helper()
	if err := srv.PutObject(bucket, key, "text/plain", []byte(body)); err != nil {
		t.Fatal(err)
	}
}

// read opens and reads an object to its end.
func read(ctx context.Context, objects activities.Objects, key string, want activities.Want) (string, activities.ObjectInfo, error) {
	rc, info, err := objects.Open(ctx, bucket, key, want)
	if err != nil {
		return "", info, err
	}
	defer rc.Close()
	body, err := io.ReadAll(rc)
	return string(body), info, err
}
