package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

type imageCmd struct {
	Get    imageGet    `cmd:"" help:"Show a picture as the index holds it."`
	Search imageSearch `cmd:"" help:"Find the pictures most alike to one."`
}

type imageGet struct {
	Instance string `arg:"" help:"Instance to look in."`
	Product  string `arg:"" help:"ProductId of the picture."`
	PicName  string `arg:"" name:"picname" help:"PicName of the picture, as the manifest wrote it."`
}

// Run shows the picture.
func (c *imageGet) Run(a *app) error {
	if err := contract.ValidateInstanceName(c.Instance); err != nil {
		return invalid(err)
	}
	p, err := operate(a.ctx, a, contract.GetImage, operationLimit, contract.PictureRef{Instance: c.Instance, ProductID: c.Product, PicName: c.PicName})
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(p)
	}
	return facts(a.stdout,
		"product", p.ProductID, "picture", p.PicName, "category", category(p.CategoryID),
		"custom content", text(p.CustomContent), "attributes", attributes(p),
		"size", fmt.Sprintf("%d × %d", p.Width, p.Height), "region", p.Region,
		"stored by", fmt.Sprintf("task %d, line %d", p.Task, p.Line))
}

type imageSearch struct {
	Instance string `arg:"" help:"Instance to search."`
	File     string `type:"path" placeholder:"FILE" help:"A picture on this machine, up to 4 MiB."`
	Bucket   string `placeholder:"NAME" help:"Bucket of a picture."`
	Key      string `placeholder:"KEY" help:"Object key of a picture in the bucket."`
	RoleARN  string `name:"role-arn" placeholder:"ARN" help:"RAM role to read the bucket with."`
	Num      int    `default:"10" help:"How many hits, 1 to 100. Default: ${default}."`
	Region   string `placeholder:"X1,X2,Y1,Y2" help:"The subject of the picture, in pixels: both x first, then both y."`
}

// Validate refuses flags that cannot mean anything.
func (c *imageSearch) Validate() error {
	switch {
	case c.File != "" && (c.Bucket != "" || c.Key != "" || c.RoleARN != ""):
		return errors.New("--file does not go with --bucket, --key and --role-arn")
	case c.File == "" && (c.Bucket == "" || c.Key == ""):
		return errors.New("no picture is given; give --file, or --bucket and --key")
	case c.Num < 1 || c.Num > 100:
		return fmt.Errorf("--num is %d; ask for 1 to 100 hits", c.Num)
	}
	if c.Region != "" {
		if _, err := manifest.ParseRegion(c.Region); err != nil {
			return fmt.Errorf("--region: %w", err)
		}
	}
	return nil
}

// Run searches. A local picture is first put where the worker can read it.
func (c *imageSearch) Run(a *app) error {
	in := contract.SearchInput{Instance: c.Instance, Bucket: c.Bucket, Key: c.Key, RoleARN: c.RoleARN, Num: c.Num, Region: c.Region}
	if c.File != "" {
		in.Uploaded, in.Key = true, c.File // a key to be, so that the rest is checked before anything is sent
	}
	if err := in.Validate(); err != nil {
		return invalid(err)
	}
	if c.File != "" {
		key, err := a.upload(c.File)
		if err != nil {
			return err
		}
		in.Key = key
	}
	found, err := operate(a.ctx, a, contract.SearchImage, operationLimit, in)
	if err != nil {
		return err
	}
	if a.json {
		if found.Hits == nil {
			found.Hits = []contract.Hit{}
		}
		return a.printJSON(found)
	}
	if len(found.Hits) == 0 {
		a.notef("no hits; instance %s has %s", c.Instance, plural(found.Searched, "picture"))
		return nil
	}
	t := newTable("RANK", "SCORE", "PRODUCT", "PICTURE", "CATEGORY", "CUSTOM CONTENT", "ATTRIBUTES")
	for i, h := range found.Hits {
		t.add(strconv.Itoa(i+1), fmt.Sprintf("%.4f", h.Score), h.ProductID, h.PicName, category(h.CategoryID),
			dash(short(text(h.CustomContent))), dash(attributes(h.Picture)))
	}
	if err := t.writeTo(a.stdout); err != nil {
		return err
	}
	return a.printf("%s of %s compared\n", plural(int64(len(found.Hits)), "hit"), plural(found.Searched, "picture"))
}

// upload puts a local picture where operations can read it and returns its key.
func (a *app) upload(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", fmt.Errorf("read picture: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, contract.MaxPictureBytes+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("read picture: %w", err)
	case len(data) == 0:
		return "", contract.Errorf(contract.CodeNoSpecifiedPicContent, "%q is empty; give a picture", name)
	case len(data) > contract.MaxPictureBytes:
		return "", contract.Errorf(contract.CodeInvalidPicContent, "%q is larger than 4 MiB (%s bytes); make it smaller", name, count(contract.MaxPictureBytes))
	}
	place, err := operate(a.ctx, a, contract.NewUpload, operationLimit, contract.Nothing{})
	if err != nil {
		return "", err
	}
	return place.Key, send(a.ctx, "picture", place.URL, data)
}

func category(id int) string {
	if name, ok := contract.CategoryName(id); ok {
		return name
	}
	return strconv.Itoa(id)
}

// attributes lists the attributes that are set, under their manifest names.
func attributes(p contract.Picture) string {
	var parts []string
	for i, v := range p.IntAttrs {
		if v != nil {
			parts = append(parts, fmt.Sprintf("%s=%d", numbered("IntAttr", i), *v))
		}
	}
	for i, v := range p.StrAttrs {
		if v != nil {
			parts = append(parts, fmt.Sprintf("%s=%s", numbered("StrAttr", i), *v))
		}
	}
	return strings.Join(parts, " ")
}

func numbered(name string, index int) string {
	if index == 0 {
		return name
	}
	return name + strconv.Itoa(index+1)
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// short cuts a cell of a table that would push the others off the screen.
func short(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
