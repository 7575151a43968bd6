package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

// measurement is what a workload has cost on one table.
type measurement struct {
	workload
	outcome

	units          dynamodbstore.Units // of a call
	calls          int
	cpu, p50, p99  time.Duration
	allocs, memory uint64 // of a call; memory in bytes
}

const (
	// rounds is how many times the CPU is looked at: what runs in the
	// background falls into some rounds, and the median is without it.
	rounds   = 9
	maxCalls = 900
)

// measure repeats a workload for about the given time.
func measure(ctx context.Context, w workload, budget time.Duration) (measurement, error) {
	m := measurement{workload: w}
	for range 3 { // warms up
		var meter dynamodbstore.Meter
		var err error
		if m.outcome, err = w.call(dynamodbstore.WithMeter(ctx, &meter)); err != nil {
			return m, fmt.Errorf("%s: %w", w.name, err)
		}
		m.units = meter.Units()
	}
	if m.results != w.want {
		return m, fmt.Errorf("%s: %d results, not %d", w.name, m.results, w.want)
	}
	began := time.Now()
	if _, err := w.call(ctx); err != nil {
		return m, err
	}
	each := int(min(maxCalls, budget/max(time.Since(began), 1))) / rounds
	return m, m.repeat(ctx, max(each, 1))
}

// repeat makes some calls in each round.
func (m *measurement) repeat(ctx context.Context, each int) error {
	var before, after runtime.MemStats
	var cpu, times []time.Duration
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range rounds {
		spent := cpuTime()
		for range each {
			began := time.Now()
			if _, err := m.call(ctx); err != nil {
				return fmt.Errorf("%s: %w", m.name, err)
			}
			times = append(times, time.Since(began))
		}
		cpu = append(cpu, (cpuTime()-spent)/time.Duration(each))
	}
	runtime.ReadMemStats(&after)
	slices.Sort(cpu)
	slices.Sort(times)
	m.calls = len(times)
	m.cpu = cpu[len(cpu)/2]
	m.p50, m.p99 = times[len(times)/2], times[(len(times)-1)*99/100]
	m.allocs = (after.Mallocs - before.Mallocs) / uint64(m.calls)
	m.memory = (after.TotalAlloc - before.TotalAlloc) / uint64(m.calls)
	return nil
}

// line says what was measured, for whoever watches.
func (m *measurement) line() string {
	return fmt.Sprintf("  %-50s %4d requests %7.1f RCU %9.3f ms of CPU %9.3f p50 %9.3f p99 %8d allocations  %s", m.label(),
		m.units.Requests, m.units.Read, milliseconds(m.cpu), milliseconds(m.p50), milliseconds(m.p99), m.allocs, m.plan.Plan)
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// calmDown waits until the process does nothing: what loading has left to do in
// the background is none of what is measured.
func calmDown(ctx context.Context) {
	const look = 500 * time.Millisecond
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); {
		spent := cpuTime()
		select {
		case <-ctx.Done():
			return
		case <-time.After(look):
		}
		if cpuTime()-spent < look/50 {
			return
		}
	}
}
