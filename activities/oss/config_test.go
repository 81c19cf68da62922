package oss_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"imagebatch/activities/oss"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	good := oss.Config{Endpoint: "oss-cn-shanghai.aliyuncs.com", AccessKeyID: "id", AccessKeySecret: "secret"}
	for name, tc := range map[string]struct {
		change func(*oss.Config)
		says   []string // none: valid
	}{
		"Plain": {change: func(*oss.Config) {}},
		"Everything": {change: func(c *oss.Config) {
			c.Region, c.RoleARN, c.STSEndpoint = "cn-shanghai", readerRole, "sts-vpc.cn-shanghai.aliyuncs.com"
		}},
		"IPAddress":      {change: func(c *oss.Config) { c.Endpoint = "http://127.0.0.1:9000" }},
		"IPv6":           {change: func(c *oss.Config) { c.Endpoint = "http://[::1]:9000/" }},
		"Empty":          {change: func(c *oss.Config) { *c = oss.Config{} }, says: []string{"Endpoint is empty", "AccessKeyID", "AccessKeySecret"}},
		"Scheme":         {change: func(c *oss.Config) { c.Endpoint = "ftp://oss.example" }, says: []string{`scheme "ftp"`}},
		"Path":           {change: func(c *oss.Config) { c.Endpoint = "https://oss.example/bucket" }, says: []string{"leave the rest out"}},
		"User":           {change: func(c *oss.Config) { c.PublicEndpoint = "https://me:pw@oss.example" }, says: []string{"PublicEndpoint"}},
		"Space":          {change: func(c *oss.Config) { c.Endpoint = "oss example" }, says: []string{"Endpoint"}},
		"PrefixedRegion": {change: func(c *oss.Config) { c.Region = "oss-cn-shanghai" }, says: []string{`write "cn-shanghai"`}},
		"Region":         {change: func(c *oss.Config) { c.Region = "Shanghai" }, says: []string{"Region"}},
		"Roles":          {change: func(c *oss.Config) { c.RoleARN, c.AllowedRoleARNs = "role", []string{readerRole, "x"} }, says: []string{`RoleARN "role"`, `"x"`}},
		"STS":            {change: func(c *oss.Config) { c.STSEndpoint = "https://sts.aliyuncs.com" }, says: []string{"without a scheme"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := good
			tc.change(&cfg)
			err := cfg.Validate()
			if (err == nil) != (len(tc.says) == 0) {
				t.Fatalf("error is %v", err)
			}
			for _, text := range tc.says {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("error %q does not say %q", err, text)
				}
			}
			if err != nil && strings.Contains(err.Error(), "pw") {
				t.Errorf("error %q shows a password", err)
			}
			if _, newErr := oss.New(cfg); (newErr == nil) != (err == nil) {
				t.Errorf("New says %v where Validate says %v", newErr, err)
			}
		})
	}
}

func TestConfigHidesSecrets(t *testing.T) {
	t.Parallel()
	cfg := oss.Config{Endpoint: "e", AccessKeyID: "id", AccessKeySecret: "hidden-1", SecurityToken: "hidden-2"}
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("configured", "oss", cfg)
	for _, text := range []string{fmt.Sprint(cfg), fmt.Sprintf("%+v", cfg), fmt.Sprintf("%#v", cfg), fmt.Sprintf("%v", &cfg), logged.String()} {
		if strings.Contains(text, "hidden") || !strings.Contains(text, "id") {
			t.Errorf("printed as %q", text)
		}
	}
}
