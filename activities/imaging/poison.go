//go:build poison

package imaging

// #include <stdlib.h>
// #include <string.h>
// #include <unistd.h>
// #include <glib.h>
//
// static void ib_abort(void) { abort(); }
// static void ib_hang(void) { for (;;) pause(); }
// static void ib_eat(void) { for (;;) memset(g_malloc(16 << 20), 1, 16 << 20); }
import "C"

import "bytes"

// This decoder obeys words in the data of a picture, so that tests can have what
// real pictures do to real decoders, when they please. It is in no product.
// A poisoned picture holds one of them anywhere: the word, the stage, the deed.

const poisonWord = "imagebatch-poison:"

const (
	headerStage = "header:"
	pixelStage  = "pixels:"
)

func obey(data []byte, stage string) {
	_, order, found := bytes.Cut(data, []byte(poisonWord+stage))
	if !found {
		return
	}
	switch {
	case bytes.HasPrefix(order, []byte("abort")):
		C.ib_abort()
	case bytes.HasPrefix(order, []byte("hang")):
		C.ib_hang()
	case bytes.HasPrefix(order, []byte("memory")):
		C.ib_eat()
	}
}
