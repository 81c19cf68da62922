package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/attribute"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/opentelemetry"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
)

// metrics are what Prometheus reads of a worker: the SDK's own and ours.
type metrics struct {
	registry *prometheus.Registry
	meter    metric.Meter
	lines    metric.Int64Counter
	stages   metric.Float64Histogram
	fetches  metric.Int64Gauge
}

func newMetrics() (*metrics, error) {
	m := &metrics{registry: prometheus.NewRegistry()}
	exporter, err := otelprometheus.New(otelprometheus.WithRegisterer(m.registry), otelprometheus.WithoutScopeInfo())
	if err != nil {
		return nil, fmt.Errorf("set up metrics: %w", err)
	}
	m.meter = sdkmetric.NewMeterProvider(sdkmetric.WithReader(exporter)).Meter("imagebatch")
	if m.lines, err = m.meter.Int64Counter("imagebatch_lines", metric.WithDescription("lines handled, by outcome and code")); err != nil {
		return nil, fmt.Errorf("set up metrics: %w", err)
	}
	m.stages, err = m.meter.Float64Histogram("imagebatch_stage", metric.WithUnit("s"),
		metric.WithDescription("how long a stage took for a line; index: for a commit"),
		metric.WithExplicitBucketBoundaries(.0005, .001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10))
	if err != nil {
		return nil, fmt.Errorf("set up metrics: %w", err)
	}
	if m.fetches, err = m.meter.Int64Gauge("imagebatch_fetch_limit",
		metric.WithDescription("pictures that may be fetched at a time; less than the largest number while the object store throttles")); err != nil {
		return nil, fmt.Errorf("set up metrics: %w", err)
	}
	return m, nil
}

// temporal is the handler that the SDK reports to.
func (m *metrics) temporal() client.MetricsHandler {
	return opentelemetry.NewMetricsHandler(opentelemetry.MetricsHandlerOptions{Meter: m.meter})
}

// handler serves the metrics in Prometheus' text format.
func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Line counts a line.
func (m *metrics) Line(ending activities.Ending, code contract.Code) {
	m.lines.Add(context.Background(), 1, metric.WithAttributes(
		attribute.String("outcome", outcomeNames[ending]), attribute.String("code", string(code))))
}

// Stage notes how long a stage took.
func (m *metrics) Stage(stage activities.Stage, took time.Duration) {
	m.stages.Record(context.Background(), took.Seconds(), stageOptions[stage])
}

// fetchLimit notes how many pictures may be fetched at a time.
func (m *metrics) fetchLimit(limit int) { m.fetches.Record(context.Background(), int64(limit)) }

var outcomeNames = map[activities.Ending]string{
	activities.Succeeded: "succeeded", activities.Failed: "failed",
	activities.Skipped: "skipped", activities.Blank: "blank",
}

// stageOptions are made once: a stage is measured for every picture.
var stageOptions = map[activities.Stage]metric.MeasurementOption{
	activities.Fetched:    metric.WithAttributeSet(attribute.NewSet(attribute.String("stage", "fetch"))),
	activities.Validated:  metric.WithAttributeSet(attribute.NewSet(attribute.String("stage", "validate"))),
	activities.Featurized: metric.WithAttributeSet(attribute.NewSet(attribute.String("stage", "featurize"))),
	activities.Indexed:    metric.WithAttributeSet(attribute.NewSet(attribute.String("stage", "index"))),
}
