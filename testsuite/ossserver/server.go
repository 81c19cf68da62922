package ossserver

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"
)

// Options say what to serve. Only Dir is needed.
type Options struct {
	Dir         string            // where buckets are kept
	Listen      string            // address of the object store; default a free port of 127.0.0.1
	AdminListen string            // address of the admin door, loopback only; default a free port
	STSListen   string            // address of the STS door, loopback only; default a free port
	Region      string            // of buckets made without one; default "cn-shanghai"
	Domains     []string          // hosts whose first label may be a bucket; IP addresses never are
	Keys        []Key             // default Root alone
	Roles       []Role            // default none
	Buckets     map[string]string // created when missing: name to region, "" for Region
	Now         func() time.Time  // default time.Now
	Log         *slog.Logger      // default none
}

// Server is an OSS over a folder. It is safe for concurrent use.
type Server struct {
	store   *store
	keys    *keyring
	faults  faults
	stats   stats
	region  string
	domains []string
	now     func() time.Time
	log     *slog.Logger
	doors   doors
}

// New opens the folder without listening anywhere: use the server as a handler.
func New(opt Options) (*Server, error) {
	s := &Server{region: opt.Region, domains: opt.Domains, now: opt.Now, log: opt.Log}
	if s.region == "" {
		s.region = "cn-shanghai"
	}
	if s.domains == nil {
		s.domains = []string{"oss-" + s.region + ".aliyuncs.com", "localhost"}
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if opt.Keys == nil {
		opt.Keys = []Key{Root}
	}
	var err error
	if s.keys, err = newKeyring(opt.Keys, opt.Roles); err != nil {
		return nil, err
	}
	if s.store, err = openStore(opt.Dir, s.log); err != nil {
		return nil, err
	}
	for name, region := range opt.Buckets {
		if err := s.CreateBucket(name, region); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// CreateBucket makes a bucket unless it exists; region "" is the server's own.
func (s *Server) CreateBucket(name, region string) error {
	if region == "" {
		region = s.region
	}
	if !validBucketName(name) {
		return fmt.Errorf("create bucket %q: 3 to 63 lower-case letters, digits and inner hyphens are allowed", name)
	}
	return s.store.createBucket(name, region, s.now())
}

// RemoveKey revokes a key pair, temporary ones included.
func (s *Server) RemoveKey(id string) { s.keys.remove(id) }

// TemporaryKeys are the ids of the keys that STS handed out and that have not
// expired, in no order.
func (s *Server) TemporaryKeys() []string { return s.keys.temporary(s.now()) }

// SetFaults replaces the fault rules.
func (s *Server) SetFaults(rules ...Fault) error { return s.faults.set(rules) }

// Faults are the fault rules with how often each was applied.
func (s *Server) Faults() []Fault { return s.faults.list() }

// Stats are the counters since the start or the last ResetStats.
func (s *Server) Stats() Stats { return s.stats.snapshot() }

// ResetStats sets all counters to zero.
func (s *Server) ResetStats() { s.stats.reset() }

// request is one call with everything that follows from its address.
type request struct {
	*http.Request
	bucket, key string
	query       map[string][]string
	id          string // x-oss-request-id
	who         Key    // set by authenticate
}

func (r *request) param(name string) string {
	if v := r.query[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

func (r *request) has(name string) bool { _, ok := r.query[name]; return ok }

// address finds bucket and key, in the path or, for a known domain, in the host.
func (s *Server) address(hr *http.Request) *request {
	r := &request{Request: hr, query: hr.URL.Query(), id: requestID()}
	path := strings.TrimPrefix(hr.URL.Path, "/")
	host := hr.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	for _, domain := range s.domains {
		if bucket, ok := strings.CutSuffix(host, "."+domain); ok {
			r.bucket, r.key = bucket, path
			return r
		}
	}
	r.bucket, r.key, _ = strings.Cut(path, "/")
	return r
}

func requestID() string {
	var b [12]byte
	rand.Read(b[:])
	return strings.ToUpper(hex.EncodeToString(b[:]))
}

// ServeHTTP is the object store.
func (s *Server) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	r := s.address(hr)
	counted := &countingWriter{ResponseWriter: w}
	defer func() { s.stats.done(r.Method, counted.status, counted.bytes) }()
	w = counted
	w.Header().Set("Server", "AliyunOSS")
	w.Header().Set("X-Oss-Request-Id", r.id)

	w, end := s.faults.apply(w, r, &s.stats)
	if end {
		return
	}
	if err := s.serve(w, r); err != nil {
		s.log.Debug("request refused", "method", r.Method, "bucket", r.bucket, "key", r.key, "err", err)
		writeError(w, r, err)
	}
}

func (s *Server) serve(w http.ResponseWriter, r *request) error {
	if err := s.authenticate(r); err != nil {
		return err
	}
	op, err := route(r)
	if err != nil {
		return err
	}
	if r.bucket != "" && op.action != actionPutBucket {
		if !validBucketName(r.bucket) {
			return errInvalidBucketName
		}
		if !s.store.hasBucket(r.bucket) {
			return errNoSuchBucket
		}
	}
	if op.action != "" && !r.who.allows(op.action, r.resource()) {
		return errAccessDenied
	}
	// An endpoint of OSS tells where a bucket of another region is, and no more.
	if region := s.store.region(r.bucket); region != "" && region != s.region && op.action != actionLocation && op.action != actionBucketInfo {
		return errOtherRegion
	}
	return op.do(s, w, r)
}
