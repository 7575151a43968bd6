// Package filtertest replays what MLflow's own stores answered to filters and
// orders, for the tests of the packages that parse and evaluate these. A corpus
// lies in testdata of the package whose entity it is about;
// internal/filter/testdata/gen_corpus.py makes all of them.
package filtertest

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
)

// Corpus is a file of rows, and of what the real store answered to questions
// about them.
type Corpus[R any] struct {
	Rows  []R    `json:"rows"`
	Cases []Case `json:"cases"`
}

// Case is a question and its answer: ids in order, or an error.
type Case struct {
	Filter  string   `json:"filter"`
	OrderBy []string `json:"order_by"`
	IDs     []string `json:"ids"`
	Code    string   `json:"code"`
	Message string   `json:"message"`
}

// Read reads a corpus from testdata, or from the directory that FILTER_CORPUS
// names, where a larger one may be.
func Read[R any](t testing.TB, name string) Corpus[R] {
	t.Helper()
	dir := os.Getenv("FILTER_CORPUS")
	if dir == "" {
		dir = "testdata"
	}
	data, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	var c Corpus[R]
	require.NoError(t, json.Unmarshal(data, &c))
	require.NotEmpty(t, c.Rows)
	require.NotEmpty(t, c.Cases)
	return c
}

// Replay asks all questions of a corpus and compares the answers. search returns
// the ids of the rows that match, in order.
func Replay[R any](t *testing.T, name string, search func(where string, orderBy []string, rows []R) ([]string, error)) {
	t.Helper()
	c := Read[R](t, name)
	for i, tc := range c.Cases {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			ids, err := search(tc.Filter, tc.OrderBy, c.Rows)
			if !tc.checkError(t, err) {
				require.Equal(t, tc.IDs, ids, "filter %q order_by %q", tc.Filter, tc.OrderBy)
			}
		})
	}
}

// Sorted returns the ids of rows in an order: of those for which match returns
// true, each at its place.
func Sorted[R any](rows []R, match func(*R) bool, order filter.Order, place func(*R) filter.Tuple, id func(*R) string) []string {
	type hit struct {
		id    string
		tuple filter.Tuple
	}
	var hits []hit
	for i := range rows {
		if r := &rows[i]; match(r) {
			hits = append(hits, hit{id(r), place(r)})
		}
	}
	slices.SortFunc(hits, func(a, b hit) int { return order.Compare(a.tuple, b.tuple) })
	ids := make([]string, len(hits))
	for i, h := range hits {
		ids[i] = h.id
	}
	return ids
}

// Value returns what p points to, and whether it does.
func Value[T any](p *T) (T, bool) {
	if p == nil {
		var zero T
		return zero, false
	}
	return *p, true
}

// CheckTyped fails for an error that is no [filter.Error].
func CheckTyped(t testing.TB, err error) {
	t.Helper()
	var e *filter.Error
	if err != nil && !errors.As(err, &e) {
		t.Fatalf("untyped error %v", err)
	}
}

// checkError compares an error with the corpus and tells whether one was due.
func (tc *Case) checkError(t testing.TB, err error) bool {
	t.Helper()
	if tc.Message == "" {
		require.NoError(t, err, "filter %q order_by %q", tc.Filter, tc.OrderBy)
		return false
	}
	var got *filter.Error
	require.ErrorAs(t, err, &got, "filter %q order_by %q: want %s", tc.Filter, tc.OrderBy, tc.Message)
	if !tc.isDeviation() {
		require.Equal(t, sortSets(tc.Message), sortSets(got.Message), "filter %q order_by %q", tc.Filter, tc.OrderBy)
	}
	return true
}

// isDeviation recognises the answers that the documentation of package filter
// lists as deviations: the real server fails on bad input instead of refusing it.
func (tc *Case) isDeviation() bool {
	if tc.Code == "INVALID_PARAMETER_VALUE" {
		return false
	}
	for _, text := range []string{
		"malformed node or string", "No closing quotation", "No escaped character", "type 'tuple' is not supported",
	} {
		if strings.Contains(tc.Message, text) {
			return true
		}
	}
	return false
}

// sortSets sorts the elements of every Python set in a message.
func sortSets(message string) string {
	return regexp.MustCompile(`\{('[^{}]*')\}`).ReplaceAllStringFunc(message, func(set string) string {
		items := strings.Split(strings.Trim(set, "{}"), ", ")
		slices.Sort(items)
		return "{" + strings.Join(items, ", ") + "}"
	})
}
