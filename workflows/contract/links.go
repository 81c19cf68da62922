package contract

import (
	"crypto/ecdh"
	"crypto/hpke"
	"encoding/base64"
	"fmt"
	"strings"
)

// Answers of some operations hold signed links, and answers stand in Temporal's
// history. So that a link is for whoever asked and nobody else, a request may name
// a public key: links are then sealed for it, by HPKE in base mode (RFC 9180) with
// X25519, HKDF-SHA256 and ChaCha20-Poly1305, which libraries of every language
// have. A sealed link is sealedPrefix and, in base64, the encapsulated key and the
// ciphertext; info is linkInfo.
//
// Without a key links are plain, except where they hold a security token of the
// worker: those are withheld.
const (
	sealedPrefix = "sealed:"
	linkInfo     = "imagebatch link"
)

// LinkWithheld is why an answer has no link.
const LinkWithheld = "the link would hold a security token of the worker, which must not stand in Temporal's history; " +
	"send sealTo, a public key that links are sealed for, or let starter ask"

// LinksFor is the part of a request that says whom its answer's links are for.
type LinksFor struct {
	SealTo string `json:"sealTo,omitempty"` // an X25519 public key: 32 bytes, in base64
}

// Sealed tells whether links are to be sealed.
func (l LinksFor) Sealed() bool { return l.SealTo != "" }

// Seal makes a link unreadable for all but the holder of the private key.
// CodeBadRequest where the public key is none.
func (l LinksFor) Seal(link string) (string, error) {
	raw, err := base64.StdEncoding.DecodeString(l.SealTo)
	if err != nil {
		return "", Errorf(CodeBadRequest, "sealTo is not base64: %v", err)
	}
	point, err := ecdh.X25519().NewPublicKey(raw)
	if err != nil {
		return "", Errorf(CodeBadRequest, "sealTo is no X25519 public key: %v", err)
	}
	key, err := hpke.NewDHKEMPublicKey(point)
	if err != nil {
		return "", Errorf(CodeBadRequest, "sealTo is no X25519 public key: %v", err)
	}
	box, err := hpke.Seal(key, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), []byte(linkInfo), []byte(link))
	if err != nil {
		return "", Errorf(CodeBadRequest, "sealTo cannot be sealed for: %v", err)
	}
	return sealedPrefix + base64.StdEncoding.EncodeToString(box), nil
}

// LinkKey opens the links of one request. Make one a request and keep it in
// memory only.
type LinkKey struct{ private hpke.PrivateKey }

// NewLinkKey draws a key.
func NewLinkKey() (LinkKey, error) {
	private, err := hpke.DHKEM(ecdh.X25519()).GenerateKey()
	if err != nil {
		return LinkKey{}, fmt.Errorf("make key for links: %w", err)
	}
	return LinkKey{private}, nil
}

// For is what a request holds, for its links to be sealed for the key.
func (k LinkKey) For() LinksFor {
	return LinksFor{SealTo: base64.StdEncoding.EncodeToString(k.private.PublicKey().Bytes())}
}

// Open makes a sealed link plain. One that is not sealed stays as it is.
func (k LinkKey) Open(link string) (string, error) {
	text, sealed := strings.CutPrefix(link, sealedPrefix)
	if !sealed {
		return link, nil
	}
	box, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return "", fmt.Errorf("open sealed link: %w", err)
	}
	plain, err := hpke.Open(k.private, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), []byte(linkInfo), box)
	if err != nil {
		return "", fmt.Errorf("open sealed link: it is not for this key: %w", err)
	}
	return string(plain), nil
}

// AsksForLinks is an input whose answer holds links.
type AsksForLinks interface {
	// WithLinks is the input, with its links for somebody.
	WithLinks(LinksFor) any
}

// HasLinks is an answer that holds links.
type HasLinks interface{ Links() []*string }

// UploadInput asks for a place to put a picture.
type UploadInput struct{ LinksFor }

// WithLinks implements AsksForLinks.
func (in ReportInput) WithLinks(l LinksFor) any { in.LinksFor = l; return in }

// WithLinks implements AsksForLinks.
func (in CheckInput) WithLinks(l LinksFor) any { in.LinksFor = l; return in }

// WithLinks implements AsksForLinks.
func (in DumpMetaInput) WithLinks(l LinksFor) any { in.LinksFor = l; return in }

// WithLinks implements AsksForLinks.
func (in SearchInput) WithLinks(l LinksFor) any { in.LinksFor = l; return in }

// WithLinks implements AsksForLinks.
func (in UploadInput) WithLinks(l LinksFor) any { in.LinksFor = l; return in }

// Links implements HasLinks.
func (r *SignedReport) Links() []*string { return []*string{&r.URL, &r.CSVURL, &r.RestURL} }

// Links implements HasLinks.
func (r *CheckResult) Links() []*string { return []*string{&r.URL} }

// Links implements HasLinks.
func (r *DumpMetaResult) Links() []*string { return []*string{&r.URL} }

// Links implements HasLinks.
func (r *SearchResult) Links() []*string { return []*string{&r.SheetURL} }

// Links implements HasLinks.
func (u *Upload) Links() []*string { return []*string{&u.URL} }
