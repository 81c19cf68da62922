package ossserver_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"imagebatch/testsuite/ossserver"
)

const roleARN = "acs:ram::1234567890:role/reader"

// inProcess is a transport that ends in a handler.
type inProcess struct{ handler http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	p.handler.ServeHTTP(rec, r)
	return rec.Result(), nil
}

// assumeQuery is a signed call, as the vendor's clients make it.
func assumeQuery(method string, key ossserver.Key, change func(url.Values)) string {
	params := url.Values{
		"Action": {"AssumeRole"}, "Version": {"2015-04-01"}, "Format": {"JSON"}, "AccessKeyId": {key.ID},
		"SignatureMethod": {"HMAC-SHA1"}, "SignatureVersion": {"1.0"}, "SignatureNonce": {"n"},
		"Timestamp": {time.Now().UTC().Format("2006-01-02T15:04:05Z")},
		"RoleArn":   {roleARN}, "RoleSessionName": {"session-1"},
	}
	if change != nil {
		change(params)
	}
	percent := func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
	text := method + "&%2F&" + percent(strings.ReplaceAll(params.Encode(), "+", "%20"))
	mac := hmac.New(sha1.New, []byte(key.Secret+"&"))
	mac.Write([]byte(text))
	params.Set("Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return params.Encode()
}

func TestAssumeRole(t *testing.T) {
	t.Parallel()
	caller := ossserver.Key{ID: "caller", Secret: "caller-secret", Rules: []ossserver.Rule{{Actions: []string{"sts:AssumeRole"}, Resources: []string{"*:role/reader", "*:role/gone"}}}}
	srv := start(t, ossserver.Options{
		Keys:  []ossserver.Key{caller},
		Roles: []ossserver.Role{{ARN: roleARN, Rules: []ossserver.Rule{{Actions: []string{"oss:GetObject"}, Resources: []string{"*"}}}}, {ARN: "acs:ram::1:role/other"}},
	})
	if err := srv.PutObject(bucketName, "a", "", []byte("a")); err != nil {
		t.Fatal(err)
	}
	secure := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: srv.STSRoots()}}}
	call := func(t *testing.T, request *http.Request, err error) (int, []byte) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		resp, err := secure.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, body
	}
	post := func(t *testing.T, key ossserver.Key, change func(url.Values)) (int, []byte) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+srv.STSEndpoint()+"/?"+assumeQuery("POST", key, change), nil)
		return call(t, req, err)
	}

	t.Run("Granted", func(t *testing.T) {
		status, body := post(t, caller, nil)
		var answer struct {
			AssumedRoleUser struct{ Arn string }
			Credentials     struct{ AccessKeyId, AccessKeySecret, SecurityToken, Expiration string }
		}
		if err := json.Unmarshal(body, &answer); err != nil || status != 200 {
			t.Fatalf("%d %s", status, body)
		}
		if got, want := answer.AssumedRoleUser.Arn, "acs:ram::1234567890:assumed-role/reader/session-1"; got != want {
			t.Errorf("assumed %q, want %q", got, want)
		}
		expires, err := time.Parse(time.RFC3339, answer.Credentials.Expiration)
		if err != nil || time.Until(expires) > time.Hour || time.Until(expires) < 59*time.Minute {
			t.Errorf("expires %q, %v", answer.Credentials.Expiration, err)
		}
		key := ossserver.Key{ID: answer.Credentials.AccessKeyId, Secret: answer.Credentials.AccessKeySecret, Token: answer.Credentials.SecurityToken}
		for version, options := range versions {
			b := inBucket(t, client(t, srv.Endpoint(), key, options...))
			if got, err := get(b, "a"); err != nil || got != "a" {
				t.Errorf("%s: read as the role: %q, %v", version, got, err)
			}
			refused(t, b.PutObject("b", strings.NewReader("b")), 403, "AccessDenied")
		}
	})
	t.Run("PlainXML", func(t *testing.T) {
		// The admin door answers without TLS; XML is what comes unasked.
		query := assumeQuery("GET", caller, func(v url.Values) { v.Del("Format") })
		resp, body := plain(t, http.MethodGet, srv.AdminEndpoint()+"/?"+query, "", nil)
		var answer struct {
			XMLName     xml.Name `xml:"AssumeRoleResponse"`
			Credentials struct{ AccessKeyId string }
		}
		if err := xml.Unmarshal([]byte(body), &answer); err != nil || resp.StatusCode != 200 || !strings.HasPrefix(answer.Credentials.AccessKeyId, "STS.") {
			t.Errorf("%d %s: %v", resp.StatusCode, body, err)
		}
	})
	for name, tc := range map[string]struct {
		key    ossserver.Key
		change func(url.Values)
		status int
		code   string
	}{
		"WrongSecret": {key: ossserver.Key{ID: caller.ID, Secret: "x"}, status: 400, code: "SignatureDoesNotMatch"},
		"UnknownKey":  {key: ossserver.Key{ID: "x", Secret: "x"}, status: 404, code: "InvalidAccessKeyId.NotFound"},
		"Token":       {key: caller, change: func(v url.Values) { v.Set("SecurityToken", "x") }, status: 400, code: "InvalidSecurityToken.Malformed"},
		"Old":         {key: caller, change: func(v url.Values) { v.Set("Timestamp", "2020-01-01T00:00:00Z") }, status: 400, code: "InvalidTimeStamp.Expired"},
		"NoTime":      {key: caller, change: func(v url.Values) { v.Del("Timestamp") }, status: 400, code: "InvalidTimeStamp.Format"},
		"OtherRole":   {key: caller, change: func(v url.Values) { v.Set("RoleArn", "acs:ram::1:role/other") }, status: 403, code: "NoPermission"},
		"GoneRole":    {key: caller, change: func(v url.Values) { v.Set("RoleArn", "acs:ram::1:role/gone") }, status: 404, code: "EntityNotExist.Role"},
		"Short":       {key: caller, change: func(v url.Values) { v.Set("DurationSeconds", "899") }, status: 400, code: "InvalidParameter.DurationSeconds"},
		"Long":        {key: caller, change: func(v url.Values) { v.Set("DurationSeconds", "3601") }, status: 400, code: "InvalidParameter.DurationSeconds"},
		"BadName":     {key: caller, change: func(v url.Values) { v.Set("RoleSessionName", "a b") }, status: 400, code: "InvalidParameter.RoleSessionName"},
		"OtherAction": {key: caller, change: func(v url.Values) { v.Set("Action", "GetCallerIdentity") }, status: 404, code: "InvalidAction.NotFound"},
	} {
		t.Run(name, func(t *testing.T) {
			status, body := post(t, tc.key, tc.change)
			var answer struct{ Code string }
			if err := json.Unmarshal(body, &answer); err != nil || status != tc.status || answer.Code != tc.code {
				t.Errorf("%d %s, want %d %s", status, body, tc.status, tc.code)
			}
		})
	}
}

