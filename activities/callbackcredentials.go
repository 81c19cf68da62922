package activities

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// CallbackCredentials are the Authorization headers that receivers of callbacks
// ask for, by the receiver's host. They come from the worker's environment, so
// that no task has to name them. The zero value has none; it never prints one.
type CallbackCredentials struct{ headers map[string]string }

// ParseCallbackCredentials reads one JSON object: a receiver's host, or host and
// port, with the value of the Authorization header that it is sent. A host alone
// stands for https on port 443; any other receiver is named with its port. JSON
// leaves no doubt where a header ends, whatever it holds. The errors quote nothing
// of it: what is in the wrong place may be a secret.
func ParseCallbackCredentials(text string) (CallbackCredentials, error) {
	const form = `give one JSON object of hosts and Authorization headers, such as {"hooks.example.com":"Bearer …"}`
	if strings.TrimSpace(text) == "" {
		return CallbackCredentials{}, nil
	}
	malformed := errors.New("is not JSON of that form: " + form)
	decoder := json.NewDecoder(strings.NewReader(text))
	if opening, err := decoder.Token(); err != nil || opening != json.Delim('{') {
		return CallbackCredentials{}, malformed
	}
	parsed := CallbackCredentials{headers: map[string]string{}}
	for entry := 1; decoder.More(); entry++ {
		name, err := decoder.Token()
		host, isText := name.(string)
		var header string
		if err != nil || !isText || decoder.Decode(&header) != nil {
			return CallbackCredentials{}, malformed
		}
		receiver, why := receiverOf(host)
		_, twice := parsed.headers[receiver]
		switch {
		case why != "":
			return CallbackCredentials{}, fmt.Errorf("names, as receiver %d, what is no host: %s", entry, why)
		case twice:
			return CallbackCredentials{}, fmt.Errorf("names receiver %d twice: give one header for each", entry)
		case header == "" || strings.ContainsFunc(header, isInvisible) || strings.TrimSpace(header) != header:
			return CallbackCredentials{}, fmt.Errorf("has a header for receiver %d that HTTP cannot carry: give a scheme and its credentials on one line, such as \"Bearer …\"", entry)
		}
		parsed.headers[receiver] = header
	}
	if _, err := decoder.Token(); err != nil || strings.TrimSpace(text[decoder.InputOffset():]) != "" {
		return CallbackCredentials{}, malformed
	}
	return parsed, nil
}

// isInvisible reports whether a character may not stand in a header, as all but
// ASCII that prints.
func isInvisible(r rune) bool { return r < ' ' || r > '~' }

// receiverOf is a receiver as it is looked up, the lower-case host with its port
// where it names one, or why the name is none.
func receiverOf(name string) (receiver, why string) {
	u, err := url.Parse("//" + name)
	if err != nil || u.Host != name || u.Hostname() == "" || strings.HasSuffix(name, ":") {
		return "", "give a host or host:port, without scheme, user and path"
	}
	host := strings.ToLower(u.Hostname())
	if u.Port() == "" {
		return host, ""
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil || port == 0 {
		return "", "give a port from 1 to 65535"
	}
	return net.JoinHostPort(host, strconv.FormatUint(port, 10)), ""
}

// header is what the receiver at an address is to be sent as Authorization, and
// whether that is named.
func (c CallbackCredentials) header(to *url.URL) (string, bool) {
	host, port := strings.ToLower(to.Hostname()), to.Port()
	if n, err := strconv.Atoi(port); err == nil {
		port = strconv.Itoa(n) // 0443 is 443
	}
	if to.Scheme == "https" && (port == "" || port == "443") {
		if header, named := c.headers[host]; named {
			return header, true
		}
	}
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[to.Scheme]
	}
	header, named := c.headers[net.JoinHostPort(host, port)]
	return header, named
}

// String says how many receivers there are, and nothing about them.
func (c CallbackCredentials) String() string {
	return fmt.Sprintf("credentials for %d receivers", len(c.headers))
}

// GoString is String.
func (c CallbackCredentials) GoString() string { return c.String() }
