package store

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"imagebatch/workflows/contract"
)

// The rates of an instance that nobody has adjusted.
// Sources: https://www.alibabacloud.com/help/en/image-search/product-overview/limits
// and https://www.alibabacloud.com/help/en/image-search/developer-reference/api-updateimage
var usualRates = []contract.Rate{
	{Operation: contract.RateAdd, PerSecond: 5}, // and see smallCapacity
	{Operation: contract.RateCompare, PerSecond: 5},
	{Operation: contract.RateDelete, PerSecond: 20},
	{Operation: contract.RateDescribe, PerSecond: 1},
	{Operation: contract.RateDump, PerSecond: 1},
	{Operation: contract.RateGet, PerSecond: 5},
	{Operation: contract.RateSearch, PerSecond: 5},
	{Operation: contract.RateUpdate, PerSecond: 20},
}

// An instance of at most so many pictures takes in fewer of them a second.
// Source: https://www.alibabacloud.com/help/en/image-search/product-overview/terms
const (
	smallCapacity = 100_000
	smallAddRate  = 1
)

// Bounds of a rate that is set: about four requests an hour, and more than one
// file can write down.
const (
	lowestRate  = 0.001
	highestRate = 10_000
)

// rateBurst is how much of its rate an instance that was idle may use at once:
// what would have come in this time, and at least one request.
const rateBurst = time.Second

// rateSkew is how far a clock may be set back before what it said is forgotten.
const rateSkew = time.Second

// Allow counts a request to an instance, or refuses it for now with
// CodeDeniedRequest and how long to wait before the next try. All processes that
// have the file open share the rate. A repeated request counts again; a refused
// one does not count, and writes nothing. CodeInstanceNotFound.
//
// A request that only reads needs no file that can be written: while it cannot,
// each process keeps the rate by itself.
//
// The time is asked for once it is the request's turn, so that requests have one
// order: pass time.Now. Workers that share a file run on one machine, and so by
// one clock. When that is set back, what was counted is forgotten instead of
// being waited for.
func (s *Store) Allow(ctx context.Context, instance, operation string, now func() time.Time) (wait time.Duration, err error) {
	var asked request
	look := func(t *Tx) (err error) {
		if asked, err = t.request(instance, operation); err == nil {
			_, wait, err = asked.admit(now(), s.unbooked.due(asked.key))
		}
		return err
	}
	// Most of a flood ends here, without taking the turn of those who write.
	if err := s.Read(ctx, look); err != nil {
		return wait, err
	}
	book := func(t *Tx) (err error) {
		if asked, err = t.request(instance, operation); err != nil {
			return err
		}
		var next time.Time
		if next, wait, err = asked.admit(now(), s.unbooked.due(asked.key)); err != nil {
			return err
		}
		_, err = t.Exec(`INSERT INTO rate (instance, operation, due) VALUES (?, ?, ?)
			ON CONFLICT (instance, operation) DO UPDATE SET due = excluded.due`, asked.key.instance, operation, next.UnixNano())
		return err
	}
	if slices.Contains(readingOperations, operation) {
		return s.bookReading(ctx, &asked, &wait, book, now)
	}
	return wait, s.Write(ctx, book)
}

// request is one that wants to be admitted.
type request struct {
	key  rateKey
	name string // of the instance
	rate contract.Rate
	due  time.Time // when it would come if requests came evenly, as it is booked
}

// rateKey is what a rate is of.
type rateKey struct {
	instance  int64
	operation string
}

func (t *Tx) request(name, operation string) (request, error) {
	instance, err := t.Instance(name)
	if err != nil {
		return request{}, err
	}
	rate, due, err := t.rate(instance, operation)
	return request{rateKey{instance.Number, operation}, name, rate, due}, err
}

