package ossserver_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"

	"imagebatch/testsuite/ossserver"
)

const bucketName = "pictures"

func start(t *testing.T, opt ossserver.Options) *ossserver.Server {
	t.Helper()
	if opt.Dir == "" {
		opt.Dir = t.TempDir()
	}
	if opt.Buckets == nil {
		opt.Buckets = map[string]string{bucketName: ""}
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

// versions are the signature versions that the SDK is made to use.
var versions = map[string][]oss.ClientOption{
	"V1": {oss.AuthVersion(oss.AuthV1)},
	"V4": {oss.AuthVersion(oss.AuthV4), oss.Region("cn-shanghai")},
}

func client(t *testing.T, endpoint string, key ossserver.Key, options ...oss.ClientOption) *oss.Client {
	t.Helper()
	if key.Token != "" {
		options = append(options, oss.SecurityToken(key.Token))
	}
	c, err := oss.New(endpoint, key.ID, key.Secret, options...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func inBucket(t *testing.T, c *oss.Client) *oss.Bucket {
	t.Helper()
	b, err := c.Bucket(bucketName)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func rootBucket(t *testing.T, srv *ossserver.Server) *oss.Bucket {
	t.Helper()
	return inBucket(t, client(t, srv.Endpoint(), ossserver.Root, versions["V4"]...))
}

func get(b *oss.Bucket, key string, options ...oss.Option) (string, error) {
	body, err := b.GetObject(key, options...)
	if err != nil {
		return "", err
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	return string(text), err
}

// refused asserts status and code of an error of the SDK.
func refused(t *testing.T, err error, status int, code string) {
	t.Helper()
	var service oss.ServiceError
	if !errors.As(err, &service) || service.StatusCode != status || service.Code != code {
		t.Errorf("error is %v, want %d %s", err, status, code)
	} else if service.RequestID == "" {
		t.Errorf("error %v has no request id", err)
	}
}

// plain is a request without the SDK. Connections are not kept, so that no
// test waits for another's.
func plain(t *testing.T, method, url, body string, header map[string]string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}
