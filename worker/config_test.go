package main

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const secret = "s3cr3t"

// settings are all that a worker cannot do without.
func settings(more map[string]string) func(string) (string, bool) {
	all := map[string]string{
		"IMAGEBATCH_DATABASE":             "index.db",
		"IMAGEBATCH_RESULTS_BUCKET":       "results",
		"IMAGEBATCH_OSS_ENDPOINT":         "https://oss-cn-shanghai.aliyuncs.com",
		"ALIBABA_CLOUD_ACCESS_KEY_ID":     "id",
		"ALIBABA_CLOUD_ACCESS_KEY_SECRET": secret,
		"ALIBABA_CLOUD_SECURITY_TOKEN":    secret,
	}
	for name, value := range more {
		all[name] = value
	}
	return func(name string) (string, bool) { value, ok := all[name]; return value, ok }
}

func TestConfigDefaults(t *testing.T) {
	t.Parallel()
	c, err := readConfig(settings(map[string]string{"IMAGEBATCH_CORES": "3"}))
	if err != nil {
		t.Fatal(err)
	}
	if c.TaskQueue != "imagebatch" || sliceQueue(c) != "imagebatch-slices" || c.Slices != 4 || c.Fetchers != 16 || c.Cores != 3 ||
		c.StopTimeout != 45*time.Second || c.Listen != "127.0.0.1:9464" || c.LogLevel != 0 || c.CallbackAllow != nil {
		t.Errorf("config = %+v; want the defaults", c)
	}
	if got := time.Date(2030, 1, 1, 20, 0, 0, 0, time.UTC).In(c.CallbackZone).Format(time.DateTime); got != "2030-01-02 04:00:00" {
		t.Errorf("callback time = %s; want that of UTC+8", got)
	}
}

