package oss

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
)

// Config says where the object store is and who we are there. It is parsed
// elsewhere; it hides its secrets when it is printed or logged.
type Config struct {
	Endpoint       string // "https://oss-cn-shanghai.aliyuncs.com"; https when no scheme is given
	PublicEndpoint string // of links that are given away; default Endpoint
	Region         string // "cn-shanghai": requests are signed with V4 for it; V1 when empty
	PathStyle      bool   // bucket in the path, as look-alikes want it; IP addresses always have it

	AccessKeyID     string
	AccessKeySecret string
	SecurityToken   string   // when the key pair above is temporary; how long is not known here
	RoleARN         string   // the worker's own role; empty: the key pair itself
	AllowedRoleARNs []string // roles that tasks may ask for
	STSEndpoint     string   // host of AssumeRole; default "sts.aliyuncs.com"
}

var (
	roleARN    = regexp.MustCompile(`^acs:ram::[0-9]{1,32}:role/[A-Za-z0-9.@_-]{1,64}$`)
	regionName = regexp.MustCompile(`^[a-z]{2,4}(-[a-z0-9]+)+$`)
	hostPort   = regexp.MustCompile(`^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?$`)
)

// Validate reports every problem at once.
func (c Config) Validate() error {
	var problems []error
	report := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }

	if c.Endpoint == "" {
		report(`Endpoint is empty; give the address of the object store, such as "https://oss-cn-shanghai.aliyuncs.com"`)
	} else if err := checkEndpoint(c.Endpoint); err != nil {
		report("Endpoint %w", err)
	}
	if c.PublicEndpoint != "" {
		if err := checkEndpoint(c.PublicEndpoint); err != nil {
			report("PublicEndpoint %w", err)
		}
	}
	switch {
	case strings.HasPrefix(c.Region, "oss-"):
		report("Region %q has a prefix too many; write %q", c.Region, strings.TrimPrefix(c.Region, "oss-"))
	case c.Region != "" && !regionName.MatchString(c.Region):
		report(`Region %q is none; write it like "cn-shanghai"`, c.Region)
	}
	if c.AccessKeyID == "" {
		report("AccessKeyID is empty")
	}
	if c.AccessKeySecret == "" {
		report("AccessKeySecret is empty")
	}
	if c.RoleARN != "" && !roleARN.MatchString(c.RoleARN) {
		report("RoleARN %q is none; write it like \"acs:ram::1234567890:role/name\"", c.RoleARN)
	}
	for _, arn := range c.AllowedRoleARNs {
		if !roleARN.MatchString(arn) {
			report("AllowedRoleARNs: %q is none; write it like \"acs:ram::1234567890:role/name\"", arn)
		}
	}
	if c.STSEndpoint != "" && !hostPort.MatchString(c.STSEndpoint) {
		report(`STSEndpoint %q is no host; write it without a scheme, like "sts.aliyuncs.com"`, c.STSEndpoint)
	}
	return errors.Join(problems...)
}

// withScheme makes https what the SDK would make http.
func withScheme(endpoint string) string {
	if endpoint == "" || strings.Contains(endpoint, "://") {
		return strings.TrimSuffix(endpoint, "/")
	}
	return "https://" + strings.TrimSuffix(endpoint, "/")
}

func checkEndpoint(endpoint string) error {
	u, err := url.Parse(withScheme(endpoint))
	switch {
	case err != nil:
		return fmt.Errorf("is no address: %w", withoutURL(err))
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("has scheme %q; only http and https are spoken", u.Scheme)
	case u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "":
		return errors.New("has more than scheme, host and port; leave the rest out")
	case !hostPort.MatchString(u.Host):
		return fmt.Errorf("has no usable host: %q", u.Host)
	}
	return nil
}

// String shows everything but secrets.
func (c Config) String() string {
	return fmt.Sprintf("endpoint %q, region %q, access key id %q, role %q, allowed roles %q",
		c.Endpoint, c.Region, c.AccessKeyID, c.RoleARN, c.AllowedRoleARNs)
}

// GoString shows everything but secrets.
func (c Config) GoString() string { return "oss.Config{" + c.String() + "}" }

// LogValue shows everything but secrets.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }
