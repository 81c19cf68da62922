package pool

import (
	"encoding/binary"
	"fmt"
	"io"
)

// A frame is one byte that says what it is, four with the length of what
// follows, big-endian, and that.
const frameHead = 5

// What frames are. Each request has one answer, and no frame comes unasked but
// the greeting.
const (
	frameGreeting  byte = 'g' // child: ready; the version of its features
	frameOpen      byte = 'o' // parent: the bytes of a picture
	frameFeaturize byte = 'f' // parent: the view to take of it
	framePreview   byte = 'p' // parent: how long a side of the preview may be
	frameHeader    byte = 'h' // child: what the picture's header says
	frameFeature   byte = 'v' // child: its feature
	frameImage     byte = 'i' // child: a preview
	frameRefusal   byte = 'r' // child: why there is none of these
)

// Longest contents. A picture is as long as callers let it be; the limit is for
// a stream that went astray.
const (
	longestAnswer  = 256 << 10
	longestRequest = 256 << 20
)

// putHead writes the head of a frame.
func putHead(head *[frameHead]byte, kind byte, length int) {
	head[0] = kind
	binary.BigEndian.PutUint32(head[1:], uint32(length))
}

// readFrame reads a frame into the buffer that there is for its kind, which
// grows as needed. io.EOF means that there is none.
func readFrame(in io.Reader, buffer func(kind byte) *[]byte, longest int) (kind byte, content []byte, err error) {
	var head [frameHead]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return 0, nil, err
	}
	kind = head[0]
	length := int(binary.BigEndian.Uint32(head[1:]))
	if length > longest {
		return kind, nil, fmt.Errorf("read frame %q: it announces %d bytes, more than %d", kind, length, longest)
	}
	room := buffer(kind)
	if cap(*room) < length {
		*room = make([]byte, length)
	}
	content = (*room)[:length]
	if _, err := io.ReadFull(in, content); err != nil {
		return kind, nil, fmt.Errorf("read frame %q: %w", kind, err)
	}
	return kind, content, nil
}
