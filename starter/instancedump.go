package main

import (
	"fmt"

	"imagebatch/workflows/contract"
)

type instanceDump struct {
	Name string `arg:"" help:"Name of the instance."`
	File string `placeholder:"FILE" help:"Save the dump to this file; - is standard output. Without it a link is printed."`
}

// Run has the instance dumped. One dump of an instance runs at a time.
func (c *instanceDump) Run(a *app) error {
	in := contract.DumpMetaInput{Instance: c.Name}
	if err := in.Validate(); err != nil {
		return invalid(err)
	}
	dumped, err := operate(a.ctx, a, contract.DumpMeta, longLimit, in)
	if err != nil {
		return err
	}
	if c.File != "" {
		body, err := fetch(a.ctx, "dump", dumped.URL)
		if err != nil {
			return err
		}
		defer body.Close()
		if c.File == "-" {
			return a.pour("dump", body, asJSON)
		}
		if err := save(a.ctx, c.File, body); err != nil {
			return err
		}
		a.notef("%s saved to %s", plural(dumped.Pictures, "picture"), c.File)
		if again := importOf(dumped); again != "" && !a.json {
			a.notef("store them in another instance with: %s", again)
		}
	}
	if a.json {
		return a.printJSON(dumped)
	}
	if c.File != "" {
		return nil
	}
	return facts(a.stdout, "pictures", contract.Grouped(dumped.Pictures), "manifest", dumped.URL, "link valid until", a.moment(dumped.Expires),
		"store again with", importOf(dumped))
}

// importOf is the command that stores a dump in another instance, from where the
// worker has put it. Older workers do not say where that is.
func importOf(dumped contract.DumpMetaResult) string {
	if dumped.Bucket == "" {
		return ""
	}
	return fmt.Sprintf("starter batch start INSTANCE --bucket %s --path %s --dump", dumped.Bucket, dumped.Path)
}
