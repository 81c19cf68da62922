package oss

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
)

// Identities is the object store under every identity the worker may take. It
// is safe for concurrent use; make one a process, for they share connections
// only within it.
type Identities struct {
	own       *objects
	roles     map[string]*objects // by ARN: those on the list, no others
	transport *http.Transport
}

var _ activities.Identities = (*Identities)(nil)

const defaultSTS = "sts.aliyuncs.com"

// New connects nowhere yet: wrong keys show with the first call.
func New(cfg Config) (*Identities, error) {
	return newIdentities(cfg, time.Now, idleLimit, sizes{firstPart: firstPart, onePut: onePut})
}

func newIdentities(cfg Config, now func() time.Time, idle time.Duration, sizes sizes) (*Identities, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configure object store: %w", err)
	}
	cfg.Endpoint, cfg.PublicEndpoint = withScheme(cfg.Endpoint), withScheme(cfg.PublicEndpoint)
	if cfg.PublicEndpoint == "" {
		cfg.PublicEndpoint = cfg.Endpoint
	}
	if cfg.STSEndpoint == "" {
		cfg.STSEndpoint = defaultSTS
	}
	transport := newTransport()
	client := newHTTPClient(newGuard(transport, cfg.Endpoint, idle))
	as := func(who source) *objects {
		return &objects{cfg: cfg, http: client, source: who, now: now, sizes: sizes}
	}

	var own source = fixed{&credentials{id: cfg.AccessKeyID, secret: cfg.AccessKeySecret, token: cfg.SecurityToken}}
	if cfg.RoleARN != "" {
		own = &role{arn: cfg.RoleARN, base: own, sts: cfg.STSEndpoint, now: now}
	}
	ids := &Identities{own: as(own), roles: map[string]*objects{}, transport: transport}
	for _, arn := range cfg.AllowedRoleARNs {
		ids.roles[arn] = as(&role{arn: arn, base: own, sts: cfg.STSEndpoint, now: now})
	}
	// The SDK reads its options now; a mistake shall not wait for the first call.
	if _, err := ids.own.connect(&credentials{id: "-", secret: "-"}); err != nil {
		return nil, fmt.Errorf("configure object store: %w", err)
	}
	return ids, nil
}

// As gives the object store under a role. It makes no call: whether the role
// can be assumed shows with the first use.
func (ids *Identities) As(_ context.Context, roleARN string) (activities.Objects, error) {
	if roleARN == "" {
		return ids.own, nil
	}
	if o, ok := ids.roles[roleARN]; ok {
		return o, nil
	}
	return nil, contract.Errorf(contract.CodeRoleNotAllowed,
		"role %q is not among the roles this worker may act as; have it added to the worker's list, or leave the role out", clip(roleARN))
}

// Close closes idle connections. What is under way goes on.
func (ids *Identities) Close() { ids.transport.CloseIdleConnections() }
