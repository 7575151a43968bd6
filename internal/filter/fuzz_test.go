package filter_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
)

func FuzzParseFilter(f *testing.F) {
	for _, c := range readCorpus[runRow](f, "runs.json").Cases {
		f.Add(c.Filter)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := filter.ParseRuns(text, nil)
		checkTyped(t, err)
		if err == nil {
			q.Match(&runRow{})
			_ = q.Filter()
		}
		e, err := filter.ParseExperiments(text, nil)
		checkTyped(t, err)
		if err == nil {
			e.Match(&experimentRow{})
			_ = e.Filter()
		}
		for _, parse := range modelParsers() {
			m, err := parse(text, nil)
			checkTyped(t, err)
			if err == nil {
				m.Match(&modelRow{})
				_ = m.Filter()
			}
		}
	})
}

func FuzzParseOrderBy(f *testing.F) {
	for _, c := range readCorpus[runRow](f, "runs.json").Cases {
		for _, o := range c.OrderBy {
			f.Add(o, "status")
		}
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		q, err := filter.ParseRuns("", []string{first, second})
		checkTyped(t, err)
		if err == nil {
			tuple := q.Order.AppendRun(nil, &runRow{})
			require.True(t, q.Order.Fits(tuple))
			require.Zero(t, q.Order.Compare(tuple, tuple))
		}
		_, err = filter.ParseExperiments("", []string{first, second})
		checkTyped(t, err)
		for _, parse := range modelParsers() {
			m, err := parse("", []string{first, second})
			checkTyped(t, err)
			if err == nil {
				require.True(t, m.Order.Fits(m.Order.AppendTagged(nil, &modelRow{})))
			}
		}
	})
}

func FuzzParseTuple(f *testing.F) {
	f.Add([]byte{})
	f.Add(filter.AppendTuple(nil, filter.Tuple{
		{},
		{Kind: filter.ElementInt, Int: -7},
		{Kind: filter.ElementFloat, Float: 0.5},
		{Kind: filter.ElementString, Str: "é"},
		{Kind: filter.ElementNaN},
	}))
	f.Fuzz(func(t *testing.T, b []byte) {
		tuple, err := filter.ParseTuple(b)
		if err != nil {
			require.ErrorIs(t, err, filter.ErrInvalidTuple)
			return
		}
		require.True(t, bytes.Equal(b, filter.AppendTuple(nil, tuple)), "one tuple, one encoding")
	})
}

func modelParsers() []func(string, []string) (*filter.ModelQuery, error) {
	return []func(string, []string) (*filter.ModelQuery, error){filter.ParseModels, filter.ParseModelVersions}
}

func checkTyped(t *testing.T, err error) {
	t.Helper()
	var e *filter.Error
	if err != nil && !errors.As(err, &e) {
		t.Fatalf("untyped error %v", err)
	}
}
