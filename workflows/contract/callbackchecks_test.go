package contract_test

import (
	"strings"
	"testing"

	"imagebatch/workflows/contract"
)

func TestValidateCallback(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		callback string
		says     string // "" when it is accepted
	}{
		"Plain":            {"https://shop.example/hooks/imagebatch", ""},
		"Query":            {"https://shop.example/hook?token=s3cret", ""},
		"Port":             {"http://shop.example:8080/hook", ""},
		"LastPort":         {"http://shop.example:65535/", ""},
		"EmptyPort":        {"http://shop.example:/", ""},
		"Address":          {"http://127.0.0.1:39147/hooks/imagebatch", ""},
		"Address6":         {"http://[2001:db8::1]:8080/", ""},
		"MappedAddress":    {"http://[::ffff:203.0.113.7]/", ""},
		"NameWithDigits":   {"https://hooks2.shop4.example/", ""},
		"NameLikeHex":      {"https://0x7f.example/", ""},
		"RootedName":       {"https://shop.example./", ""},
		"Foreign":          {"https://b\u00fccher.example/", ""},
		"Underscore":       {"http://shop_1.svc/", ""},
		"LongestLabel":     {"http://" + strings.Repeat("a", 63) + ".example/", ""},
		"Emoji":            {"http://\u263a.example/", ""},
		"WideStop":         {"http://shop\u3002example/", ""}, // which is looked up as shop.example
		"Zone":             {"http://[fe80::1%25eth0]/", ""},
		"Escaped":          {"http://shop.example/%20a%E2%80%AE", ""},
		"EmptyLabel":       {"http://shop..example/", `"shop..example" can be no name`},
		"FirstDot":         {"http://.example/", "can be no name"},
		"TwoLastDots":      {"http://shop.example../", "can be no name"},
		"OnlyDot":          {"http://./", "can be no name"},
		"LongLabel":        {"http://" + strings.Repeat("a", 64) + ".example/", "can be no name"},
		"LongName":         {"http://" + strings.Repeat("abcdefghi.", 26) + "example/", "253 characters in all"},
		"Star":             {"http://*.example/", "can be no name"},
		"Comma":            {"http://a.example,b.example/", "can be no name"},
		"BidiHost":         {"http://shop\u202e.example/", `"shop\u202e.example" can be no name`},
		"JoinerHost":       {"http://sh\u200bop.example/", "can be no name"},
		"BidiPath":         {"http://shop.example/\u202es3cret", "the character U+202E at byte 21"},
		"Space":            {"http://shop.example/a s3cret", "the character U+0020 at byte 22, which no URL has; remove it, or write it as %20"},
		"LastSpace":        {"http://shop.example/ ", "U+0020"},
		"WideSpace":        {"http://shop.example/\u3000", "U+3000"},
		"C1":               {"http://shop.example/\u009b", "U+009B"},
		"NotUTF8":          {"http://shop.example/\xff", "U+FFFD"},
		"NoScheme":         {"shop.example/hook", "not an http:// or https:// URL"},
		"OtherScheme":      {"ftp://shop.example/s3cret", "not an http:// or https:// URL"},
		"NoHost":           {"https:///s3cret", "with a host"},
		"OnlyPort":         {"https://:443/s3cret", "with a host"},
		"User":             {"https://user@shop.example/hook", `IMAGEBATCH_CALLBACK_CREDENTIALS names the Authorization header for "shop.example"`},
		"Password":         {"https://user:s3cret@shop.example:8443/hook?token=s3cret", `header for "shop.example:8443"`},
		"OnlyPassword":     {"https://:s3cret@shop.example/", "leave them out"},
		"EmptyUser":        {"https://@shop.example/", "leave them out"},
		"PortZero":         {"https://shop.example:0/", "the port 0; give one from 1 to 65535"},
		"PortZeros":        {"https://shop.example:000/", "the port 000"},
		"PortTooLarge":     {"https://shop.example:65536/", "the port 65536"},
		"PortHuge":         {"https://shop.example:99999999999999999999999999/", "the port 99999999999999999999…"},
		"PortOfAnAddress":  {"http://[::1]:70000/", "the port 70000"},
		"PortNoNumber":     {"https://shop.example:https/s3cret", "not an http:// or https:// URL"},
		"Decimal":          {"http://2130706433/", `"2130706433" is a number in a form`},
		"DecimalOfPublic":  {"http://3405803783:8080/hook", "four decimal numbers such as 203.0.113.7"},
		"Octal":            {"http://0177.1/", `"0177.1"`},
		"OctalFour":        {"http://0177.0.0.01/", `"0177.0.0.01"`},
		"Hex":              {"http://0x7f000001/", `"0x7f000001"`},
		"HexUpper":         {"http://0X7F.0.0.1/", `"0X7F.0.0.1"`},
		"HexAtLast":        {"http://127.0.0.0x1/", `"127.0.0.0x1"`},
		"HexNothing":       {"http://127.0.0.0x/", `"127.0.0.0x"`},
		"Short":            {"http://127.1/", `"127.1"`},
		"ShortThree":       {"http://10.0.1/", `"10.0.1"`},
		"Zero":             {"http://0/", `"0"`},
		"Five":             {"http://1.2.3.4.5/", `"1.2.3.4.5"`},
		"TooLarge":         {"http://256.1.1.1/", `"256.1.1.1"`},
		"RootedAddress":    {"http://127.0.0.1./", `"127.0.0.1."`},
		"FullWidthDigits":  {"http://\uff11\uff12\uff17.0.0.1/", "a number in a form"},
		"CircledDigits":    {"http://127.0.0.\u2460/", "a number in a form"},
		"IdeographicStops": {"http://127\u30020\u30020\u30021/", "a number in a form"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := contract.BatchTaskInput{Instance: "shop", Bucket: "photos", Path: "/a", Callback: test.callback}
			err := in.Validate()
			if test.says == "" {
				if err != nil {
					t.Errorf("error = %v; want none", err)
				}
				return
			}
			if !contract.IsCode(err, contract.CodeBadRequest) || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("error = %v; want one that says %q, and no secret", err, test.says)
			}
			in.Carried = &contract.CarriedTask{}
			if early := in.EarlierChecks(); early == nil && in.Validate() != nil {
				t.Error("a task that was accepted before is refused when it goes on")
			}
		})
	}
}

func TestShownURL(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"":                          "",
		"https://shop.example/hook": "https://shop.example/hook",
		"https://shop.example/hook?token=s3cret&x=1":       "https://shop.example/hook?…",
		"https://shop.example?token=s3cret":                "https://shop.example?…",
		"https://shop.example/hook?":                       "https://shop.example/hook?…",
		"https://shop.example/hook#s3cret":                 "https://shop.example/hook",
		"https://shop.example/hook#s3cret?s3cret":          "https://shop.example/hook",
		"https://user:s3cret@shop.example:8443/a@b?s3cret": "https://…@shop.example:8443/a@b?…",
		"https://us@er:s3cret@shop.example":                "https://…@shop.example",
		"/no/host@here?s3cret":                             "/no/host@here?…",
	} {
		if got := contract.ShownURL(address); got != want {
			t.Errorf("ShownURL(%q) = %q; want %q", address, got, want)
		}
	}
}
