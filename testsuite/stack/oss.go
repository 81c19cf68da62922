package stack

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"imagebatch/testsuite/ossserver"
)

// OSS is the development object store.
type OSS struct {
	*Process
	Endpoint string // URL of the store
	Admin    string // URL for faults and counters
	STS      string // host:port of AssumeRole, over TLS
	CertFile string // certificate of STS, for SSL_CERT_FILE
}

// Key pairs of a stack. Users' buckets are only read by workers: WorkerKey has
// no more than that and the results bucket. LeastKey has exactly the vendor's
// policy, on one folder.
var (
	RootKey   = ossserver.Root
	WorkerKey = ossserver.Key{ID: "worker", Secret: "worker-secret", Rules: append([]ossserver.Rule{
		{Actions: []string{"oss:GetObject", "oss:GetBucketLocation", "oss:GetBucketInfo"}, Resources: []string{"*"}},
		{Actions: []string{"sts:AssumeRole"}, Resources: []string{ReaderRole, WorkerRole}},
	}, resultsRules...)}
	LeastKey = ossserver.Key{ID: "least", Secret: "least-secret", Rules: append([]ossserver.Rule{
		{Actions: []string{"oss:GetObject"}, Resources: []string{Bucket + "/shop/*"}},
		{Actions: []string{"sts:AssumeRole"}, Resources: []string{ReaderRole}},
	}, resultsRules...)}

	resultsRules = []ossserver.Rule{{Actions: []string{"oss:GetObject", "oss:PutObject", "oss:AbortMultipartUpload"}, Resources: []string{ResultsBucket + "/*"}}}
)

// ReaderRole may read the bucket of the vendor's users, and nothing else.
const ReaderRole = "acs:ram::1234567890123456:role/imagebatch-reader"

// WorkerRole is what a worker may act as that has no key of its own for buckets.
const WorkerRole = "acs:ram::1234567890123456:role/imagebatch-worker"

// StartOSS starts the object store, again after a kill.
func (s *Stack) StartOSS(ctx context.Context) error {
	keys := filepath.Join(s.options.State, "keys.json")
	content, err := json.Marshal(map[string]any{
		"keys": []ossserver.Key{RootKey, WorkerKey, LeastKey},
		"roles": []ossserver.Role{{ARN: ReaderRole, Rules: []ossserver.Rule{
			{Actions: []string{"oss:GetObject"}, Resources: []string{Bucket + "/*"}},
		}}, {ARN: WorkerRole, Rules: WorkerKey.Rules}},
		"buckets": map[string]string{Bucket: Region, ResultsBucket: Region, "elsewhere": "cn-beijing"},
	})
	if err != nil {
		return fmt.Errorf("start ossserver: %w", err)
	}
	if err := os.WriteFile(keys, content, 0o600); err != nil {
		return fmt.Errorf("start ossserver: %w", err)
	}
	oss := &OSS{
		Endpoint: "http://" + loopback(s.ports.oss), Admin: "http://" + loopback(s.ports.ossAdmin),
		STS: loopback(s.ports.ossSTS), CertFile: filepath.Join(s.options.State, "sts.pem"),
	}
	command := exec.Command(filepath.Join(s.options.Bin, "ossserver"),
		"--dir", filepath.Join(s.options.State, "oss"), "--keys", keys, "--region", Region,
		"--listen", loopback(s.ports.oss), "--admin-listen", loopback(s.ports.ossAdmin), "--sts-listen", loopback(s.ports.ossSTS),
		"--sts-cert", oss.CertFile)
	if oss.Process, err = start("ossserver", s.log("ossserver"), command, nil); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if err := oss.await(ctx, oss.ready); err != nil {
		oss.Kill()
		return err
	}
	s.OSS = oss
	return nil
}

func (o *OSS) ready(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, o.Endpoint, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	return response.Body.Close()
}
