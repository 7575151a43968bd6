package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// label names a workload with its page.
func (w *workload) label() string {
	if w.page == 0 {
		return w.name
	}
	return fmt.Sprintf("%s; %d", w.name, w.page)
}

// thousands writes a number with commas.
func thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// write writes the report to its file, or to standard output.
func (b *benchmark) write(results []*tableResult) error {
	var text bytes.Buffer
	report(&text, results)
	if b.out == "" {
		_, err := os.Stdout.Write(text.Bytes())
		return err
	}
	return os.WriteFile(filepath.Clean(b.out), text.Bytes(), 0o644)
}

const preface = `# Searches and histories at scale

Written by ` + "`make bench-scale`" + `; see [Benchmarks](benchmarks.md) for everything else. %s, %s/%s, %d CPUs, %s.

Experiments of finished runs, each with 10 metrics, 10 params and 5 tags, written through the Store's own methods. A
clause with 100 hits has as many in an experiment of any size, spread over all of it. Units are strongly consistent
reads. CPU is that of the whole process for each call, collecting garbage and what the table does in the background
included; p50 and p99 are times of calls that follow each other. Of DynamoDB Local the CPU is that of the client alone.

The program fails unless each row marked * takes at most %.1f times the units that it takes in the smallest experiment
that has its page, and at most %v of CPU for up to 10 results and %v for 100; the top 10 by metric %d RCU and %d
requests; and a search that looks at every run for nothing %v. All of this holds for the embedded table.
`

func report(w *bytes.Buffer, results []*tableResult) {
	fmt.Fprintf(w, preface, time.Now().Format(time.DateOnly), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(),
		maxGrowth, cpuOfTen, cpuOfHundred, topTenRead, topTenCalls, longestPass)
	growth(w, results)
	for _, r := range results {
		r.report(w)
	}
}

// report writes the table of one table.
func (t *tableResult) report(w *bytes.Buffer) {
	title := t.title()
	fmt.Fprintf(w, "\n## %s\n\n", strings.ToUpper(title[:1])+title[1:])
	fmt.Fprintln(w, "| call; page | results | requests | RCU | CPU ms | p50 ms | p99 ms | allocations | KB | calls measured |")
	fmt.Fprintln(w, "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
	for _, m := range t.measured {
		star := ""
		if m.isBounded() {
			star = " *"
		}
		fmt.Fprintf(w, "| %s%s | %s | %d | %s | %s | %s | %s | %s | %s | %d |\n", m.label(), star, thousands(m.results),
			m.units.Requests, short(m.units.Read), short(milliseconds(m.cpu)), short(milliseconds(m.p50)),
			short(milliseconds(m.p99)), thousands(int(m.allocs)), thousands(int(m.memory>>10)), m.calls)
	}
	fmt.Fprintf(w, "\nLoaded at %s. ", t.loading)
	if t.backend == embedded {
		fmt.Fprintf(w, "On disk %d MB. ", t.disk>>20)
	}
	fmt.Fprintf(w, "The process held %d MB of heap and %d MB resident before, %d and %d after.\n", t.before.heap>>20,
		t.before.resident>>20, t.after.heap>>20, t.after.resident>>20)
	t.plans(w)
}

// plans writes how each search found its runs.
func (t *tableResult) plans(w *bytes.Buffer) {
	if t.runs == wide {
		return
	}
	fmt.Fprintln(w, "\n| call; page | plan | index rows | list rows | fetched |\n|---|---|--:|--:|--:|")
	for _, m := range t.measured {
		if m.page > 0 {
			fmt.Fprintf(w, "| %s | %s | %s | %s | %s |\n", m.label(), m.plan.Plan, thousands(m.plan.IndexRows),
				thousands(m.plan.ListRows), thousands(m.plan.Fetched))
		}
	}
}

// short writes a number with two digits behind the point, or less if it is
// large.
func short(v float64) string {
	switch {
	case v >= 100:
		return thousands(int(v + 0.5))
	case v == float64(int(v)):
		return strconv.Itoa(int(v))
	case v >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	default:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
}