// admit decides on a request by the generic cell rate algorithm of ITU-T I.371:
// requests are due evenly, and each may come early by what the burst allows. Of
// one that is admitted, next is what is to be booked. What has not been booked so
// far may make it due later.
func (r request) admit(at, unbooked time.Time) (next time.Time, wait time.Duration, err error) {
	due, interval := r.due, time.Duration(float64(time.Second)/r.rate.PerSecond)
	if unbooked.After(due) {
		due = unbooked
	}
	if due.Before(at) || due.After(at.Add(max(rateBurst, interval)+rateSkew)) {
		due = at
	}
	if wait = due.Sub(at) - max(0, rateBurst-interval); wait > 0 {
		return time.Time{}, wait, contract.Errorf(contract.CodeDeniedRequest,
			"Your request was denied due to instance flow control. Instance %q takes %s a second of %s; try again in %s, or have the rate raised",
			r.name, strconv.FormatFloat(r.rate.PerSecond, 'g', -1, 64), r.key.operation, wait.Truncate(time.Millisecond)+time.Millisecond)
	}
	return due.Add(interval), 0, nil
}

// rate is the rate in force for an operation, and when its next request is due.
func (t *Tx) rate(instance Instance, operation string) (rate contract.Rate, due time.Time, err error) {
	rate, err = usualRate(instance, operation)
	if err != nil {
		return rate, due, err
	}
	var set *float64
	var next int64
	if _, err := t.Row([]any{&set, &next}, "SELECT per_second, due FROM rate WHERE instance = ? AND operation = ?", instance.Number, operation); err != nil {
		return rate, due, err
	}
	if set != nil {
		rate.PerSecond, rate.Adjusted = *set, true
	}
	return rate, time.Unix(0, next), nil
}

// usualRate is the default of an operation. CodeBadRequest.
func usualRate(instance Instance, operation string) (contract.Rate, error) {
	at := slices.IndexFunc(usualRates, func(r contract.Rate) bool { return r.Operation == operation })
	if at < 0 {
		var known []string
		for _, rate := range usualRates {
			known = append(known, rate.Operation)
		}
		return contract.Rate{}, contract.Errorf(contract.CodeBadRequest, "the operation %q has no rate; use one of %s", clip(operation, maxName), strings.Join(known, ", "))
	}
	rate := usualRates[at]
	if operation == contract.RateAdd && instance.Capacity <= smallCapacity {
		rate.PerSecond = smallAddRate
	}
	return rate, nil
}

// SetRate sets how often a second an operation may be asked of an instance; 0
// brings back the default. It holds at once, in every process, and what was
// counted before is forgotten. CodeInstanceNotFound, CodeBadRequest.
func (s *Store) SetRate(ctx context.Context, instance, operation string, perSecond float64) error {
	if perSecond != 0 && !(perSecond >= lowestRate && perSecond <= highestRate) {
		return contract.Errorf(contract.CodeBadRequest, "the rate %g is out of bounds; give %g to %d requests a second, or 0 for the default",
			perSecond, lowestRate, highestRate)
	}
	return s.Write(ctx, func(t *Tx) error {
		found, err := t.Instance(instance)
		if err != nil {
			return err
		}
		if _, err := usualRate(found, operation); err != nil {
			return err
		}
		s.unbooked.forget(rateKey{found.Number, operation})
		if perSecond == 0 {
			_, err = t.Exec("DELETE FROM rate WHERE instance = ? AND operation = ?", found.Number, operation)
			return err
		}
		_, err = t.Exec(`INSERT INTO rate (instance, operation, per_second) VALUES (?, ?, ?)
			ON CONFLICT (instance, operation) DO UPDATE SET per_second = excluded.per_second, due = 0`, found.Number, operation, perSecond)
		return err
	})
}

// Rates are the rates in force for an instance, by operation. CodeInstanceNotFound.
func (s *Store) Rates(ctx context.Context, instance string) (rates []contract.Rate, err error) {
	err = s.Read(ctx, func(t *Tx) error {
		found, err := t.Instance(instance)
		if err != nil {
			return err
		}
		rates = nil
		for _, usual := range usualRates {
			rate, _, err := t.rate(found, usual.Operation)
			if err != nil {
				return err
			}
			rates = append(rates, rate)
		}
		return nil
	})
	return rates, err
}

// DropRates forgets the rates of an instance that is being deleted.
func (t *Tx) DropRates(instance int64) error {
	_, err := t.Exec("DELETE FROM rate WHERE instance = ?", instance)
	return err
}
