package pool

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"

	"imagebatch/activities"
)

// Serve is the child's side: it gives up the system calls that decoding does not
// need, greets, then answers requests with the imager until in ends, which is how
// the parent lets go of a child. Every other end is an error. The imager has one
// picture at a time; whatever it loads or opens it has by now.
func Serve(ctx context.Context, imager activities.Imager, in io.Reader, out io.Writer) error {
	// One thread for all pictures: the C library keeps memory by thread, and another
	// one would have to fault its own in.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	c := &child{imager: imager, out: out, ration: newRation()}
	defer c.drop()
	if err := seal(); err != nil {
		return err
	}
	requests := bufio.NewReaderSize(in, 4<<10) // saves a call for each head; large contents pass it by
	greeting := func(to []byte) []byte { return append(to, imager.FeatureVersion()...) }
	if err := c.answer(frameGreeting, greeting); err != nil {
		return fmt.Errorf("greet the parent: %w", err)
	}
	for {
		kind, content, err := readFrame(requests, c.room, longestRequest)
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = c.handle(ctx, kind, content)
		}
		if err != nil {
			return fmt.Errorf("serve pictures: %w", err)
		}
	}
}

type child struct {
	imager  activities.Imager
	out     io.Writer
	ration  *ration
	picture activities.OpenPicture // nil for none

	data  []byte // of the picture
	view  []byte
	reply []byte
}

// room is where the content of a request goes. The bytes of a new picture
// replace those of the last one.
func (c *child) room(kind byte) *[]byte {
	if kind != frameOpen {
		return &c.view
	}
	c.drop()
	return &c.data
}

func (c *child) drop() {
	if c.picture != nil {
		c.picture.Close()
		c.picture = nil
	}
}

func (c *child) handle(ctx context.Context, kind byte, content []byte) error {
	switch kind {
	case frameOpen:
		c.ration.forHeader()
		picture, err := c.imager.Open(ctx, content)
		if err != nil {
			return c.refuse(err)
		}
		c.picture = picture
		header := picture.Header()
		c.ration.forPixels(int64(header.Width) * int64(header.Height))
		return c.answer(frameHeader, func(to []byte) []byte { return appendHeader(to, picture.Header()) })
	case frameFeaturize:
		view, err := parseView(content)
		if err != nil {
			return err
		}
		if c.picture == nil {
			return errors.New("there is no picture to featurize")
		}
		feature, err := c.picture.Featurize(ctx, view)
		if err != nil {
			return c.refuse(err)
		}
		return c.answer(frameFeature, func(to []byte) []byte { return appendFeature(to, feature) })
	case framePreview:
		return c.preview(ctx, content)
	}
	return fmt.Errorf("frame %q is no request", kind)
}

func (c *child) refuse(err error) error {
	return c.answer(frameRefusal, func(to []byte) []byte { return appendRefusal(to, err) })
}

// answer writes a frame at once: in parts it would wake the parent twice.
func (c *child) answer(kind byte, content func(to []byte) []byte) error {
	var head [frameHead]byte
	c.reply = content(append(c.reply[:0], head[:]...))
	putHead(&head, kind, len(c.reply)-frameHead)
	copy(c.reply, head[:])
	_, err := c.out.Write(c.reply)
	return err
}
