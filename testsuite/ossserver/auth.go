package ossserver

import (
	"crypto/hmac"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxSkew is how far a signed request's clock may be off.
const maxSkew = 15 * time.Minute

// claim is what a request says about who signed it.
type claim struct {
	keyID, signature, token string
	sign                    func(secret string) string // what the signature should be
}

// authenticate finds out who signed the request and that they really did.
func (s *Server) authenticate(r *request) error {
	c, err := s.claim(r)
	if err != nil {
		return err
	}
	key, ok := s.keys.find(c.keyID)
	if !ok {
		return errInvalidKeyID
	}
	if !key.Expires.IsZero() && !s.now().Before(key.Expires) {
		return errTokenExpired
	}
	if !hmac.Equal([]byte(c.token), []byte(key.Token)) {
		return errInvalidToken
	}
	if !hmac.Equal([]byte(c.signature), []byte(c.sign(key.Secret))) {
		return errSignature
	}
	r.who = key
	return nil
}

func (s *Server) claim(r *request) (claim, error) {
	auth := r.Header.Get("Authorization")
	inQuery := r.has("Signature") || r.has("OSSAccessKeyId") || r.has("x-oss-signature") || r.has("x-oss-signature-version")
	switch {
	case auth != "" && inQuery:
		return claim{}, errMalformedAuth
	case strings.HasPrefix(auth, "OSS "):
		return s.claimV1(r, auth)
	case strings.HasPrefix(auth, algorithmV4+" "):
		return s.claimV4(r, auth)
	case auth != "":
		return claim{}, errMalformedAuth
	case r.has("x-oss-signature-version"):
		return s.claimLinkV4(r)
	case inQuery:
		return s.claimLinkV1(r)
	}
	return claim{}, errAnonymous
}

// checkClock refuses a signing time that is too far from ours.
func (s *Server) checkClock(signed time.Time) error {
	if d := s.now().Sub(signed); d > maxSkew || d < -maxSkew {
		return errSkewed.with("ServerTime", s.now().UTC().Format(time.RFC3339))
	}
	return nil
}

func (s *Server) claimV1(r *request, auth string) (claim, error) {
	id, signature, ok := strings.Cut(strings.TrimPrefix(auth, "OSS "), ":")
	if !ok {
		return claim{}, errMalformedAuth
	}
	date := r.Header.Get("Date")
	if text := r.Header.Get("X-Oss-Date"); text != "" {
		date = text
	}
	signed, err := http.ParseTime(date)
	if err != nil {
		return claim{}, errAccessDenied
	}
	if err := s.checkClock(signed); err != nil {
		return claim{}, err
	}
	return claim{id, signature, r.Header.Get("X-Oss-Security-Token"), func(secret string) string {
		return signV1(secret, stringToSignV1(r, date))
	}}, nil
}

func (s *Server) claimLinkV1(r *request) (claim, error) {
	expires, err := strconv.ParseInt(r.param("Expires"), 10, 64)
	if err != nil {
		return claim{}, errAccessDenied
	}
	if s.now().Unix() > expires {
		return claim{}, errLinkExpired
	}
	return claim{r.param("OSSAccessKeyId"), r.param("Signature"), r.param("security-token"), func(secret string) string {
		return signV1(secret, stringToSignV1(r, r.param("Expires")))
	}}, nil
}

func (s *Server) claimV4(r *request, auth string) (claim, error) {
	fields := map[string]string{}
	for field := range strings.SplitSeq(strings.TrimPrefix(auth, algorithmV4+" "), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		fields[name] = value
	}
	date, signed := r.Header.Get("X-Oss-Date"), time.Time{}
	var err error
	if date != "" {
		signed, err = time.Parse(timeFormatV4, date)
	} else {
		date = r.Header.Get("Date")
		signed, err = http.ParseTime(date)
	}
	if err != nil {
		return claim{}, errAccessDenied
	}
	if err := s.checkClock(signed); err != nil {
		return claim{}, err
	}
	sc, err := s.scope(fields["Credential"], signed)
	if err != nil {
		return claim{}, err
	}
	if r.Header.Get("X-Oss-Content-Sha256") == "" {
		return claim{}, errInvalidArgument
	}
	additional := fields["AdditionalHeaders"]
	return claim{sc.keyID, fields["Signature"], r.Header.Get("X-Oss-Security-Token"), func(secret string) string {
		return signV4(secret, date, sc, canonicalV4(r, additional))
	}}, nil
}

func (s *Server) claimLinkV4(r *request) (claim, error) {
	date := r.param("x-oss-date")
	signed, err := time.Parse(timeFormatV4, date)
	seconds, err2 := strconv.ParseInt(r.param("x-oss-expires"), 10, 64)
	if err != nil || err2 != nil || r.param("x-oss-signature-version") != algorithmV4 || seconds < 1 || seconds > 7*24*3600 {
		return claim{}, errInvalidArgument
	}
	if s.now().After(signed.Add(time.Duration(seconds) * time.Second)) {
		return claim{}, errLinkExpired
	}
	if signed.Sub(s.now()) > maxSkew {
		return claim{}, errSkewed
	}
	sc, err := s.scope(r.param("x-oss-credential"), signed)
	if err != nil {
		return claim{}, err
	}
	additional := r.param("x-oss-additional-headers")
	return claim{sc.keyID, r.param("x-oss-signature"), r.param("x-oss-security-token"), func(secret string) string {
		return signV4(secret, date, sc, canonicalV4(r, additional))
	}}, nil
}

// scope reads a v4 credential: key id, day, region, product, request type.
func (s *Server) scope(credential string, signed time.Time) (scopeV4, error) {
	parts := strings.Split(credential, "/")
	if len(parts) != 5 || parts[3] != "oss" || parts[4] != "aliyun_v4_request" {
		return scopeV4{}, errMalformedAuth
	}
	if parts[2] != s.region {
		return scopeV4{}, errSigningRegion
	}
	if parts[1] != signed.UTC().Format("20060102") {
		return scopeV4{}, errMalformedAuth
	}
	return scopeV4{keyID: parts[0], day: parts[1], region: parts[2]}, nil
}