func TestTemporaryKeysEnd(t *testing.T) {
	t.Parallel()
	now := time.Now()
	srv := start(t, ossserver.Options{
		Roles: []ossserver.Role{{ARN: roleARN, GrantSeconds: 5, Rules: ossserver.Root.Rules}},
		Now:   func() time.Time { return now },
	})
	_, body := plain(t, http.MethodPost, srv.AdminEndpoint()+"/?"+assumeQuery("POST", ossserver.Root, nil), "", nil)
	var answer struct {
		Credentials struct{ AccessKeyId, AccessKeySecret, SecurityToken string }
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatal(err)
	}
	b := inBucket(t, client(t, srv.Endpoint(), ossserver.Key{ID: answer.Credentials.AccessKeyId, Secret: answer.Credentials.AccessKeySecret, Token: answer.Credentials.SecurityToken}))
	if err := b.PutObject("a", strings.NewReader("a")); err != nil {
		t.Error(err)
	}
	if got := srv.TemporaryKeys(); len(got) != 1 {
		t.Errorf("temporary keys are %q", got)
	}
	now = now.Add(5 * time.Second)
	refused(t, b.PutObject("a", strings.NewReader("a")), 403, "SecurityTokenExpired")
	if got := srv.TemporaryKeys(); len(got) != 0 {
		t.Errorf("temporary keys are %q after their end", got)
	}
}
