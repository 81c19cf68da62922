package endtoend_test

import (
	"net"
	"net/http/httptest"
	"strings"
	"testing"

	"imagebatch/testsuite/stack"
	"imagebatch/workflows/contract"
)

func listenOn(t *testing.T, server *httptest.Server, address string) {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	server.Listener.Close()
	server.Listener = listener
}

func TestVendorPolicyOnTheFolderIsEnough(t *testing.T) {
	t.Parallel()
	least := ownStack(t, 1, map[string]string{
		"ALIBABA_CLOUD_ACCESS_KEY_ID": stack.LeastKey.ID, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": stack.LeastKey.Secret,
	})
	createInstance(t, least, "least")
	shelf(t, least, "shop", 30, map[int]string{5: `{"OperationType":"ADD","ProductId":"x","PicName":"absent.jpg"}`})
	result := start(t, least, exitSomeFailed, "least", "shop")
	if result.Tally.Succeeded != 29 {
		t.Errorf("result %+v", result)
	}
	shelf(t, least, "private", 5, nil)
	a := must(t, least, exitError, "batch", "start", "least", "--bucket", stack.Bucket, "--path", "private", "--wait")
	if !strings.Contains(a.stdout+a.stderr, string(contract.CodeConsoleNoPermission)) || !strings.Contains(a.stdout+a.stderr, "oss:GetObject") {
		t.Errorf("a forbidden folder is not explained:\n%s%s", a.stdout, a.stderr)
	}
}

func TestBatchReadsTheBucketUnderAnAllowedRole(t *testing.T) {
	t.Parallel()
	// The worker's own key may read nothing of this folder; the role may.
	limited := ownStack(t, 1, map[string]string{
		"ALIBABA_CLOUD_ACCESS_KEY_ID": stack.LeastKey.ID, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": stack.LeastKey.Secret,
	})
	createInstance(t, limited, "role")
	shelf(t, limited, "other", 20, nil)
	result := start(t, limited, exitDone, "role", "other", "--role-arn", stack.ReaderRole)
	if result.Tally.Succeeded != 20 {
		t.Errorf("result %+v", result)
	}
	a := must(t, limited, exitError, "batch", "start", "role", "--bucket", stack.Bucket, "--path", "other", "--wait",
		"--role-arn", "acs:ram::1:role/somebody-else")
	if !strings.Contains(a.stdout+a.stderr, string(contract.CodeRoleNotAllowed)) {
		t.Errorf("a role that is not on the list is not refused:\n%s%s", a.stdout, a.stderr)
	}
}
