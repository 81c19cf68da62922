package contract

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ValidateCallback checks a callback's address as far as that goes without
// asking anyone: a scheme, a host and a port that there can be, and no secret
// where secrets are not kept. Whether the address may be reached is decided when
// it is dialled. The refusal repeats nothing of the address but its host.
func ValidateCallback(callback string) error {
	u, err := url.Parse(callback)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errCallback()
	}
	if u.User != nil {
		return Errorf(CodeBadRequest,
			"the callback names a user or a password, which Temporal's history would keep for all to read; leave them out, and have the workers send them: IMAGEBATCH_CALLBACK_CREDENTIALS names the Authorization header for %s", Quote(u.Host))
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return Errorf(CodeBadRequest, "the callback has the port %s; give one from 1 to 65535, or leave it out", clipDigits(port))
		}
	}
	if disguised(u.Hostname()) {
		return Errorf(CodeBadRequest,
			"the callback's host %s is a number in a form that programs read differently; write the address as four decimal numbers such as 203.0.113.7, or give a name", Quote(u.Hostname()))
	}
	if !resolvable(u.Hostname()) {
		return Errorf(CodeBadRequest,
			"the callback's host %s can be no name: labels of 1 to 63 letters, digits and hyphens with dots between them, 253 characters in all; correct it", Quote(u.Hostname()))
	}
	if at := strings.IndexFunc(callback, unseen); at >= 0 {
		r, _ := utf8.DecodeRuneInString(callback[at:])
		return Errorf(CodeBadRequest, "the callback holds the character %U at byte %d, which no URL has; remove it, or write it as %s", r, at+1, url.PathEscape(string(r)))
	}
	return nil
}

// unseen reports whether a character is white space, or is not seen at all.
func unseen(r rune) bool {
	return r == utf8.RuneError || unicode.IsSpace(r) || unicode.Is(unicode.C, r)
}

// resolvable reports whether a host is an address, or a name that could be looked
// up: delivery would try one that cannot for days. Underscores are in use.
// Source: https://www.rfc-editor.org/rfc/rfc1035, section 2.3.4
func resolvable(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	name := strings.TrimSuffix(host, ".")
	if len(name) > 253 && strings.IndexFunc(name, func(r rune) bool { return r > unicode.MaxASCII }) < 0 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		plain := true
		for _, r := range label {
			switch {
			case r > unicode.MaxASCII:
				plain = false
				if unseen(r) {
					return false
				}
			case r != '-' && r != '_' && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z'):
				return false
			}
		}
		if label == "" || plain && len(label) > 63 { // one in other scripts is longer or shorter when it is looked up
			return false
		}
	}
	return true
}

func errCallback() error {
	return Errorf(CodeBadRequest, "the callback is not an http:// or https:// URL with a host; give one such as https://shop.example/hooks/imagebatch")
}

// clipDigits keeps an endless port out of a message.
func clipDigits(port string) string {
	if len(port) > 20 {
		return port[:20] + "…"
	}
	return port
}

// disguised reports whether a host is an IPv4 address in another form than four
// decimal numbers: 2130706433, 0177.1, 0x7f.0.0.1 and 127.1 are all 127.0.0.1,
// to those who read them so.
// Source: https://url.spec.whatwg.org/#ends-in-a-number-checker
func disguised(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return false
	}
	host = strings.NewReplacer("。", ".", "．", ".", "｡", ".").Replace(host) // as when the name is looked up
	for _, r := range host {                                               // ① becomes 1
		if r > unicode.MaxASCII && unicode.IsNumber(r) {
			return true
		}
	}
	labels := strings.Split(strings.TrimRight(host, "."), ".")
	last := strings.ToLower(labels[len(labels)-1])
	if digits, hex := strings.CutPrefix(last, "0x"); hex {
		return strings.Trim(digits, "0123456789abcdef") == ""
	}
	return last != "" && strings.Trim(last, "0123456789") == ""
}

// ShownURL is an address as people may see it: without what it says of users,
// and with ?… for its query, which may hold a secret.
func ShownURL(address string) string {
	shown, _, _ := strings.Cut(address, "#")
	shown, _, queried := strings.Cut(shown, "?")
	scheme, rest, _ := strings.Cut(shown, "//")
	authority, _, _ := strings.Cut(rest, "/")
	if user := strings.LastIndexByte(authority, '@'); user >= 0 {
		shown = scheme + "//…" + rest[user:]
	}
	if queried {
		shown += "?…"
	}
	return shown
}
