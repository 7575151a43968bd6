package table

import (
	"context"
	"fmt"
	"sync/atomic"
)

// Meter counts requests and capacity units. It is safe for concurrent use;
// the zero Meter is ready.
type Meter struct {
	requests atomic.Int64
	read     atomic.Int64 // half units
	write    atomic.Int64
}

// Units is what a [Meter] has counted.
type Units struct {
	Requests int64
	Read     float64 // read capacity units
	Write    float64 // write capacity units
}

// String prints u as "3 requests, 2 RCU, 5 WCU".
func (u Units) String() string {
	return fmt.Sprintf("%d requests, %g RCU, %g WCU", u.Requests, u.Read, u.Write)
}

// Add counts one request with the given units.
func (m *Meter) Add(read, write float64) {
	m.requests.Add(1)
	m.read.Add(int64(read * 2))
	m.write.Add(int64(write))
}

// Units returns what has been counted.
func (m *Meter) Units() Units {
	return Units{m.requests.Load(), float64(m.read.Load()) / 2, float64(m.write.Load())}
}

// Reset sets all counts to zero.
func (m *Meter) Reset() {
	m.requests.Store(0)
	m.read.Store(0)
	m.write.Store(0)
}

type meterKey struct{}

// WithMeter returns a context in which every table call is counted by m, in
// addition to a meter of an outer context.
func WithMeter(ctx context.Context, m *Meter) context.Context {
	outer, _ := ctx.Value(meterKey{}).(*meterChain)
	return context.WithValue(ctx, meterKey{}, &meterChain{m, outer})
}

type meterChain struct {
	m     *Meter
	outer *meterChain
}

// Count adds one request with the given units to all meters of ctx. Backends
// call it once for each request that reached the table.
func Count(ctx context.Context, read, write float64) {
	c, _ := ctx.Value(meterKey{}).(*meterChain)
	for ; c != nil; c = c.outer {
		c.m.Add(read, write)
	}
}
