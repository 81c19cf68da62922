package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"imagebatch/workflows/contract"
)

// pictureSource are the flags that say where the bytes of a picture are.
type pictureSource struct {
	File    string `type:"path" placeholder:"FILE" help:"A picture on this machine, up to 4 MiB."`
	Bucket  string `placeholder:"NAME" help:"Bucket of a picture."`
	Key     string `placeholder:"KEY" help:"Object key of a picture in the bucket."`
	RoleARN string `name:"role-arn" placeholder:"ARN" help:"RAM role to read the bucket with."`
}

// given reports whether any of the flags is.
func (s pictureSource) given() bool { return s != pictureSource{} }

// check refuses flags that do not name one picture.
func (s pictureSource) check() error {
	switch {
	case s.File != "" && (s.Bucket != "" || s.Key != "" || s.RoleARN != ""):
		return errors.New("--file does not go with --bucket, --key and --role-arn")
	case s.File == "" && (s.Bucket == "" || s.Key == ""):
		return errors.New("no picture is given; give --file, or --bucket and --key")
	}
	return nil
}

// content is the picture as operations name it. A local file has its own name
// for a key to be, so that the rest is checked before anything is sent.
func (s pictureSource) content() contract.PicContent {
	if s.File != "" {
		return contract.PicContent{Key: s.File, Uploaded: true}
	}
	return contract.PicContent{Bucket: s.Bucket, Key: s.Key, RoleARN: s.RoleARN}
}

// place is the picture where a worker can read it: a local file is put there.
func (a *app) place(s pictureSource) (contract.PicContent, error) {
	content := s.content()
	if s.File == "" {
		return content, nil
	}
	var err error
	content.Key, err = a.upload(s.File)
	return content, err
}

// upload puts a local picture where operations can read it and returns its key.
func (a *app) upload(name string) (string, error) {
	f, err := openLocal(a.ctx, name)
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
		return "", contract.Errorf(contract.CodeInvalidPicContent, "%q is larger than 4 MiB (%s bytes); make it smaller", name, contract.Grouped(contract.MaxPictureBytes))
	}
	place, err := operate(a.ctx, a, contract.NewUpload, operationLimit, contract.UploadInput{})
	if err != nil {
		return "", err
	}
	return place.Key, send(a.ctx, "picture", place.URL, data)
}

// sourceOf reads a picture that is named by one word: a local file, or an object
// written oss://bucket/key.
func sourceOf(word, role string) (pictureSource, error) {
	object, ok := strings.CutPrefix(word, "oss://")
	if !ok {
		return pictureSource{File: word}, nil
	}
	bucket, key, _ := strings.Cut(object, "/")
	if bucket == "" || key == "" {
		return pictureSource{}, usagef("%q names no object; write oss://bucket/key", word)
	}
	return pictureSource{Bucket: bucket, Key: key, RoleARN: role}, nil
}
