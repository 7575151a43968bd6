package main

import (
	"fmt"
	"time"
)

const (
	maxGrowth    = 1.3
	topTenRead   = 18
	topTenCalls  = 4
	cpuOfTen     = 5 * time.Millisecond
	cpuOfHundred = 15 * time.Millisecond
	longestPass  = 3 * time.Second
)

// missed lists the figures that the embedded table does not meet. Units are
// compared with those of the smallest table that has the same workload.
func missed(tables []*tableResult) []string {
	var out []string
	smallest := map[string]measurement{}
	sizes := map[string]int{}
	for _, t := range tables {
		if t.backend != embedded {
			continue
		}
		for _, m := range t.measured {
			miss := func(format string, args ...any) {
				out = append(out, fmt.Sprintf("%s, %s: ", t.title(), m.label())+fmt.Sprintf(format, args...))
			}
			if _, ok := smallest[m.label()]; !ok {
				smallest[m.label()], sizes[m.label()] = m, t.runs
			}
			checkCosts(m, miss)
			if least := smallest[m.label()]; m.isBounded() && m.units.Read > maxGrowth*least.units.Read {
				miss("%.1f RCU, %.2f times the %.1f of %s runs", m.units.Read, m.units.Read/least.units.Read,
					least.units.Read, thousands(sizes[m.label()]))
			}
		}
	}
	return out
}

func (m *measurement) isBounded() bool { return m.figure == bounded || m.figure == topTen }

func checkCosts(m measurement, miss func(format string, args ...any)) {
	limit := cpuOfTen
	if m.page > 10 {
		limit = cpuOfHundred
	}
	if m.isBounded() && m.cpu > limit {
		miss("%.1f ms of CPU, more than %v", milliseconds(m.cpu), limit)
	}
	if m.figure == topTen && (m.units.Read > topTenRead || m.units.Requests > topTenCalls) {
		miss("%.1f RCU and %d requests, more than %d and %d", m.units.Read, m.units.Requests, topTenRead, topTenCalls)
	}
	if m.figure == pass && m.p99 > longestPass {
		miss("%.1f s, more than %v", m.p99.Seconds(), longestPass)
	}
}
