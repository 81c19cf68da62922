package stack

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// findTemporal is the path of the temporal program: the one in the folder of
// binaries, else the one on PATH.
func findTemporal(bin string) (string, error) {
	own := filepath.Join(bin, "temporal")
	if _, err := os.Stat(own); err == nil {
		return filepath.Abs(own)
	}
	path, err := exec.LookPath("temporal")
	if err != nil {
		return "", fmt.Errorf("find temporal: neither %s nor on PATH; run make build", own)
	}
	return path, nil
}

// Describe says where everything is and how to use it.
func (s *Stack) Describe() string {
	return fmt.Sprintf(`
  web UI          %s
  Temporal        %s   (export TEMPORAL_ADDRESS=%s), HTTP API %s
  object store    %s   buckets %s and %s, key %s, secret %s
  put files there bin/ossserver put --endpoint %s FILE_OR_FOLDER ... oss://%s/FOLDER
  faults          GET, PUT, DELETE %s/-/faults, a JSON list as in testsuite/ossserver/faults.go
  health, metrics http://%s/healthz, http://%s/metrics
  files and logs  %s
`, s.Temporal.UI, s.Temporal.Address, s.Temporal.Address, s.Temporal.HTTP,
		s.OSS.Endpoint, Bucket, ResultsBucket, RootKey.ID, RootKey.Secret,
		s.OSS.Endpoint, Bucket,
		s.OSS.Admin, s.Metrics(), s.Metrics(), s.options.State)
}