func TestConfigReadsEverything(t *testing.T) {
	t.Parallel()
	c, err := readConfig(settings(map[string]string{
		"IMAGEBATCH_TASK_QUEUE": "blue", "IMAGEBATCH_SLICES": "4", "IMAGEBATCH_FETCHERS": "8", "IMAGEBATCH_STOP_TIMEOUT": "2m",
		"IMAGEBATCH_CALLBACK_ALLOW": " 10.0.0.0/8, ::1/128 ,", "IMAGEBATCH_CALLBACK_ZONE": "Europe/Berlin", "IMAGEBATCH_LISTEN": "off",
		"IMAGEBATCH_LOG_LEVEL": "debug", "IMAGEBATCH_OSS_PATH_STYLE": "true", "IMAGEBATCH_OSS_REGION": "cn-shanghai",
		"IMAGEBATCH_OSS_PUBLIC_ENDPOINT": "https://cdn.example", "IMAGEBATCH_ROLE_ARNS": "acs:ram::1:role/a,acs:ram::2:role/b",
		"ALIBABA_CLOUD_ROLE_ARN": "acs:ram::1:role/worker", "IMAGEBATCH_STS_ENDPOINT": "sts.example", "IMAGEBATCH_PIXELS_IN_FLIGHT": "33554432",
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	if diff := cmp.Diff(want, c.CallbackAllow, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Errorf("allowed networks (-want +got):\n%s", diff)
	}
	if sliceQueue(c) != "blue-slices" || c.Slices != 4 || c.Fetchers != 8 || c.StopTimeout != 2*time.Minute || c.CallbackZone.String() != "Europe/Berlin" ||
		c.Listen != "off" || c.LogLevel.String() != "DEBUG" || !c.OSS.PathStyle || c.OSS.Region != "cn-shanghai" || c.OSS.PublicEndpoint != "https://cdn.example" ||
		len(c.OSS.AllowedRoleARNs) != 2 || c.OSS.RoleARN == "" || c.OSS.STSEndpoint != "sts.example" || c.Imaging.MaxPixelsInFlight != 32<<20 {
		t.Errorf("config = %+v; want what is set", c)
	}
}

func TestConfigProblem(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ value, says string }{
		"IMAGEBATCH_DATABASE":             {"", "is not set: give the path"},
		"IMAGEBATCH_RESULTS_BUCKET":       {"No", `is "No": use 3 to 63`},
		"IMAGEBATCH_OSS_ENDPOINT":         {"ftp://store.example", `has scheme "ftp"`},
		"IMAGEBATCH_OSS_PUBLIC_ENDPOINT":  {"https://a.example/path", "has more than scheme, host and port"},
		"IMAGEBATCH_OSS_REGION":           {"oss-cn-shanghai", `write "cn-shanghai"`},
		"IMAGEBATCH_OSS_PATH_STYLE":       {"perhaps", `is "perhaps": give true or false`},
		"ALIBABA_CLOUD_ACCESS_KEY_ID":     {"", "is not set"},
		"ALIBABA_CLOUD_ACCESS_KEY_SECRET": {"", "is not set"},
		"ALIBABA_CLOUD_ROLE_ARN":          {"worker", "acs:ram::1234567890:role/name"},
		"IMAGEBATCH_ROLE_ARNS":            {"acs:ram::1:role/a,b", `"b" is none`},
		"IMAGEBATCH_STS_ENDPOINT":         {"https://sts.example", "without a scheme"},
		"IMAGEBATCH_PIXELS_IN_FLIGHT":     {"100", "give a number from 16777216"},
		"IMAGEBATCH_IMAGING":              {"elsewhere", `is "elsewhere": give pool or inprocess`},
		"IMAGEBATCH_IMAGING_DEADLINE":     {"10", "give a duration such as 30s"},
		"IMAGEBATCH_IMAGING_MEMORY":       {"1000", "give a number from 536870912"},
		"IMAGEBATCH_IMAGING_RECYCLE":      {"0", "give a number from 1"},
		"IMAGEBATCH_SLICES":               {"0", `is "0": give a number from 1 to 64`},
		"IMAGEBATCH_FETCHERS":             {"many", `is "many": give a number`},
		"IMAGEBATCH_CORES":                {"-1", "give a number"},
		"IMAGEBATCH_STOP_TIMEOUT":         {"45", "give a duration such as 30s"},
		"IMAGEBATCH_RETENTION":            {"0d", `is "0d": give a number of days such as 90d, or off`},
		"IMAGEBATCH_CALLBACK_ALLOW":       {"10.0.0.0/8,10.0.0.1", `holds "10.0.0.1": give networks`},
		"IMAGEBATCH_CALLBACK_ZONE":        {"Mars/Olympus", "give an offset such as +08:00"},
		"IMAGEBATCH_CALLBACK_CREDENTIALS": {"hooks.example=Bearer " + secret, "give one JSON object of hosts"},
		"IMAGEBATCH_LOG_LEVEL":            {"loud", "give debug, info, warn or error"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := readConfig(settings(map[string]string{name: test.value}))
			if err == nil {
				t.Fatal("the setting was accepted")
			}
			lines := strings.Split(err.Error(), "\n")
			if strings.Contains(err.Error(), secret) {
				t.Errorf("a secret is in the error:\n%s", err)
			}
			if len(lines) != 2 || !strings.HasPrefix(lines[1], name+" ") || !strings.Contains(lines[1], test.says) {
				t.Errorf("error = %q; want one problem, of %s, that tells %q", err, name, test.says)
			}
		})
	}
}

func TestConfigTellsEveryProblemAtOnceAndNoSecret(t *testing.T) {
	t.Parallel()
	_, err := readConfig(settings(map[string]string{
		"IMAGEBATCH_DATABASE": "", "IMAGEBATCH_OSS_ENDPOINT": "https://user:" + secret + "@store.example", "IMAGEBATCH_SLICES": "x",
		"IMAGEBATCH_CALLBACK_ALLOW": "a,b", "IMAGEBATCH_LOG_LEVEL": "x", "ALIBABA_CLOUD_ACCESS_KEY_ID": "",
	}))
	if err == nil {
		t.Fatal("the settings were accepted")
	}
	if problems := strings.Count(err.Error(), "\n"); problems != 7 {
		t.Errorf("%d problems; want 7:\n%s", problems, err)
	}
	if strings.Contains(err.Error(), secret) {
		t.Errorf("a secret is in the error:\n%s", err)
	}
}
