package contract

import (
	"errors"
	"fmt"
)

// Code is a vendor error code, as its pages spell it. Programs branch on the
// code, people read the message.
// Source: https://www.alibabacloud.com/help/en/image-search/developer-reference/error-codes
type Code string

// Codes a line of a manifest can fail with.
const (
	CodeInvalidMetaItem         Code = "InvalidMetaItem"
	CodeNoSpecifiedProductID    Code = "NoSpecifiedProductId"
	CodeInvalidProductID        Code = "InvalidProductId"
	CodeNoSpecifiedPicName      Code = "NoSpecifiedPicName"
	CodeInvalidPicName          Code = "InvalidPicName"
	CodeInvalidCustomContent    Code = "InvalidCustomContent"
	CodeInvalidCategory         Code = "InvalidCategory"
	CodeInvalidCrop             Code = "InvalidCrop"
	CodeInvalidRegion           Code = "InvalidRegion"
	CodeInvalidIntAttr          Code = "InvalidIntAttr" // 2, 3 and 4 by InvalidIntAttrCode
	CodeInvalidStrAttr          Code = "InvalidStrAttr" // 2, 3 and 4 by InvalidStrAttrCode
	CodeInvalidPicURL           Code = "InvalidPicUrl"
	CodeNoPermission            Code = "NoPermission"
	CodePictureError            Code = "PictureError"
	CodeInvalidPicContent       Code = "InvalidPicContent"
	CodeUnsupportedPicFormat    Code = "UnsupportedPicFormat"
	CodeUnsupportedPicPixels    Code = "UnsupportedPicPixels"
	CodeIncorrectOrientation    Code = "IncorrectOrientation"
	CodeTimeoutForTransferImage Code = "TimeoutForTransferImage"
	CodeExtractFeatureTimeout   Code = "ExtractFeatureTimeout"
	CodeInstanceOverQuota       Code = "InstanceOverQuota"
)

// Codes a single request or a whole task can fail with.
const (
	CodePicNotExist           Code = "PicNotExist"
	CodeNoSpecifiedPicContent Code = "NoSpecifiedPicContent"
	CodeInvalidNumParameter   Code = "InvalidNumParameter"
	CodeInvalidStartParameter Code = "InvalidStartParameter"
	CodeOverflowMaxReturnNum  Code = "OverflowMaxReturnNum"
	CodeOverflowMaxResultNum  Code = "OverflowMaxResultNum"
	CodeInvalidFilterClause   Code = "InvalidFilterClause"
	CodeInvalidScoreThreshold Code = "InvalidScoreThreshold"
	CodeDeniedRequest         Code = "DeniedRequest" // too many requests: try again later
	CodeTaskAlreadyExist      Code = "Console.TaskAlreadyExist"
	CodeBadRequest            Code = "Console.BadRequest"
	CodeInstanceNotFound      Code = "Console.InstanceNotFound"
	CodeConsoleNoPermission   Code = "Console.NoPermission"
	CodeInstanceStatusError   Code = "Console.InstanceStatusError"
	CodeIncrementStatusError  Code = "Console.IncrementStatusError"
	CodeInternalError         Code = "Console.InternalError"
)

// Codes of our own, for what the vendor has no code for.
const (
	CodeInstanceAlreadyExists Code = "InstanceAlreadyExists"
	CodeTaskNotFound          Code = "TaskNotFound"
	CodeTaskForgotten         Code = "TaskForgotten"   // the task ended long ago: its lines are deleted
	CodeNoSuchManifest        Code = "NoSuchManifest"  // no increment.meta in the folder
	CodeInvalidManifest       Code = "InvalidManifest" // increment.meta is no manifest at all: packed, another encoding, another format
	CodeNoSuchBucket          Code = "NoSuchBucket"    // the bucket does not exist
	CodeManifestChanged       Code = "ManifestChanged" // while the task ran
	CodePlanLost              Code = "PlanLost"        // the results bucket no longer holds what a task finds its lines by
	CodeBucketRegion          Code = "BucketRegion"    // the bucket is in another region than the instance
	CodeRoleNotAllowed        Code = "RoleNotAllowed"  // the role is not on the worker's list
	CodeTerminated            Code = "Terminated"      // Temporal ended the task without its knowing
	CodeFenceClosed           Code = "FenceClosed"     // the task is closed: this attempt came too late
	CodeCallbackRefused       Code = "CallbackRefused" // the target address is not allowed
	CodeFeatureVersion        Code = "FeatureVersion"  // the instance holds features of another version
	CodeTooManyFailures       Code = "TooManyFailures" // more lines failed than the task allows
	CodeTooManyDeletes        Code = "TooManyDeletes"  // the manifest would delete more pictures than the task allows
)

// InvalidIntAttrCode is the code for a bad IntAttr, IntAttr2, IntAttr3 or IntAttr4.
func InvalidIntAttrCode(n int) Code { return numbered(CodeInvalidIntAttr, n) }

// InvalidStrAttrCode is the code for a bad StrAttr, StrAttr2, StrAttr3 or StrAttr4.
func InvalidStrAttrCode(n int) Code { return numbered(CodeInvalidStrAttr, n) }

func numbered(code Code, n int) Code {
	if n == 1 {
		return code
	}
	return code + Code('0'+rune(n))
}

// Error is a final refusal: repeating the request unchanged cannot help. Its
// message says what is wrong and what to do.
type Error struct {
	Code    Code
	Message string
}

// Errorf makes a refusal. The format may not hold %w: what is final ends here.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Error is the code and the message.
func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// IsCode reports whether the error is a refusal with that code.
func IsCode(err error, code Code) bool { return errors.Is(err, &Error{Code: code}) }

// Is makes errors.Is compare codes: errors.Is(err, &Error{Code: CodePicNotExist}).
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && other.Code == e.Code && (other.Message == "" || other.Message == e.Message)
}
