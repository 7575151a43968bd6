package runfilter_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/runfilter"
)

// Hostile input must cost time in proportion to its length. The bounds leave room
// for the race detector on a busy machine; the test does not run beside others.
func TestParseTimeIsBounded(t *testing.T) { //nolint:paralleltest // it measures time
	if testing.CoverMode() != "" {
		t.Skip("coverage counters would be what is measured")
	}
	for _, piece := range []string{
		"(", ")", "[", "a(", "a() ", "a[0]", "a asc ", "/*", "/**/a ", "-- \n", "$a$b", "$", "'", `"`, "`", `\'`, "a.", "a = 1 ", ";",
		"a ", "CASE ", "CASE END ", "BEGIN ", "date ''", "x := y ", "a, ", "a + ", "a::", "WHERE ", "a AS b ", "IS NULL ", "-1", "1e", "é", " ",
		"%(", "tags.a = 'x' AND ",
	} {
		text := strings.Repeat(piece, 30_000/len(piece))
		start := time.Now()
		_, err := runfilter.Parse(text, nil)
		took := time.Since(start)
		require.Error(t, err, piece)
		require.Less(t, took, 10*time.Second, "piece %q", piece)
		t.Logf("%q: %v", piece, took)
		small := strings.Repeat(piece, 9000/len(piece))
		start = time.Now()
		_, _ = runfilter.Parse(small, []string{small})
		require.Less(t, time.Since(start), 5*time.Second, "piece %q", piece)
		t.Logf("%q: %v for 9 kB", piece, time.Since(start))
	}
}
