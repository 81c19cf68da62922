package oss_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"imagebatch/activities"
	"imagebatch/testsuite/ossserver"
)

// Every code of the store keeps its name and has one remedy, its own.
func TestCodesOfTheStore(t *testing.T) {
	t.Parallel()
	const passing = "" // no kind: worth another try
	kinds := map[string]error{
		"away": activities.ErrTurnedAway, "refused": activities.ErrRefused, "denied": activities.ErrDenied,
		"large": activities.ErrTooLarge, "object": activities.ErrNoSuchObject, "throttled": activities.ErrThrottled,
	}
	for _, tc := range []struct {
		status  int
		code    string
		message string // "Injected fault." where it does not matter
		kind    string
		remedy  string // how the text ends
	}{
		{403, "InvalidObjectState", "The operation is not valid for the object's state.", "refused", "restore the archived object first"},
		{403, "KmsServiceNotEnabled", "", "refused", "activate KMS for the account, and enable the key that the object is encrypted with"},
		{403, "KmsUbsmsInvalidBid", "", "refused", "activate KMS"},
		{403, "KmsInDebt", "", "refused", "settle what the account owes"},
		{403, "KmsInDebtOverdue", "", "refused", "settle what the account owes"},
		{409, "KmsKeyDisabled", "The key is disabled.", "refused", "enable the key"},
		{403, "UserDisable", "UserDisable", "away", "settle what the account owes, or ask the vendor why it is disabled"},
		{403, "InDebt", "", "away", "settle what the account owes"},
		{403, "InDebtOverdue", "", "away", "settle what the account owes"},
		{403, "AbnormalBucketOwnerStatus", "", "away", "bucket's owner"},
		{403, "BucketDisable", "BucketDisable", "away", "ask the vendor"},
		{403, "InvalidAccessKeyId", "The OSS Access Key Id you provided is disabled.", "away", "check the worker's access key id"},
		{403, "SignatureDoesNotMatch", "", "away", "check the worker's access key secret"},
		{403, "InvalidSecurityToken", "", "away", "of one and the same session"},
		{403, "AccessKeyIdAndSecurityTokenNotMatch", "", "away", "of one and the same session"},
		{403, "SecurityTokenNotSupported", "", "away", "an access key that is not temporary"},
		{403, "SecurityTokenExpired", "The security token you provided has expired.", passing, "give the worker a new security token, or a role to act as"},
		{400, "ExpiredToken", "", passing, "give the worker a new security token"},
		{403, "RequestTimeTooSkewed", "", passing, "set the clock of the worker's machine"},
		{403, "AccessDenied", "Request has expired.", passing, "set the clock"},
		{403, "SecondLevelDomainForbidden", "", "away", "set IMAGEBATCH_OSS_ENDPOINT"},
		{403, "NonStandardHostForbidden", "", "away", "set IMAGEBATCH_OSS_ENDPOINT"},
		{403, "PermanentRedirect", "", "away", "set IMAGEBATCH_OSS_ENDPOINT to the endpoint of the region"},
		{403, "TransferAccelerationDisabled", "", "away", "enable transfer acceleration"},
		{403, "CnameDenied", "", "away", "set IMAGEBATCH_OSS_ENDPOINT"},
		{403, "AccessDenied", "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.", "away", "the endpoint of the region that the bucket is in"},
		{403, "AccessDenied", "This request is forbidden by kms.", "refused", "kms:Decrypt"},
		{403, "AccessDenied", "You are denied by bucket referer policy.", "denied", "without a referer"},
		{403, "AccessDenied", "Access denied by bucket policy.", "denied", "take what denies it out of the bucket's policy"},
		{403, "AccessDenied", "You have no right to access this object.", "denied", "the policy must allow oss:GetObject on pictures/a"},
		{403, "SomethingNew", "", "denied", "the policy must allow oss:GetObject on pictures/a"},
		{400, "InvalidArgument", "Invalid signing region in Authorization header.", "away", "set IMAGEBATCH_OSS_REGION"},
		{403, "QpsLimitExceeded", "", "throttled", ""},
		{404, "SymlinkTargetNotExist", "", "object", ""},
		{400, "EntityTooLarge", "", "large", "raise the limit of the object store"},
		{413, "RequestEntityTooLarge", "", "large", ""},
	} {
		t.Run(tc.code+" "+tc.message, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t)
			put(t, srv, "a", "b")
			objects := own(t, rootConfig(srv))
			if err := srv.SetFaults(ossserver.Fault{Status: tc.status, Code: tc.code, Message: tc.message}); err != nil {
				t.Fatal(err)
			}
			_, _, opened := objects.Open(t.Context(), bucket, "a", activities.Want{})
			_, asked := objects.Head(t.Context(), bucket, "a")
			for verb, err := range map[string]error{http.MethodGet: opened, http.MethodHead: asked} {
				if err == nil {
					t.Fatalf("%s: no error", verb)
				}
				for name, kind := range kinds {
					if errors.Is(err, kind) != (name == tc.kind) {
						t.Errorf("%s: error %q: is %q = %v", verb, err, kind, errors.Is(err, kind))
					}
				}
				text := err.Error()
				_, remedy, _ := strings.Cut(text, fmt.Sprintf("request %s)", requestOf(text)))
				if !strings.Contains(text, tc.code) || !strings.Contains(remedy, tc.remedy) || strings.Count(remedy, "; ") > 1 || tc.remedy != "" && remedy == "" {
					t.Errorf("%s: error %q; want the code and one remedy, %q", verb, text, tc.remedy)
				}
			}
		})
	}
}

// requestOf is the id of the request in an error's text.
func requestOf(text string) string {
	_, id, _ := strings.Cut(text, "request ")
	id, _, _ = strings.Cut(id, ")")
	return id
}
