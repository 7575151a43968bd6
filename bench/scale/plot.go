package main

import (
	"bytes"
	"fmt"
	"strings"
)

// growth compares the experiments of different sizes on the embedded table:
// tables by workload, and plots of those that are there at every size.
func growth(w *bytes.Buffer, results []*tableResult) {
	var sizes []*tableResult
	for _, r := range results {
		if r.backend == embedded && r.runs != wide {
			sizes = append(sizes, r)
		}
	}
	if len(sizes) < 2 {
		return
	}
	largest := sizes[len(sizes)-1]
	fmt.Fprintln(w, "\n## How costs grow")
	comparison(w, sizes, "RCU", func(m *measurement) float64 { return m.units.Read })
	comparison(w, sizes, "ms of CPU", func(m *measurement) float64 { return milliseconds(m.cpu) })
	units := func(m *measurement) float64 { return m.units.Read }
	cpu := func(m *measurement) float64 { return milliseconds(m.cpu) }
	for _, page := range []int{10, 100} {
		isOfPage := func(m *measurement) bool { return m.page == page && m.isBounded() && sizes[0].find(m.label()) != nil }
		bars(w, fmt.Sprintf("RCU for %d results", page), "RCU", sizes[0], largest, isOfPage, units)
		bars(w, fmt.Sprintf("CPU for %d results", page), "ms", sizes[0], largest, isOfPage, cpu)
	}
	bars(w, "CPU of searches that look at all runs for nothing", "ms", sizes[0], largest,
		func(m *measurement) bool { return m.figure == pass }, cpu)
}

func (t *tableResult) find(label string) *measurement {
	for i := range t.measured {
		if t.measured[i].label() == label {
			return &t.measured[i]
		}
	}
	return nil
}

// comparison writes one value of each workload beside its values at other
// sizes.
func comparison(w *bytes.Buffer, sizes []*tableResult, unit string, value func(*measurement) float64) {
	fmt.Fprint(w, "\n| "+unit+"; page |")
	for _, t := range sizes {
		fmt.Fprintf(w, " %s runs |", thousands(t.runs))
	}
	fmt.Fprintln(w, "\n|---|"+strings.Repeat("--:|", len(sizes)))
	largest := sizes[len(sizes)-1]
	for i := range largest.measured {
		m := &largest.measured[i]
		fmt.Fprintf(w, "| %s |", m.label())
		for _, t := range sizes {
			if at := t.find(m.label()); at != nil {
				fmt.Fprintf(w, " %s |", short(value(at)))
			} else {
				fmt.Fprint(w, " |")
			}
		}
		fmt.Fprintln(w)
	}
}

// bars plots one value of some workloads at the largest size as bars, and at
// the smallest as a line.
func bars(w *bytes.Buffer, title, unit string, small, large *tableResult, wanted func(*measurement) bool, value func(*measurement) float64) {
	var names []string
	var least, most []string
	highest := 0.0
	for i := range large.measured {
		m := &large.measured[i]
		at := small.find(m.label())
		if !wanted(m) || at == nil {
			continue
		}
		names = append(names, fmt.Sprintf("%d: %s", len(names)+1, m.name))
		least, most = append(least, fmt.Sprintf("%.2f", value(at))), append(most, fmt.Sprintf("%.2f", value(m)))
		highest = max(highest, value(at), value(m))
	}
	if len(names) == 0 {
		return
	}
	numbers := make([]string, len(names))
	for i := range numbers {
		numbers[i] = fmt.Sprintf(`"%d"`, i+1)
	}
	fmt.Fprintf(w, "\n```mermaid\nxychart-beta\n    title \"%s: bars %s runs, line %s\"\n    x-axis [%s]\n", title, thousands(large.runs),
		thousands(small.runs), strings.Join(numbers, ", "))
	fmt.Fprintf(w, "    y-axis \"%s\" 0 --> %.1f\n    bar [%s]\n    line [%s]\n```\n\nBars %s.\n", unit, 1.1*highest, strings.Join(most, ", "),
		strings.Join(least, ", "), strings.Join(names, "; "))
}
