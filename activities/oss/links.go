package oss

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
)

// longestLink is what V4 signatures allow.
// Source: https://www.alibabacloud.com/help/en/oss/developer-reference/ddd-signatures-to-urls
const longestLink = 7 * 24 * time.Hour

// SignGet implements activities.Objects.
func (o *objects) SignGet(ctx context.Context, bucket, key string, valid time.Duration) (string, time.Time, error) {
	return o.sign(ctx, call{"sign link to", bucket, key, "oss:GetObject"}, oss.HTTPGet, valid)
}

// SignPut implements activities.Objects. Whoever uses the link must send no
// Content-Type: the signature covers that there is none.
func (o *objects) SignPut(ctx context.Context, bucket, key string, valid time.Duration) (string, time.Time, error) {
	return o.sign(ctx, call{"sign upload to", bucket, key, "oss:PutObject"}, oss.HTTPPut, valid)
}

// sign makes no call to the store, and to STS only for credentials that last.
func (o *objects) sign(ctx context.Context, c call, method oss.HTTPMethod, valid time.Duration) (string, time.Time, error) {
	valid = min(valid, longestLink)
	s, err := o.session(ctx, valid)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("%s: %w", c, err)
	}
	// The SDK reads the clock itself, after us: what we say is not later than
	// what it signs by more than the second it rounds to.
	now := o.now()
	if expires := s.credentials.expires; !expires.IsZero() {
		valid = min(valid, expires.Sub(now))
	}
	seconds := int64(valid / time.Second)
	if seconds < 1 {
		return "", time.Time{}, fmt.Errorf("%s: %w", c, errors.New("it would expire at once"))
	}
	if _, err := s.bucket(c); err != nil {
		return "", time.Time{}, fmt.Errorf("%s: %w", c, err)
	}
	b, err := s.links.Bucket(c.bucket)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("%s: %w", c, err)
	}
	link, err := b.SignURL(c.key, method, seconds)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("%s: %w", c, err)
	}
	return link, time.Unix(now.Unix()+seconds, 0), nil
}

// bucketLocation is the SDK's GetBucketLocation, which forgets its context.
func bucketLocation(ctx context.Context, client *oss.Client, bucket string) (string, error) {
	resp, err := client.Conn.DoWithContext(ctx, "GET", bucket, "", map[string]any{"location": nil}, nil, nil, 0, nil)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var location struct {
		XMLName xml.Name `xml:"LocationConstraint"`
		Region  string   `xml:",chardata"`
	}
	if err := xml.NewDecoder(io.LimitReader(resp.Body, maxErrorBody)).Decode(&location); err != nil {
		return "", fmt.Errorf("read location: %w", err)
	}
	return strings.TrimSpace(location.Region), nil
}
