package oss_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"imagebatch/activities"
	"imagebatch/activities/oss"
	"imagebatch/testsuite/ossserver"
)

func TestErrorKinds(t *testing.T) {
	t.Parallel()
	const (
		none   = "none" // transient
		secret = "a-secret-nobody-may-see"
	)
	everything := []error{activities.ErrNoSuchObject, activities.ErrNoSuchBucket, activities.ErrDenied, activities.ErrTurnedAway, activities.ErrChanged, activities.ErrThrottled}
	reader := ossserver.Key{ID: "reader", Secret: "reader-secret", Rules: []ossserver.Rule{{
		Actions: []string{"oss:GetObject"}, Resources: []string{bucket + "/catalogue/*"},
	}}}
	srv := startServer(t, func(o *ossserver.Options) { o.Keys = []ossserver.Key{ossserver.Root, reader} })
	put(t, srv, "catalogue/a.jpg", "a")
	put(t, srv, "other/a.jpg", "a")

	asReader := func(c *oss.Config) { c.AccessKeyID, c.AccessKeySecret = reader.ID, reader.Secret }
	open := func(bucketName, key string) func(*testing.T, activities.Objects) error {
		return func(t *testing.T, o activities.Objects) error {
			_, _, err := o.Open(t.Context(), bucketName, key, activities.Want{})
			return err
		}
	}
	head := func(bucketName, key string) func(*testing.T, activities.Objects) error {
		return func(t *testing.T, o activities.Objects) error {
			_, err := o.Head(t.Context(), bucketName, key)
			return err
		}
	}
	store := func(key string) func(*testing.T, activities.Objects) error {
		return func(t *testing.T, o activities.Objects) error {
			return o.Put(t.Context(), bucket, key, "", strings.NewReader("b"))
		}
	}
	locate := func(t *testing.T, o activities.Objects) error { _, err := o.Region(t.Context(), bucket); return err }

	for name, tc := range map[string]struct {
		reason string
		config func(*oss.Config)
		run    func(*testing.T, activities.Objects) error
		is     error
		says   string
	}{
		"Missing":        {run: open(bucket, "catalogue/b.jpg"), is: activities.ErrNoSuchObject, says: "NoSuchKey"},
		"MissingForHead": {run: head(bucket, "catalogue/b.jpg"), is: activities.ErrNoSuchObject},
		"MissingWithoutListing": {
			reason: "who may only read objects is still told that one is missing",
			config: asReader, run: open(bucket, "catalogue/b.jpg"), is: activities.ErrNoSuchObject,
		},
		"NoBucket":        {run: open("nothing-here", "a"), is: activities.ErrNoSuchBucket, says: "NoSuchBucket"},
		"NoBucketForHead": {run: head("nothing-here", "a"), is: activities.ErrNoSuchBucket, says: "NoSuchBucket"},
		"BadBucketName":   {run: open("No_Such", "a"), is: activities.ErrNoSuchBucket, says: "No_Such"},
		"EmptyKey":        {run: open(bucket, ""), is: activities.ErrNoSuchObject},
		"LongKey":         {run: head(bucket, strings.Repeat("k", 1024)), is: activities.ErrNoSuchObject, says: "1024"},
		"SlashKey":        {run: store("/a"), is: activities.ErrNoSuchObject, says: "slash"},
		"BrokenKey":       {run: open(bucket, "a\xff"), is: activities.ErrNoSuchObject, says: "InvalidObjectName"},
		"OtherFolder":     {config: asReader, run: open(bucket, "other/a.jpg"), is: activities.ErrDenied, says: "the policy must allow oss:GetObject on pictures/other/a.jpg"},
		"HeadOtherFolder": {config: asReader, run: head(bucket, "other/a.jpg"), is: activities.ErrDenied, says: "AccessDenied"},
		"NoWriting":       {config: asReader, run: store("catalogue/b.jpg"), is: activities.ErrDenied, says: "oss:PutObject"},
		"NoLocating":      {config: asReader, run: locate, is: activities.ErrDenied, says: "oss:GetBucketLocation"},
		"WrongSecret": {
			config: func(c *oss.Config) { c.AccessKeySecret = secret },
			run:    open(bucket, "catalogue/a.jpg"), is: activities.ErrTurnedAway, says: "SignatureDoesNotMatch",
		},
		"WrongSecretV1": {
			config: func(c *oss.Config) { c.AccessKeySecret, c.Region = secret, "" },
			run:    head(bucket, "catalogue/a.jpg"), is: activities.ErrTurnedAway, says: "SignatureDoesNotMatch",
		},
		"WrongKeyID": {
			config: func(c *oss.Config) { c.AccessKeyID = "stranger" },
			run:    open(bucket, "catalogue/a.jpg"), is: activities.ErrTurnedAway, says: "check the worker's access key id",
		},
		"WrongToken": {
			config: func(c *oss.Config) { c.SecurityToken = secret },
			run:    locate, is: activities.ErrTurnedAway, says: "InvalidAccessKeyId",
		},
		"WrongRegion": {
			config: func(c *oss.Config) { c.Region = "cn-beijing" },
			run:    open(bucket, "catalogue/a.jpg"), is: activities.ErrTurnedAway, says: "set IMAGEBATCH_OSS_REGION",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := rootConfig(srv)
			if tc.config != nil {
				tc.config(&cfg)
			}
			err := tc.run(t, own(t, cfg))
			if err == nil {
				t.Fatal("no error")
			}
			for _, kind := range everything {
				if errors.Is(err, kind) != (kind == tc.is) {
					t.Errorf("error %q: is %q = %v; %s", err, kind, errors.Is(err, kind), tc.reason)
				}
			}
			if !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error %q does not say %q", err, tc.says)
			}
			for _, hidden := range []string{secret, ossserver.Root.Secret, reader.Secret, "Signature="} {
				if strings.Contains(err.Error(), hidden) {
					t.Errorf("error %q shows %q", err, hidden)
				}
			}
		})
	}
}

