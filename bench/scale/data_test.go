package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each selective clause finds as many runs in an experiment of any size, and
// all values to rank by differ.
func TestSelectivity(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1_000, 10_000} {
		d := newDataset(size)
		accuracies := map[float64]bool{}
		params, names, above := 0, 0, 0
		for i := range size {
			logged := d.log(i, "run")
			require.Len(t, logged.Metrics, 10)
			require.Len(t, logged.Params, 10)
			require.Len(t, d.create(i, "1").Tags, 5)
			accuracies[logged.Metrics[0].Value] = true
			if logged.Metrics[0].Value > d.selective() {
				above++
			}
			if logged.Params[0].Value == rareModel {
				params++
			}
			if strings.Contains(d.runName(i), rareWord) {
				names++
			}
		}
		require.Len(t, accuracies, size)
		require.Equal(t, []int{hits, hits, hits}, []int{above, params, names})
	}
}

// The program loads, measures and reports; a second time it takes what is
// there. Deep pages need more runs.
func TestReport(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	out := filepath.Join(dir, "report.md")
	args := []string{"-runs", "200,400", "-dynamodb-runs", "", "-wide=false", "-each", "1ms", "-dir", dir, "-out", out}
	for range 2 {
		_, err := run(t.Context(), args, io.Discard) // times are not for tests
		require.NoError(t, err)
	}
	text, err := os.ReadFile(out)
	require.NoError(t, err)
	for _, part := range []string{
		"## How costs grow", "| RCU; page | 200 runs | 400 runs |", "xychart-beta", "## Embedded table, 400 runs",
		"| top by metric, highest first; 10 * | 10 | 4 | 13 |", "| index in the order of the search |", "runs a second by 8 writers",
	} {
		require.Contains(t, string(text), part)
	}
}

// A figure is missed by what takes more, and by nothing else.
func TestMissed(t *testing.T) {
	t.Parallel()
	at := func(runs int, read float64) *tableResult {
		m := measurement{workload: workload{name: "page 1", page: 10, figure: bounded}}
		m.units.Read = read
		return &tableResult{tableSpec: tableSpec{embedded, runs}, measured: []measurement{m}}
	}
	require.Empty(t, missed([]*tableResult{at(1_000, 10), at(100_000, 13)}))
	require.Equal(t, []string{"embedded table, 100,000 runs, page 1; 10: 14.0 RCU, 1.40 times the 10.0 of 1,000 runs"},
		missed([]*tableResult{at(1_000, 10), at(100_000, 14)}))
	slow := at(1_000, 10)
	slow.measured[0].cpu = cpuOfTen + 100_000
	require.Equal(t, []string{"embedded table, 1,000 runs, page 1; 10: 5.1 ms of CPU, more than 5ms"}, missed([]*tableResult{slow}))
	top := at(1_000, 19)
	top.measured[0].figure = topTen
	require.Len(t, missed([]*tableResult{top}), 1)
	late := at(1_000, 10)
	late.measured[0].figure, late.measured[0].p99 = pass, longestPass+1
	require.Len(t, missed([]*tableResult{late}), 1)
}
