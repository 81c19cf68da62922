package ossserver

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// Root may do everything. Use it to fill buckets.
var Root = Key{ID: "root", Secret: "root-secret", Rules: []Rule{{Actions: []string{"*"}, Resources: []string{"*"}}}}

// Key is a key pair with what it may do. One with a token is temporary.
type Key struct {
	ID      string    `json:"id"`
	Secret  string    `json:"secret"`
	Token   string    `json:"token,omitempty"`
	Expires time.Time `json:"expires,omitzero"` // zero: never
	Rules   []Rule    `json:"rules"`            // none: nothing is allowed
}

// Rule allows actions on resources. Both are patterns in which * is any run of
// characters and ? any one. Actions are "oss:GetObject" and the like, and
// "sts:AssumeRole"; resources "bucket", "bucket/prefix*" or a role's ARN. The
// long form of a resource, "acs:oss:*:*:bucket/prefix*", is understood as well.
type Rule struct {
	Actions   []string `json:"actions"`
	Resources []string `json:"resources"`
}

// Role is what AssumeRole hands out temporary keys for.
type Role struct {
	ARN          string `json:"arn"`
	Rules        []Rule `json:"rules"`
	MaxSeconds   int    `json:"maxSeconds,omitempty"`   // longest session that may be asked for; default 3600
	GrantSeconds int    `json:"grantSeconds,omitempty"` // when set, every session lasts this long, whatever was asked
}

func (k Key) allows(action, resource string) bool {
	for _, rule := range k.Rules {
		if matchesAny(rule.Actions, action) && matchesAny(rule.Resources, resource) {
			return true
		}
	}
	return false
}

func matchesAny(patterns []string, text string) bool {
	for _, p := range patterns {
		if rest, ok := strings.CutPrefix(p, "acs:oss:"); ok {
			if parts := strings.SplitN(rest, ":", 3); len(parts) == 3 {
				p = parts[2]
			}
		}
		if glob(p, text) {
			return true
		}
	}
	return false
}

// glob matches with * and ? in time proportional to len(pattern) * len(text).
func glob(pattern, text string) bool {
	p, t, star, mark := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// keyring knows key pairs and roles.
type keyring struct {
	mu    sync.RWMutex
	keys  map[string]Key
	roles map[string]Role
}

func newKeyring(keys []Key, roles []Role) (*keyring, error) {
	ring := &keyring{keys: map[string]Key{}, roles: map[string]Role{}}
	for _, k := range keys {
		if k.ID == "" || k.Secret == "" {
			return nil, fmt.Errorf("load key %q: id and secret are needed", k.ID)
		}
		ring.keys[k.ID] = k
	}
	for _, role := range roles {
		if role.ARN == "" {
			return nil, fmt.Errorf("load role: arn is needed")
		}
		ring.roles[role.ARN] = role
	}
	return ring, nil
}

func (ring *keyring) find(id string) (Key, bool) {
	ring.mu.RLock()
	defer ring.mu.RUnlock()
	k, ok := ring.keys[id]
	return k, ok
}

func (ring *keyring) role(arn string) (Role, bool) {
	ring.mu.RLock()
	defer ring.mu.RUnlock()
	role, ok := ring.roles[arn]
	return role, ok
}

func (ring *keyring) remove(id string) {
	ring.mu.Lock()
	defer ring.mu.Unlock()
	delete(ring.keys, id)
}

const temporaryPrefix = "STS."

// grant adds a temporary key and forgets those that expired an hour ago. Until
// then their users are told that they expired, not that they never were.
func (ring *keyring) grant(key Key, now time.Time) {
	ring.mu.Lock()
	defer ring.mu.Unlock()
	for id, k := range ring.keys {
		if strings.HasPrefix(id, temporaryPrefix) && !k.Expires.IsZero() && now.Sub(k.Expires) > time.Hour {
			delete(ring.keys, id)
		}
	}
	ring.keys[key.ID] = key
}

func (ring *keyring) temporary(now time.Time) []string {
	ring.mu.RLock()
	defer ring.mu.RUnlock()
	var ids []string
	for id, k := range ring.keys {
		if strings.HasPrefix(id, temporaryPrefix) && now.Before(k.Expires) {
			ids = append(ids, id)
		}
	}
	return ids
}
