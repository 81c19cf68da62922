package manifest

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"imagebatch/workflows/contract"
)

var scheme = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*):/{1,2}`)

// AddressRemedy says what to write in place of a PicName that is an address, in a
// manifest of that bucket and folder, or returns "": "oss://photos/shop/a.jpg" is
// a.jpg in the manifest of shop. It is no refusal, because object names may look
// like this. Bucket and folder may be empty where they are not known.
func AddressRemedy(name, bucket, folder string) string {
	found := scheme.FindStringSubmatch(name)
	if found == nil {
		return ""
	}
	kind, rest := strings.ToLower(found[1]), name[len(found[0]):]
	if kind == "http" || kind == "https" {
		return webRemedy(name, bucket, folder)
	}
	if kind != "oss" {
		return fmt.Sprintf("PicName is an address, %s://…; upload the picture to the manifest's folder and write its object name", kind)
	}
	in, key, _ := strings.Cut(rest, "/")
	return "PicName is the address of an object, oss://…; " + keyRemedy(in, key, bucket, folder)
}

// webRemedy is that of a web address, which may be one of an object of the bucket.
func webRemedy(name, bucket, folder string) string {
	const web = "PicName is a web address; "
	address, err := url.Parse(name)
	if err == nil && bucket != "" && strings.HasPrefix(address.Host, bucket+".") {
		return web + keyRemedy(bucket, strings.TrimPrefix(address.Path, "/"), bucket, folder)
	}
	return web + "pictures are read from the bucket, not from the web: upload it to the manifest's folder and write its object name"
}

// keyRemedy is what to write for an object.
func keyRemedy(in, key, bucket, folder string) string {
	below, inFolder := strings.CutPrefix(key, contract.PictureKey(folder, ""))
	switch {
	case bucket == "" || key == "":
		return "write the object's name below the manifest's folder"
	case in != bucket:
		return fmt.Sprintf("a task reads pictures of its own bucket, %q: copy the picture there and write its object name below the manifest's folder", bucket)
	case inFolder && below != "":
		return "write " + contract.Quote(below)
	}
	return fmt.Sprintf("write %s and start the task with --from-root, for it is outside of the manifest's folder", contract.Quote(key))
}
