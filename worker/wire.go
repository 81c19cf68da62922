package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"go.temporal.io/sdk/client"

	"imagebatch/activities"
	"imagebatch/activities/index"
	"imagebatch/activities/oss"
	"imagebatch/activities/store"
)

// parts are the activities with their adapters plugged in.
type parts struct {
	tasks     *activities.Tasks
	plans     *activities.Plans
	slices    *activities.Slices
	reports   *activities.Reports
	callbacks *activities.Callbacks
	instances *activities.Instances
	images    *activities.Images

	temporal client.Client
	store    *store.Store
	imager   func() error // closes it
}

// wire plugs the adapters into the activities.
func wire(ctx context.Context, settings config, temporal client.Client, m *metrics) (*parts, error) {
	imager, closeImager, err := newImager(settings)
	if err != nil {
		return nil, err
	}
	identities, err := oss.New(settings.OSS)
	if err != nil {
		return nil, err
	}
	own, err := identities.As(ctx, "")
	if err != nil {
		return nil, err
	}
	ledger, err := store.Open(ctx, settings.Database)
	if err != nil {
		return nil, err
	}
	pictures := index.New(ledger)
	results := activities.Results{Objects: own, Bucket: settings.ResultsBucket, Installation: ledger.Installation()}
	limits := activities.NewLimits(settings.Cores)
	limits.Fetchers = settings.Fetchers
	limits.Fetches = activities.NewFetchLimit(settings.Fetchers*settings.Slices, m.fetchLimit)
	return &parts{
		tasks: &activities.Tasks{Ledger: ledger, Runs: runs{temporal}},
		plans: &activities.Plans{Ledger: ledger, Index: pictures, Identities: identities, Results: results},
		slices: &activities.Slices{
			Ledger: ledger, Index: pictures, Identities: identities, Results: results,
			Imager: imager, Meter: m, Limits: limits,
		},
		reports: &activities.Reports{Ledger: ledger, Identities: identities, Results: results},
		callbacks: &activities.Callbacks{
			Ledger: ledger, Results: results,
			Transport: activities.NewCallbackTransport(settings.CallbackAllow), Zone: settings.CallbackZone, Keys: settings.CallbackKeys,
			Credentials: settings.Credentials,
		},
		instances: &activities.Instances{Index: pictures, Rates: ledger},
		images: &activities.Images{
			Index: pictures, Pictures: pictures, Rates: ledger, Identities: identities, Results: results,
			Imager: imager, Limits: limits, Similarity: index.Similarity,
		},
		temporal: temporal, store: ledger, imager: closeImager,
	}, nil
}

// healthy reports what keeps the worker from working, on one line: Temporal, and
// a database that cannot be read or written.
func (p *parts) healthy(ctx context.Context) error {
	var temporal, database error
	var group sync.WaitGroup
	group.Go(func() {
		if _, temporal = p.temporal.CheckHealth(ctx, &client.CheckHealthRequest{}); temporal != nil {
			temporal = fmt.Errorf("temporal: %w", temporal)
		}
	})
	group.Go(func() {
		if _, database = p.store.OpenTasks(ctx); database == nil {
			database = p.store.Writable(ctx)
		}
		if database != nil {
			database = fmt.Errorf("database: %w", database)
		}
	})
	group.Wait()
	if temporal != nil && database != nil {
		return fmt.Errorf("%w; %w", temporal, database)
	}
	return errors.Join(temporal, database)
}

// close ends the imaging processes and closes the database; no activity may be
// under way.
func (p *parts) close() error { return errors.Join(p.imager(), p.store.Close()) }
