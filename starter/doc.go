// Command starter is how people use imagebatch: it creates instances, starts
// and follows batch tasks, fetches their reports and searches by picture.
//
// It holds no state and touches no database. Everything it knows it asks of
// Temporal: tasks through the signals, updates and the query of package
// contract; everything else through operations, short workflows that a worker
// answers. What does not fit a payload travels by signed links that operations
// hand out. It builds without cgo and imports, of this project, only
// workflows/contract, workflows/manifest and workflows/filter.
//
// The map, in the order in which a command passes through:
//
//	main.go          the command line as a whole: flags, exit statuses
//	instance.go      instance create, list, get, delete
//	instancerates.go instance rates
//	instancedump.go  instance dump
//	batch.go         batch start
//	batchlist.go     batch list, get; how a task is found and shown
//	batchwatch.go    batch watch and start --wait
//	setback.go       what holds a task up
//	batchcontrol.go  batch cancel, suspend, resume
//	batchcallback.go batch callback
//	batchreport.go   batch report
//	batchcheck.go    batch check
//	image.go         image get; how a picture is shown
//	imageadd.go      image add; imageupdate.go, imagedelete.go, imagesearch.go and
//	                 imagecompare.go likewise
//	imagecontent.go  where a picture's bytes are, on this machine or in a bucket
//	imagefields.go   attributes and categories as flags
//	server.go        what the commands need of Temporal, and what can go wrong there
//	client.go        the same over the Temporal SDK
//	clienterrors.go  the SDK's errors in words that help
//	transfer.go      signed links
//	local.go         files of this machine
//	imagejson.go     pictures as JSON output has them
//	progress.go      the bar and the lines of a running task
//	output.go        tables, JSON, numbers, times
//	terminal.go      what strangers wrote, harmless where it is printed
package main
