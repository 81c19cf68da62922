// Command worker does the work of imagebatch: it polls Temporal for workflows
// and activities, and holds the adapters to the object store, libvips and the
// index. Any number of workers may run; those of one machine share the database
// file.
//
// It is the only package that knows both the activities and their adapters:
// wire.go puts them together, register.go binds them to the names of package
// contract. Its settings come from the environment, see config.go.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"

	"imagebatch/activities/imaging/pool"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == imagingChild {
		exit(serveImaging(context.Background(), os.Args[2:]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the next signal ends the process at once
	exit(run(ctx, os.LookupEnv, os.Stderr))
}

// exit ends the process.
func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// run works until told ends, then finishes and commits what is in hand. It does
// not return later than IMAGEBATCH_STOP_TIMEOUT and lastMoments after that.
func run(told context.Context, lookup func(string) (string, bool), logs io.Writer) error {
	settings, err := readConfig(lookup)
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(logs, &slog.HandlerOptions{Level: settings.LogLevel}))
	slog.SetDefault(logger)
	// Credentials are in the environment and in memory; children read what strangers send.
	if err := pool.Hide(); err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(told)
	defer stop(nil)
	fatal := make(chan error, 1)
	err = bounded(ctx, settings.StopTimeout, logger, func(inHand context.Context) error {
		return serve(ctx, inHand, settings, logger, func(err error) {
			select {
			case fatal <- err:
			default: // the first one is why the worker stops
			}
			stop(err)
		})
	})
	select {
	case err := <-fatal:
		return err
	default:
	}
	if err != nil && told.Err() != nil {
		logger.Info("worker was told to stop before it worked", "was", err)
		return nil
	}
	return err
}

// serve builds the worker and has it poll until ctx ends. Activities have the
// context inHand; fail is told when the worker cannot go on.
func serve(ctx, inHand context.Context, settings config, logger *slog.Logger, fail func(error)) error {
	metrics, err := newMetrics()
	if err != nil {
		return err
	}
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return fmt.Errorf("read Temporal settings: %w", err)
	}
	options.Logger = sdklog.NewStructuredLogger(logger)
	options.MetricsHandler = metrics.temporal()
	temporal, err := dial(ctx, options, logger)
	if err != nil {
		return err
	}
	defer temporal.Close()

	here, err := findHome(ctx, temporal.WorkflowService(), options.Namespace, logger)
	if err != nil {
		return err
	}
	parts, err := wire(ctx, settings, temporal, metrics)
	if err != nil {
		return err
	}
	defer parts.close()
	// A database is not to find its home in a namespace that is of no use. Of one
	// that has a home elsewhere, that is what is wrong in the first place.
	lacks := checkAttributes(ctx, temporal.OperatorService(), options.Namespace, logger)
	if lacks == nil {
		lacks = moveIn(ctx, parts.store, settings.Database, here, settings.MovedFrom)
	} else if elsewhere := staysHome(ctx, parts.store, settings.Database, here, settings.MovedFrom); elsewhere != nil {
		lacks = elsewhere
	}
	if lacks != nil {
		return lacks
	}

	if settings.Retention > 0 {
		sweeping, stop := context.WithCancel(ctx)
		var sweeper sync.WaitGroup
		sweeper.Go(func() { forgetOld(sweeping, parts.store, settings.Retention, sweepEvery, logger) })
		defer sweeper.Wait()
		defer stop()
	}
	where, stopListening, err := listen(settings.Listen, metrics, parts.healthy)
	if err != nil {
		return err
	}
	defer stopListening()
	logger.Info("worker listens for /healthz and /metrics", "address", where)
	return work(ctx, inHand, settings, temporal, parts, logger, fail)
}

// dial connects to Temporal, however long the server takes to come up.
func dial(ctx context.Context, options client.Options, logger *slog.Logger) (client.Client, error) {
	for pause := time.Second; ; pause = min(2*pause, 30*time.Second) {
		temporal, err := client.DialContext(ctx, options)
		if err == nil {
			return temporal, nil
		}
		address := options.HostPort
		if address == "" {
			address = client.DefaultHostPort
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("connect to Temporal at %s: %w", address, err)
		}
		logger.Warn("Temporal is not reachable, trying again", "address", address, "pause", pause, "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// work polls until ctx ends. Slices have a queue and a worker of their own.
func work(ctx, inHand context.Context, settings config, temporal client.Client, parts *parts, logger *slog.Logger, fail func(error)) error {
	options := worker.Options{
		BackgroundActivityContext: inHand,
		// What is given up when inHand ends is still told to Temporal.
		WorkerStopTimeout:            settings.StopTimeout + lastMoments/2,
		MaxHeartbeatThrottleInterval: heartbeatThrottle,
		DisableRegistrationAliasing:  true,
		OnFatalError:                 fail,
	}
	general := worker.New(temporal, settings.TaskQueue, options)
	options.MaxConcurrentActivityExecutionSize = settings.Slices
	options.DisableWorkflowWorker = true
	slices := worker.New(temporal, sliceQueue(settings), options)
	register(general, slices, parts)
	// Both stop at once: a worker on its way out has no time for one after the
	// other, and results are with Temporal, whoever takes them into the workflows.
	var stopping sync.WaitGroup
	defer stopping.Wait()
	for _, part := range []struct {
		worker worker.Worker
		queue  string
	}{{general, settings.TaskQueue}, {slices, sliceQueue(settings)}} {
		if err := part.worker.Start(); err != nil {
			return fmt.Errorf("start polling %s: %w", part.queue, err)
		}
		defer stopping.Go(part.worker.Stop)
	}
	logger.Info("worker started", "taskQueue", settings.TaskQueue, "slices", settings.Slices, "cores", settings.Cores)

	<-ctx.Done()
	logger.Info("worker stops: what is in hand is finished and committed", "within", settings.StopTimeout)
	return nil
}

// heartbeatThrottle bounds how late an activity learns that it is to stop.
const heartbeatThrottle = 2 * time.Second
