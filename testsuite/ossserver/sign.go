package ossserver

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"net/url"
	"slices"
	"strings"
)

const (
	algorithmV4  = "OSS4-HMAC-SHA256"
	timeFormatV4 = "20060102T150405Z"
)

// signedParams are the query parameters that a v1 signature covers.
// Source: https://www.alibabacloud.com/help/en/oss/developer-reference/include-signatures-in-the-authorization-header
var signedParams = map[string]bool{
	"acl": true, "append": true, "asyncFetch": true, "bucketInfo": true, "callback": true, "callback-var": true,
	"cname": true, "comp": true, "continuation-token": true, "cors": true, "delete": true, "encryption": true,
	"endTime": true, "img": true, "inventory": true, "inventoryId": true, "lifecycle": true, "live": true,
	"location": true, "logging": true, "metaQuery": true, "objectMeta": true, "partNumber": true, "policy": true,
	"position": true, "qos": true, "qosInfo": true, "referer": true, "regionList": true, "replication": true,
	"requestPayment": true, "resourceGroup": true, "response-cache-control": true,
	"response-content-disposition": true, "response-content-encoding": true, "response-content-language": true,
	"response-content-type": true, "response-expires": true, "restore": true, "rtc": true, "security-token": true,
	"sequential": true, "startTime": true, "stat": true, "status": true, "style": true, "styleName": true,
	"symlink": true, "tagging": true, "transferAcceleration": true, "uploadId": true, "uploads": true,
	"versionId": true, "versioning": true, "versions": true, "vod": true, "website": true, "worm": true,
	"wormExtend": true, "wormId": true, "x-oss-ac-forward-allow": true, "x-oss-ac-source-ip": true,
	"x-oss-ac-subnet-mask": true, "x-oss-ac-vpc-id": true, "x-oss-async-process": true, "x-oss-process": true,
	"x-oss-request-payer": true, "x-oss-traffic-limit": true,
}

// stringToSignV1 is what both ends put under HMAC-SHA1. In a link, the expiry
// takes the place of the date.
func stringToSignV1(r *request, date string) string {
	var b strings.Builder
	b.WriteString(r.Method + "\n" + r.Header.Get("Content-Md5") + "\n" + r.Header.Get("Content-Type") + "\n" + date + "\n")
	writeHeaders(&b, r, func(name string) bool { return strings.HasPrefix(name, "x-oss-") })
	b.WriteByte('/')
	if r.bucket != "" {
		b.WriteString(r.bucket + "/" + r.key)
	}
	var names []string
	for name := range r.query {
		if signedParams[name] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for i, name := range names {
		b.WriteByte("?&"[min(i, 1)])
		b.WriteString(name)
		if value := r.param(name); value != "" {
			b.WriteString("=" + value)
		}
	}
	return b.String()
}

func signV1(secret, text string) string {
	return base64.StdEncoding.EncodeToString(mac(sha1.New, []byte(secret), text))
}

// scopeV4 is what a v4 signing key is good for.
type scopeV4 struct{ keyID, day, region string }

// canonicalV4 is the request in the form both ends digest.
// Source: https://www.alibabacloud.com/help/en/oss/developer-reference/recommend-to-use-signature-version-4
func canonicalV4(r *request, additional string) string {
	var b strings.Builder
	b.WriteString(r.Method + "\n/")
	if r.bucket != "" {
		b.WriteString(r.bucket + "/" + strings.ReplaceAll(escape(r.key), "%2F", "/"))
	}
	b.WriteByte('\n')

	var params []string
	for name := range r.query {
		if name == "x-oss-signature" {
			continue
		}
		param := escape(name)
		if value := r.param(name); value != "" {
			param += "=" + escape(value)
		}
		params = append(params, param)
	}
	slices.SortFunc(params, func(a, b string) int {
		a, _, _ = strings.Cut(a, "=")
		b, _, _ = strings.Cut(b, "=")
		return strings.Compare(a, b)
	})
	b.WriteString(strings.Join(params, "&") + "\n")

	more := strings.Split(additional, ";")
	writeHeaders(&b, r, func(name string) bool {
		return name == "content-md5" || name == "content-type" || strings.HasPrefix(name, "x-oss-") || slices.Contains(more, name)
	})
	payload := r.Header.Get("X-Oss-Content-Sha256")
	if payload == "" {
		payload = "UNSIGNED-PAYLOAD"
	}
	b.WriteString("\n" + additional + "\n" + payload)
	return b.String()
}

func signV4(secret, date string, sc scopeV4, canonical string) string {
	digest := sha256.Sum256([]byte(canonical))
	text := algorithmV4 + "\n" + date + "\n" + sc.day + "/" + sc.region + "/oss/aliyun_v4_request\n" + hex.EncodeToString(digest[:])
	key := mac(sha256.New, []byte("aliyun_v4"+secret), sc.day)
	key = mac(sha256.New, key, sc.region)
	key = mac(sha256.New, key, "oss")
	key = mac(sha256.New, key, "aliyun_v4_request")
	return hex.EncodeToString(mac(sha256.New, key, text))
}

// writeHeaders writes the chosen headers, one "name:value" a line, sorted.
func writeHeaders(b *strings.Builder, r *request, choose func(name string) bool) {
	var names []string
	for name := range r.Header {
		if lower := strings.ToLower(name); choose(lower) {
			names = append(names, lower)
		}
	}
	if choose("host") { // net/http keeps it apart
		names = append(names, "host")
	}
	slices.Sort(names)
	for _, name := range names {
		value := r.Header.Get(name)
		if name == "host" {
			value = r.Host
		}
		b.WriteString(name + ":" + strings.TrimSpace(value) + "\n")
	}
}

func escape(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

func mac(h func() hash.Hash, key []byte, text string) []byte {
	m := hmac.New(h, key)
	m.Write([]byte(text))
	return m.Sum(nil)
}
