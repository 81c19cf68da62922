package oss

import (
	"net/http"
	"strings"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"

	"imagebatch/activities"
)

// meaning is what a store's code is to whoever asked, and what to do about it.
type meaning struct {
	kind   error  // of activities/ports.go; nil for what may pass
	remedy string // empty where it depends on what was asked for
}

const (
	newToken   = "give the worker a new security token, or a role to act as"
	setClock   = "set the clock of the worker's machine"
	checkKey   = "check the worker's access key id and security token: wrong, disabled, deleted, or of a session that has ended"
	oneSession = "give the worker the access key id, the secret and the security token of one and the same session"
	payBill    = "settle what the account owes"
	askVendor  = "ask the vendor why, and have it opened again"
	useKMS     = "activate KMS for the account, and enable the key that the object is encrypted with"
	ofRegion   = "set IMAGEBATCH_OSS_ENDPOINT to the endpoint of the region that the bucket is in"
	standard   = "set IMAGEBATCH_OSS_ENDPOINT to an endpoint of the vendor's list, and leave IMAGEBATCH_OSS_PATH_STYLE out"
	signRegion = "set IMAGEBATCH_OSS_REGION to the region of the endpoint"
	tooLarge   = "raise the limit of the object store, or of what stands in front of it"
)

// meanings of codes whose status alone does not tell, those of stores that look
// like OSS included.
// Source: https://www.alibabacloud.com/help/en/oss/how-to-troubleshoot-403-status-code-when-you-access-oss
// and the pages beside it for the other statuses.
var meanings = map[string]meaning{
	"NoSuchKey":         {kind: activities.ErrNoSuchObject},
	"NoSuchObject":      {kind: activities.ErrNoSuchObject},
	"NotFound":          {kind: activities.ErrNoSuchObject},
	"InvalidObjectName": {kind: activities.ErrNoSuchObject},
	"KeyTooLongError":   {kind: activities.ErrNoSuchObject},
	"NoSuchBucket":      {kind: activities.ErrNoSuchBucket},
	"InvalidBucketName": {kind: activities.ErrNoSuchBucket},
	codeNoSuchUpload:    {}, // gone under way; the next try makes a new one

	"PreconditionFailed": {kind: activities.ErrChanged},
	"SlowDown":           {kind: activities.ErrThrottled},
	"TooManyRequests":    {kind: activities.ErrThrottled},
	"QpsLimitExceeded":   {kind: activities.ErrThrottled},
	"RequestTimeout":     {}, // a status of 400, but of the line, not of the request

	// Time heals these, or whoever gives workers their credentials.
	"SecurityTokenExpired": {remedy: newToken},
	"ExpiredToken":         {remedy: newToken},
	"TokenRefreshRequired": {remedy: newToken},
	"RequestTimeTooSkewed": {remedy: setClock},
	"RequestExpired":       {remedy: setClock},

	// Who asks is turned away, whatever is asked for.
	"InvalidAccessKeyId":                  {activities.ErrTurnedAway, checkKey},
	"SignatureDoesNotMatch":               {activities.ErrTurnedAway, "check the worker's access key secret, and IMAGEBATCH_OSS_REGION"},
	"InvalidSecurityToken":                {activities.ErrTurnedAway, oneSession},
	"InvalidToken":                        {activities.ErrTurnedAway, oneSession},
	"AccessKeyIdAndSecurityTokenNotMatch": {activities.ErrTurnedAway, oneSession},
	"SecurityTokenNotSupported":           {activities.ErrTurnedAway, "give the worker an access key that is not temporary: the region takes no security tokens"},
	"UserDisable":                         {activities.ErrTurnedAway, "settle what the account owes, or ask the vendor why it is disabled"},
	"UserForbidden":                       {activities.ErrTurnedAway, askVendor},
	"InDebt":                              {activities.ErrTurnedAway, payBill},
	"InDebtOverdue":                       {activities.ErrTurnedAway, payBill},
	"NotSignedUp":                         {activities.ErrTurnedAway, "activate the object store for the account"},
	"AccountProblem":                      {activities.ErrTurnedAway, askVendor},
	"AllAccessDisabled":                   {activities.ErrTurnedAway, askVendor},
	"AbnormalBucketOwnerStatus":           {activities.ErrTurnedAway, "have the bucket's owner settle what the account owes, or ask the vendor why it is disabled"},
	"BucketDisable":                       {activities.ErrTurnedAway, askVendor},

	// The address is wrong.
	"PermanentRedirect":            {activities.ErrTurnedAway, ofRegion},
	"SecondLevelDomainForbidden":   {activities.ErrTurnedAway, standard},
	"NonStandardHostForbidden":     {activities.ErrTurnedAway, standard},
	"CnameDenied":                  {activities.ErrTurnedAway, standard},
	"TransferAccelerationDisabled": {activities.ErrTurnedAway, "enable transfer acceleration for the bucket, or set IMAGEBATCH_OSS_ENDPOINT to the endpoint of its region"},
	"AuthorizationHeaderMalformed": {activities.ErrTurnedAway, signRegion},

	// The object is there and cannot be had as it is.
	"InvalidObjectState":   {activities.ErrRefused, "restore the archived object first"},
	"KmsServiceNotEnabled": {activities.ErrRefused, useKMS},
	"KmsUbsmsInvalidBid":   {activities.ErrRefused, useKMS},
	"UbsmsInvalidBid":      {activities.ErrRefused, useKMS},
	"KmsInDebt":            {activities.ErrRefused, payBill},
	"KmsInDebtOverdue":     {activities.ErrRefused, payBill},

	"EntityTooLarge":           {activities.ErrTooLarge, tooLarge},
	"MaxMessageLengthExceeded": {activities.ErrTooLarge, tooLarge},
	"QuotaExceeded":            {remedy: "raise the quota of the bucket, or delete what is no longer needed"},
	"XMinioStorageFull":        {remedy: "give the object store more space, or delete what is no longer needed"},
}

