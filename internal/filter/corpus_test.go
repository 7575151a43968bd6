package filter_test

import (
	"encoding/json"
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

// corpus is a file that testdata/gen_corpus.py wrote: rows, and what the real
// store answered to questions about them.
type corpus[R any] struct {
	Rows  []R          `json:"rows"`
	Cases []corpusCase `json:"cases"`
}

type corpusCase struct {
	Filter  string   `json:"filter"`
	OrderBy []string `json:"order_by"`
	IDs     []string `json:"ids"`
	Code    string   `json:"code"`
	Message string   `json:"message"`
}

// corpusDir is where the corpus is; FILTER_CORPUS names another, larger one.
func readCorpus[R any](t testing.TB, name string) corpus[R] {
	t.Helper()
	dir := os.Getenv("FILTER_CORPUS")
	if dir == "" {
		dir = "testdata"
	}
	data, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	var c corpus[R]
	require.NoError(t, json.Unmarshal(data, &c))
	require.NotEmpty(t, c.Rows)
	require.NotEmpty(t, c.Cases)
	return c
}

func TestCorpusRuns(t *testing.T) {
	t.Parallel()
	c := readCorpus[runRow](t, "runs.json")
	for i, tc := range c.Cases {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			q, err := filter.ParseRuns(tc.Filter, tc.OrderBy)
			if checkError(t, tc, err) {
				return
			}
			require.Equal(t, tc.IDs, searchRuns(q, c.Rows), "filter %q order_by %q", tc.Filter, tc.OrderBy)
		})
	}
}

func TestCorpusExperiments(t *testing.T) {
	t.Parallel()
	c := readCorpus[experimentRow](t, "experiments.json")
	for i, tc := range c.Cases {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			q, err := filter.ParseExperiments(tc.Filter, tc.OrderBy)
			if checkError(t, tc, err) {
				return
			}
			require.Equal(t, tc.IDs, searchExperiments(q, c.Rows), "filter %q order_by %q", tc.Filter, tc.OrderBy)
		})
	}
}

func TestCorpusModels(t *testing.T) {
	t.Parallel()
	checkModels(t, "models.json", filter.ParseModels)
}

func TestCorpusModelVersions(t *testing.T) {
	t.Parallel()
	checkModels(t, "versions.json", filter.ParseModelVersions)
}

func checkModels(t *testing.T, name string, parse func(string, []string) (*filter.ModelQuery, error)) {
	t.Helper()
	c := readCorpus[modelRow](t, name)
	for i, tc := range c.Cases {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			q, err := parse(tc.Filter, tc.OrderBy)
			if checkError(t, tc, err) {
				return
			}
			require.Equal(t, tc.IDs, searchModels(q, c.Rows), "filter %q order_by %q", tc.Filter, tc.OrderBy)
		})
	}
}

func searchModels(q *filter.ModelQuery, rows []modelRow) []string {
	prompts := map[string]bool{}
	for _, r := range rows {
		if r.Tags["mlflow.prompt.is_prompt"] == "true" {
			prompts[r.Name] = true
		}
	}
	var found []*modelRow
	for i := range rows {
		if q.Match(&rows[i]) && (!q.HidesPrompts || !prompts[rows[i].Name]) {
			found = append(found, &rows[i])
		}
	}
	slices.SortFunc(found, func(a, b *modelRow) int {
		return q.Order.Compare(q.Order.AppendTagged(nil, a), q.Order.AppendTagged(nil, b))
	})
	ids := make([]string, len(found))
	for i, r := range found {
		if ids[i] = r.ID; r.ID == "" {
			ids[i] = r.Name
		}
	}
	return ids
}

func searchRuns(q *filter.RunQuery, rows []runRow) []string {
	type hit struct {
		id    string
		tuple filter.Tuple
	}
	var hits []hit
	for i := range rows {
		if q.Match(&rows[i]) {
			hits = append(hits, hit{rows[i].ID, q.Order.AppendRun(nil, &rows[i])})
		}
	}
	slices.SortFunc(hits, func(a, b hit) int { return q.Order.Compare(a.tuple, b.tuple) })
	ids := make([]string, len(hits))
	for i, h := range hits {
		ids[i] = h.id
	}
	return ids
}

func searchExperiments(q *filter.ExperimentQuery, rows []experimentRow) []string {
	type hit struct {
		id    int64
		tuple filter.Tuple
	}
	var hits []hit
	for i := range rows {
		if q.Match(&rows[i]) {
			hits = append(hits, hit{rows[i].ID, q.Order.AppendTagged(nil, &rows[i])})
		}
	}
	slices.SortFunc(hits, func(a, b hit) int { return q.Order.Compare(a.tuple, b.tuple) })
	ids := make([]string, len(hits))
	for i, h := range hits {
		ids[i] = strconv.FormatInt(h.id, 10)
	}
	return ids
}

// checkError compares an error with the corpus and tells whether one was due.
func checkError(t *testing.T, tc corpusCase, err error) bool {
	t.Helper()
	if tc.Message == "" {
		require.NoError(t, err, "filter %q order_by %q", tc.Filter, tc.OrderBy)
		return false
	}
	var got *filter.Error
	require.ErrorAs(t, err, &got, "filter %q order_by %q: want %s", tc.Filter, tc.OrderBy, tc.Message)
	if !isDeviation(tc) {
		require.Equal(t, sortSets(tc.Message), sortSets(got.Message), "filter %q order_by %q", tc.Filter, tc.OrderBy)
	}
	return true
}

// isDeviation recognises the answers that the package documentation lists as
// deviations: the real server fails on bad input instead of refusing it.
func isDeviation(tc corpusCase) bool {
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