func TestErrorKindsOfInjectedAnswers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status int
		code   string
		is     error
	}{
		"Busy":       {503, "ServiceUnavailable", activities.ErrThrottled},
		"SlowDown":   {503, "SlowDown", activities.ErrThrottled},
		"TooMany":    {429, "TooManyRequests", activities.ErrThrottled},
		"QpsAs403":   {403, "QpsLimitExceeded", activities.ErrThrottled},
		"Internal":   {500, "InternalError", nil},
		"BadGateway": {502, "BadGateway", nil},
		"Unsigned":   {401, "Unauthorized", activities.ErrDenied},
		"Changed":    {412, "PreconditionFailed", activities.ErrChanged},
		"NotFound":   {404, "NotFound", activities.ErrNoSuchObject},
		"Redirected": {307, "TemporaryRedirect", activities.ErrTurnedAway},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t)
			put(t, srv, "a", "b")
			objects := own(t, rootConfig(srv))
			if err := srv.SetFaults(ossserver.Fault{Status: tc.status, Code: tc.code}); err != nil {
				t.Fatal(err)
			}
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				var err error
				if method == http.MethodGet {
					_, _, err = objects.Open(t.Context(), bucket, "a", activities.Want{})
				} else {
					_, err = objects.Head(t.Context(), bucket, "a")
				}
				if err == nil {
					t.Fatalf("%s: no error", method)
				}
				for _, kind := range []error{activities.ErrNoSuchObject, activities.ErrDenied, activities.ErrTurnedAway, activities.ErrChanged, activities.ErrThrottled, activities.ErrRefused} {
					if errors.Is(err, kind) != (kind == tc.is) {
						t.Errorf("%s: error %q: is %q = %v", method, err, kind, errors.Is(err, kind))
					}
				}
			}
		})
	}
}

// Whoever waits until the clock is right goes on.
func TestClockThatIsOff(t *testing.T) {
	t.Parallel()
	srv := startServer(t, func(o *ossserver.Options) { o.Now = func() time.Time { return time.Now().Add(time.Hour) } })
	_, err := own(t, rootConfig(srv)).Head(t.Context(), bucket, "a")
	if err == nil || !strings.Contains(err.Error(), "RequestTimeTooSkewed") || !strings.HasSuffix(err.Error(), "; set the clock of the worker's machine") {
		t.Errorf("error is %v, want one about the clock", err)
	}
	for _, final := range finalKinds {
		if errors.Is(err, final) {
			t.Errorf("error is %v, which is final", err)
		}
	}
}

// finalKinds end a task when its manifest meets them.
var finalKinds = []error{
	activities.ErrNoSuchObject, activities.ErrNoSuchBucket, activities.ErrDenied, activities.ErrTurnedAway, activities.ErrChanged,
	activities.ErrTooLarge, activities.ErrRefused,
}
