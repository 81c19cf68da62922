package main

import (
	"log/slog"
	"net/netip"
	"runtime"
	"time"

	"imagebatch/activities"
	"imagebatch/activities/imaging"
	"imagebatch/activities/imaging/pool"
	"imagebatch/activities/oss"
	"imagebatch/workflows/contract"
)

// config is every setting of a worker. The connection to Temporal is not part of
// it: that is read by the SDK's own rules, which the temporal CLI shares.
type config struct {
	TaskQueue     string
	Database      string
	ResultsBucket string
	OSS           oss.Config
	Imaging       imagingConfig

	Slices      int
	Fetchers    int
	Cores       int
	StopTimeout time.Duration

	CallbackAllow []netip.Prefix
	CallbackZone  *time.Location
	CallbackKeys  activities.CallbackKeys
	Credentials   activities.CallbackCredentials

	MovedFrom string        // id of the Temporal namespace that the database gives up
	Retention time.Duration // how long the lines of an ended task are kept; 0 for ever

	Listen   string
	LogLevel slog.Level
}

// readConfig reads and checks every setting. Its error names each variable that
// is wrong, and quotes none that holds a secret.
func readConfig(lookup func(string) (string, bool)) (config, error) {
	env := &environment{lookup: lookup}
	c := config{
		TaskQueue:     env.text("IMAGEBATCH_TASK_QUEUE", contract.DefaultTaskQueue),
		Database:      env.required("IMAGEBATCH_DATABASE", "give the path of the database file, such as /var/lib/imagebatch/index.db"),
		ResultsBucket: env.required("IMAGEBATCH_RESULTS_BUCKET", "give the bucket that reports are written to"),
		OSS:           readOSS(env),
		Imaging:       readImaging(env),
		Slices:        int(env.number("IMAGEBATCH_SLICES", 4, 1, 64)),
		Fetchers:      int(env.number("IMAGEBATCH_FETCHERS", 16, 1, 256)),
		Cores:         int(env.number("IMAGEBATCH_CORES", int64(runtime.NumCPU()), 1, 1024)),
		StopTimeout:   env.duration("IMAGEBATCH_STOP_TIMEOUT", 45*time.Second),
		CallbackAllow: env.prefixes("IMAGEBATCH_CALLBACK_ALLOW"),
		CallbackZone:  env.zone("IMAGEBATCH_CALLBACK_ZONE", "+08:00"),
		CallbackKeys:  env.callbackKeys("IMAGEBATCH_CALLBACK_SECRET"),
		Credentials:   env.callbackCredentials("IMAGEBATCH_CALLBACK_CREDENTIALS"),
		MovedFrom:     env.text("IMAGEBATCH_MOVED_FROM", ""),
		Retention:     env.retention("IMAGEBATCH_RETENTION", 90),
		Listen:        env.text("IMAGEBATCH_LISTEN", "127.0.0.1:9464"),
	}
	if c.ResultsBucket != "" {
		if err := contract.ValidateBucket(c.ResultsBucket); err != nil {
			env.problem("IMAGEBATCH_RESULTS_BUCKET", "is %q: use 3 to 63 lower-case letters, digits and hyphens", c.ResultsBucket)
		}
	}
	if level := env.text("IMAGEBATCH_LOG_LEVEL", "info"); c.LogLevel.UnmarshalText([]byte(level)) != nil {
		env.problem("IMAGEBATCH_LOG_LEVEL", "is %q: give debug, info, warn or error", level)
	}
	return c, env.err()
}

func readImaging(env *environment) imagingConfig {
	const largest = 4096 * 4096 // pixels that a service type takes
	c := imagingConfig{
		Config: imaging.Config{
			MaxPixels:         largest,
			MaxPixelsInFlight: env.number("IMAGEBATCH_PIXELS_IN_FLIGHT", 64<<20, largest, 1<<34),
		},
		Deadline: env.duration("IMAGEBATCH_IMAGING_DEADLINE", pool.DefaultDeadline),
		Memory:   env.number("IMAGEBATCH_IMAGING_MEMORY", 1<<30, 512<<20, 1<<40),
		Recycle:  int(env.number("IMAGEBATCH_IMAGING_RECYCLE", pool.DefaultRecycle, 1, 1<<30)),
	}
	switch where := env.text("IMAGEBATCH_IMAGING", "pool"); where {
	case "pool":
	case "inprocess":
		c.InProcess = true
	default:
		env.problem("IMAGEBATCH_IMAGING", "is %q: give pool or inprocess", where)
	}
	return c
}

// ossVariables are where the fields of oss.Config come from.
var ossVariables = map[string]string{
	"Endpoint":        "IMAGEBATCH_OSS_ENDPOINT",
	"PublicEndpoint":  "IMAGEBATCH_OSS_PUBLIC_ENDPOINT",
	"Region":          "IMAGEBATCH_OSS_REGION",
	"AccessKeyID":     "ALIBABA_CLOUD_ACCESS_KEY_ID",
	"AccessKeySecret": "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
	"RoleARN":         "ALIBABA_CLOUD_ROLE_ARN",
	"AllowedRoleARNs": "IMAGEBATCH_ROLE_ARNS",
	"STSEndpoint":     "IMAGEBATCH_STS_ENDPOINT",
}

func readOSS(env *environment) oss.Config {
	c := oss.Config{
		Endpoint:        env.required("IMAGEBATCH_OSS_ENDPOINT", "give the endpoint of the object store, such as https://oss-cn-shanghai.aliyuncs.com"),
		PublicEndpoint:  env.text("IMAGEBATCH_OSS_PUBLIC_ENDPOINT", ""),
		Region:          env.text("IMAGEBATCH_OSS_REGION", ""),
		PathStyle:       env.flag("IMAGEBATCH_OSS_PATH_STYLE"),
		AccessKeyID:     env.required("ALIBABA_CLOUD_ACCESS_KEY_ID", "give the id of an access key of the object store"),
		AccessKeySecret: env.required("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "give the secret of the access key"),
		SecurityToken:   env.text("ALIBABA_CLOUD_SECURITY_TOKEN", ""),
		RoleARN:         env.text("ALIBABA_CLOUD_ROLE_ARN", ""),
		STSEndpoint:     env.text("IMAGEBATCH_STS_ENDPOINT", ""),
		AllowedRoleARNs: env.list("IMAGEBATCH_ROLE_ARNS"),
	}
	env.adopt(c.Validate(), ossVariables)
	return c
}

// sliceQueue is the queue of the slice activities.
func sliceQueue(c config) string { return contract.SliceQueue(c.TaskQueue) }
