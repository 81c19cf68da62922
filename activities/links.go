package activities

import (
	"net/url"
	"strings"

	"imagebatch/workflows/contract"
)

// conceal makes an answer fit for Temporal's history: its links are sealed for
// whoever asked, if they sent a key. Else those that hold a security token of the
// worker are left out, and it is said why.
func conceal(answer contract.HasLinks, asked contract.LinksFor) (noLink string, err error) {
	for _, link := range answer.Links() {
		switch {
		case *link == "":
		case asked.Sealed():
			if *link, err = asked.Seal(*link); err != nil {
				return "", err
			}
		case holdsToken(*link):
			*link, noLink = "", contract.LinkWithheld
		}
	}
	return noLink, nil
}

// holdsToken tells whether a signed link holds a security token: a secret by
// which, with the key pair that it belongs to, somebody is the worker. One that
// cannot be read counts as such.
func holdsToken(link string) bool {
	address, err := url.Parse(link)
	if err != nil {
		return true
	}
	query, err := url.ParseQuery(address.RawQuery)
	for name := range query {
		if strings.HasSuffix(strings.ToLower(name), "security-token") { // security-token, x-oss-security-token
			return true
		}
	}
	return err != nil
}
