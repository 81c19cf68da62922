package activities

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"imagebatch/workflows/contract"
)

// CallbackKeys sign callbacks, so that a receiver can tell that they come from
// here and are fresh. The zero value signs nothing. It never prints a secret.
// Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
type CallbackKeys struct{ keys []*standardwebhooks.Webhook }

// Bounds of a secret in bytes, after decoding. The upper one of the standard is
// kept for the form that it defines; a raw secret is what its owner made it.
const (
	leastSecret = 24
	mostSecret  = 64
)

// secretPrefix begins a secret in the standard's form: Base64 follows.
const secretPrefix = "whsec_"

// ParseCallbackKeys reads one secret, or two separated by a comma while
// receivers change from one to the other: each then signs every callback. Its
// errors quote nothing of them.
func ParseCallbackKeys(secrets string) (CallbackKeys, error) {
	var parsed CallbackKeys
	if strings.TrimSpace(secrets) == "" {
		return parsed, nil
	}
	for secret := range strings.SplitSeq(secrets, ",") {
		key, err := callbackKey(strings.TrimSpace(secret))
		if err != nil {
			return CallbackKeys{}, err
		}
		parsed.keys = append(parsed.keys, key)
	}
	if len(parsed.keys) > 2 {
		return CallbackKeys{}, errors.New("holds more than two secrets: give the new one and the one before it")
	}
	return parsed, nil
}

func callbackKey(secret string) (*standardwebhooks.Webhook, error) {
	encoded, standard := strings.CutPrefix(secret, secretPrefix)
	if !standard {
		if len(secret) < leastSecret {
			return nil, fmt.Errorf("holds a secret of fewer than %d bytes: give whsec_ and the Base64 of %d to %d random bytes, such as \"whsec_$(openssl rand -base64 32)\"", leastSecret, leastSecret, mostSecret)
		}
		return standardwebhooks.NewWebhookRaw([]byte(secret))
	}
	decoded, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(decoded) < leastSecret || len(decoded) > mostSecret { // the error would quote a part of it
		return nil, fmt.Errorf("holds a whsec_ secret that is not the Base64 of %d to %d bytes: make one with \"whsec_$(openssl rand -base64 32)\"", leastSecret, mostSecret)
	}
	return standardwebhooks.NewWebhookRaw(decoded)
}

// sign adds the headers of a delivery. The id stays the same on every attempt,
// the time is the attempt's own: receivers refuse what is minutes old.
func (k CallbackKeys) sign(header http.Header, id string, at time.Time, body []byte) error {
	header.Set(contract.DeliveryIDHeader, id)
	if len(k.keys) == 0 {
		return nil
	}
	signatures := make([]string, len(k.keys))
	for n, key := range k.keys {
		var err error
		if signatures[n], err = key.Sign(id, at, body); err != nil {
			return fmt.Errorf("sign callback: %w", err)
		}
	}
	header.Set(contract.DeliveryTimestampHeader, strconv.FormatInt(at.Unix(), 10))
	header.Set(contract.DeliverySignatureHeader, strings.Join(signatures, " "))
	return nil
}

// Count is how many secrets there are.
func (k CallbackKeys) Count() int { return len(k.keys) }

// String says how many secrets there are, and nothing about them.
func (k CallbackKeys) String() string { return fmt.Sprintf("%d secrets", len(k.keys)) }

// GoString is String.
func (k CallbackKeys) GoString() string { return k.String() }
