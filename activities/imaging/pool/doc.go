// Package pool decodes pictures in child processes, so that one that crashes
// libvips, hangs it or makes it eat memory costs a child and not the worker. It
// implements [imagebatch/activities.Imager]; package imaging in the same process
// is its twin, and a setting chooses between them.
//
// It must not import package imaging, nor anything else that needs cgo: what
// decodes in a child is handed to [Serve] by the program that the child runs,
// which imports package template too.
//
// A child is the worker's own program in another mode, copied from a template
// that has loaded everything before. It has one picture in hand, so that whoever
// ends it is known: its death or its silence counts against that picture and no
// other. Such a picture is tried once more in a fresh process; then it is refused,
// as a contract.Error that says what happened. That a child does not start says
// nothing about pictures and is an error that may pass. So is that the kernel
// kills a child because others have used the memory up: its picture is tried again
// alone, and refused only if it takes more than there is.
//
// Children have no credentials in their environment, a limit of memory, and a
// number of pictures after which they are replaced. The kernel ends them with
// the worker. They ignore SIGTERM: the worker finishes what is in hand with
// their help.
//
// The parent's side: config.go, pool.go, picture.go, process.go, launch.go,
// template.go, journal.go (what a child says on standard error), shortage.go,
// verdict.go. The child's: package template, serve.go, confine.go, ration.go. Both
// sides of a preview: preview.go. What they say to each other: frame.go,
// message.go.
package pool
