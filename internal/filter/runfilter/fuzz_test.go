package runfilter_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/filtertest"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/runfilter"
)

func FuzzParseRunFilter(f *testing.F) {
	for _, c := range filtertest.Read[runRow](f, "runs.json").Cases {
		f.Add(c.Filter)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := runfilter.Parse(text, nil)
		filtertest.CheckTyped(t, err)
		if err == nil {
			q.Match(&runRow{})
			_ = q.Filter()
		}
	})
}

func FuzzParseRunOrder(f *testing.F) {
	for _, c := range filtertest.Read[runRow](f, "runs.json").Cases {
		for _, o := range c.OrderBy {
			f.Add(o, "status")
		}
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		q, err := runfilter.Parse("", []string{first, second})
		filtertest.CheckTyped(t, err)
		if err == nil {
			place := q.AppendPlace(nil, &runRow{})
			require.True(t, q.Order.Fits(place))
			require.Zero(t, q.Order.Compare(place, place))
		}
	})
}
