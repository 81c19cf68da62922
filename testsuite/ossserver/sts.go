package ossserver

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const actionAssumeRole = "sts:AssumeRole"

// assumed is what AssumeRole answers.
// Source: https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerole
type assumed struct {
	XMLName         xml.Name `xml:"AssumeRoleResponse" json:"-"`
	RequestID       string   `xml:"RequestId" json:"RequestId"`
	AssumedRoleUser struct {
		Arn           string
		AssumedRoleID string `xml:"AssumedRoleId" json:"AssumedRoleId"`
	}
	Credentials struct {
		AccessKeyID     string `xml:"AccessKeyId" json:"AccessKeyId"`
		AccessKeySecret string
		SecurityToken   string
		Expiration      string
	}
}

var sessionName = regexp.MustCompile(`^[A-Za-z0-9.@_-]{2,64}$`)

// STS answers AssumeRole: temporary keys with the rules of a role, for whoever
// signs as a key that has sts:AssumeRole on the role's ARN.
func (s *Server) STS() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxAdminBody)
		if err := r.ParseForm(); err != nil {
			writeRPC(w, r, http.StatusBadRequest, rpcError("InvalidParameter", "The request cannot be parsed."))
			return
		}
		answer, refused := s.assumeRole(r)
		if refused != nil {
			writeRPC(w, r, refused.status, rpcError(refused.code, refused.message))
			return
		}
		writeRPC(w, r, http.StatusOK, answer)
	})
}

func (s *Server) assumeRole(r *http.Request) (*assumed, *failure) {
	if r.Form.Get("Action") != "AssumeRole" {
		return nil, refuse(404, "InvalidAction.NotFound", "Specified api is not found, please check your url and method.")
	}
	caller, refused := s.rpcCaller(r)
	if refused != nil {
		return nil, refused
	}
	arn := r.Form.Get("RoleArn")
	if !caller.allows(actionAssumeRole, arn) {
		return nil, refuse(403, "NoPermission", "You are not authorized to do this action. You should be authorized by RAM.")
	}
	role, ok := s.keys.role(arn)
	if !ok {
		return nil, refuse(404, "EntityNotExist.Role", "The specified Role not exists.")
	}
	name := r.Form.Get("RoleSessionName")
	if !sessionName.MatchString(name) {
		return nil, refuse(400, "InvalidParameter.RoleSessionName", "The parameter RoleSessionName is wrongly formed.")
	}
	seconds, refused := role.session(r.Form.Get("DurationSeconds"))
	if refused != nil {
		return nil, refused
	}
	key := Key{
		ID: temporaryPrefix + rand.Text(), Secret: rand.Text(), Token: rand.Text() + rand.Text(),
		Expires: s.now().Add(time.Duration(seconds) * time.Second).UTC().Truncate(time.Second), Rules: role.Rules,
	}
	s.keys.grant(key, s.now())

	answer := &assumed{RequestID: requestID()}
	answer.AssumedRoleUser.Arn = strings.Replace(arn, ":role/", ":assumed-role/", 1) + "/" + name
	answer.AssumedRoleUser.AssumedRoleID = "300000000000000:" + name
	answer.Credentials.AccessKeyID, answer.Credentials.AccessKeySecret = key.ID, key.Secret
	answer.Credentials.SecurityToken = key.Token
	answer.Credentials.Expiration = key.Expires.Format("2006-01-02T15:04:05Z")
	return answer, nil
}

// session is how long a session of the role lasts, in seconds.
func (role Role) session(asked string) (int, *failure) {
	longest, seconds := role.MaxSeconds, 3600
	if longest == 0 {
		longest = 3600
	}
	if asked != "" {
		var err error
		if seconds, err = strconv.Atoi(asked); err != nil {
			seconds = 0
		}
	}
	if seconds < 900 || seconds > longest {
		return 0, refuse(400, "InvalidParameter.DurationSeconds", "The Min/Max value of DurationSeconds is 15min/"+strconv.Itoa(longest/60)+"min.")
	}
	if role.GrantSeconds > 0 {
		seconds = role.GrantSeconds
	}
	return seconds, nil
}

// rpcCaller verifies the signature of an RPC-style call.
// Source: https://www.alibabacloud.com/help/en/sdk/product-overview/rpc-mechanism
func (s *Server) rpcCaller(r *http.Request) (Key, *failure) {
	signed, err := time.Parse("2006-01-02T15:04:05Z", r.Form.Get("Timestamp"))
	if err != nil {
		return Key{}, refuse(400, "InvalidTimeStamp.Format", "Specified time stamp or date value is not well formatted.")
	}
	if d := s.now().Sub(signed); d > maxSkew || d < -maxSkew {
		return Key{}, refuse(400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")
	}
	key, ok := s.keys.find(r.Form.Get("AccessKeyId"))
	if !ok {
		return Key{}, refuse(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
	}
	if !key.Expires.IsZero() && !s.now().Before(key.Expires) {
		return Key{}, refuse(400, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired.")
	}
	if !hmac.Equal([]byte(r.Form.Get("SecurityToken")), []byte(key.Token)) {
		return Key{}, refuse(400, "InvalidSecurityToken.Malformed", "Specified SecurityToken is malformed.")
	}
	if !hmac.Equal([]byte(r.Form.Get("Signature")), []byte(signRPC(key.Secret, r.Method, r.Form))) {
		return Key{}, refuse(400, "SignatureDoesNotMatch", "Specified signature is not matched with our calculation. server string to sign is:"+rpcText(r.Method, r.Form))
	}
	return key, nil
}

func signRPC(secret, method string, form url.Values) string {
	return base64.StdEncoding.EncodeToString(mac(sha1.New, []byte(secret+"&"), rpcText(method, form)))
}

func rpcText(method string, form url.Values) string {
	params := url.Values{}
	for name, values := range form {
		if name != "Signature" {
			params[name] = values[:1]
		}
	}
	return method + "&%2F&" + escape(strings.ReplaceAll(params.Encode(), "+", "%20"))
}

func rpcError(code, message string) any {
	return &struct {
		XMLName   xml.Name `xml:"Error" json:"-"`
		RequestID string   `xml:"RequestId" json:"RequestId"`
		HostID    string   `xml:"HostId" json:"HostId"`
		Code      string
		Message   string
	}{RequestID: requestID(), HostID: "sts.aliyuncs.com", Code: code, Message: message}
}

// writeRPC answers in the form that was asked for; XML is the default.
func writeRPC(w http.ResponseWriter, r *http.Request, status int, doc any) {
	if !strings.EqualFold(r.Form.Get("Format"), "JSON") {
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(status)
		_, _ = w.Write(marshal(doc)) // the client may be gone
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(doc) // the client may be gone
}