// Words by which one code, most often AccessDenied, means one thing or another.
var phrases = []struct {
	code, words string // the code that it is said with, and some of the words in lower case
	meaning
}{
	{"AccessDenied", "must be addressed using the specified endpoint", meaning{activities.ErrTurnedAway, ofRegion}},
	{"AccessDenied", "forbidden by kms", meaning{activities.ErrRefused, "let who reads the object use the KMS key that it is encrypted with (kms:Decrypt)"}},
	{"AccessDenied", "bucket referer policy", meaning{activities.ErrDenied, "let the bucket's referer list allow requests without a referer"}},
	{"AccessDenied", "by bucket policy", meaning{activities.ErrDenied, "take what denies it out of the bucket's policy"}},
	{"AccessDenied", "endpoint policy", meaning{activities.ErrDenied, "let the policy of the VPC's endpoint allow the bucket"}},
	{"AccessDenied", "request has expired", meaning{nil, setClock}},
	{"InvalidArgument", "signing region", meaning{activities.ErrTurnedAway, signRegion}},
}

// meaningOf is what an answer of the store means to this call.
func (c call) meaningOf(e oss.ServiceError) meaning {
	said := strings.ToLower(e.Message)
	for _, phrase := range phrases {
		if e.Code == phrase.code && strings.Contains(said, phrase.words) {
			return phrase.meaning
		}
	}
	if m, ok := meanings[e.Code]; ok {
		return m
	}
	if strings.HasPrefix(strings.ToLower(e.Code), "kms") {
		return meaning{activities.ErrRefused, useKMS}
	}
	if e.StatusCode == http.StatusRequestEntityTooLarge {
		return meaning{activities.ErrTooLarge, tooLarge}
	}
	return meaning{kind: c.kindByStatus(e)}
}

func (c call) kindByStatus(e oss.ServiceError) error {
	switch e.StatusCode {
	case http.StatusNotFound:
		switch {
		case e.Code == "" && c.verb != verbHead:
			// A store says what is missing. This is a page of whatever stands in
			// front of it, perhaps only until the store is back.
			return nil
		case c.key == "":
			return activities.ErrNoSuchBucket
		}
		return activities.ErrNoSuchObject
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return activities.ErrThrottled
	case http.StatusUnauthorized, http.StatusForbidden:
		return activities.ErrDenied
	case http.StatusPreconditionFailed:
		return activities.ErrChanged
	case http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusConflict:
		return activities.ErrRefused
	}
	return nil
}
